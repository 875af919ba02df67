-- A bound must not be NULL.
SELECT make_histogram(NULL, 10, 2, 1);
SELECT make_histogram(0, CAST(NULL AS DOUBLE), 2, 1);
SELECT make_histogram(0, 10, NULL, 1);

-- A bound must be finite.
SELECT make_histogram(CAST('NaN' AS DOUBLE), 10, 2, 1);
SELECT make_histogram(0, CAST('Infinity' AS DOUBLE), 2, 1);
SELECT make_histogram(CAST('-Infinity' AS DOUBLE), 10, 2, 1);

-- The start must not be greater than the end.
SELECT make_histogram(10, 0, 2, 1);

-- There must be a bin, and not too many of them.
SELECT make_histogram(0, 10, 0, 1);
SELECT make_histogram(0, 10, -1, 1);
SELECT make_histogram(0, 10, 1000001, 1);
SELECT make_histogram(0, 10, 9223372036854775807, 1);

-- It is an error even where there is no value.
SELECT make_histogram(0, 10, 0, NULL);

-- Without rows nobody looks.
SELECT make_histogram(10, 0, 0, column1) AS h FROM (VALUES (1.0)) WHERE column1 > 1;

-- Bounds must not change within a group.
SELECT make_histogram(column1, 10, 2, 1) FROM (VALUES (0), (1));
SELECT make_histogram(0, column1, 2, 1) FROM (VALUES (10), (11));
SELECT make_histogram(0, 10, column1, 1) FROM (VALUES (2), (3));

-- Nor to NULL.
SELECT make_histogram(column1, 10, 2, 1) FROM (VALUES (0), (NULL));

-- Nor between parts of the input that are added up later.
SELECT column1, make_histogram(column2, 10, 2, 1)
FROM (SELECT 'a' AS column1, 0 AS column2 UNION ALL SELECT 'a', 1) GROUP BY column1;

-- Arguments are numbers.
SELECT make_histogram(0, 10, 2, 'text');
SELECT make_histogram('0', 10, 2, 1);
SELECT make_histogram(0, 10, 2, true);

-- There are four of them.
SELECT make_histogram(0, 10, 2);

-- Distinct values would have to be remembered.
SELECT make_histogram(DISTINCT 0, 10, 2, column1) FROM (VALUES (1.0), (1.0));

-- Values can not be taken back out, as a moving window would need.
SELECT make_histogram(0, 10, 2, column1) OVER (ORDER BY column1 ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
FROM (VALUES (1.0), (2.0), (3.0));
