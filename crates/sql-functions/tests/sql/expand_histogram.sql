-- A subquery: one row per bin, in order, at the middle of the bin.
SELECT * FROM expand_histogram((SELECT make_histogram(0, 10, 5, column1) FROM (VALUES (1.0), (2.5), (3.0), (11.0))));

-- A constant expression.
SELECT * FROM expand_histogram(named_struct('start', -1.0, 'end', 1.0, 'min', 0.0, 'max', 0.0, 'sum', 0.0, 'sum_sq', 0.0, 'count', 3, 'bins', [1, 2]));

-- Columns in any order, some and none of them; more rows than a batch holds.
SELECT count, bin_center FROM expand_histogram((SELECT make_histogram(0, 2, 2, 1)));
SELECT count FROM expand_histogram((SELECT make_histogram(0, 2, 2, 1)));
SELECT count(*) AS bins FROM expand_histogram((SELECT make_histogram(0, 1, 10001, 1)));
SELECT sum(count) AS values, max(bin_center) AS last FROM expand_histogram((SELECT make_histogram(0, 100, 100, value) FROM range(0, 100)));

-- Limits, filters, joins and aliases.
SELECT * FROM expand_histogram((SELECT make_histogram(0, 100, 100, 50))) LIMIT 5;
SELECT * FROM expand_histogram((SELECT make_histogram(0, 100, 100, 50))) LIMIT 2 OFFSET 49;
SELECT * FROM expand_histogram((SELECT make_histogram(0, 100, 100, 50))) LIMIT 0;
SELECT * FROM expand_histogram((SELECT make_histogram(0, 100, 100, 50))) WHERE count > 0;
SELECT a.bin_center, b.count FROM expand_histogram((SELECT make_histogram(0, 2, 2, 1))) AS a
JOIN expand_histogram((SELECT make_histogram(0, 2, 2, 0))) AS b ON a.bin_center = b.bin_center ORDER BY a.bin_center;

-- A table of the query, and subqueries within and around.
WITH parts AS (SELECT make_histogram(0, 2, 2, column1) AS h FROM (VALUES (0.0), (1.0)))
SELECT bin_center, count, (SELECT count_from_histogram(h) FROM parts) AS total FROM expand_histogram((SELECT sum_histograms(h) FROM parts));
SELECT * FROM expand_histogram((SELECT make_histogram(0, (SELECT 2), 2, (SELECT sum(count) FROM expand_histogram((SELECT make_histogram(0, 1, 1, 0)))))));

-- Equal bounds: bins of one unit.
SELECT * FROM expand_histogram((SELECT make_histogram(5, 5, 3, 5)));

-- No value: empty bins.
SELECT * FROM expand_histogram((SELECT make_histogram(0, 2, 2, NULL)));

-- NULL and a histogram without bins: no rows.
SELECT * FROM expand_histogram(NULL);
SELECT * FROM expand_histogram((SELECT NULL));
SELECT * FROM expand_histogram((SELECT make_histogram(0, 2, 2, 1) WHERE false));
SELECT * FROM expand_histogram(named_struct('start', 0, 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', 0, 'bins', CAST([] AS BIGINT[])));

-- A dictionary of histograms.
SELECT * FROM expand_histogram(arrow_cast(named_struct('start', 0.0, 'end', 2.0, 'min', 0.0, 'max', 0.0, 'sum', 0.0, 'sum_sq', 0.0, 'count', 3, 'bins', [1, 2]),
  'Dictionary(Int8, Struct("start": Float64, "end": Float64, "min": Float64, "max": Float64, "sum": Float64, "sum_sq": Float64, "count": Int64, "bins": List(Int64)))'));

-- The nullability of the columns.
DESCRIBE SELECT * FROM expand_histogram(NULL);

-- A subquery needs exactly one row and one column, which is a histogram.
SELECT * FROM expand_histogram((SELECT h FROM (SELECT make_histogram(0, 2, 2, 1) AS h) WHERE false));
SELECT * FROM expand_histogram((SELECT make_histogram(0, 2, 2, column1) FROM (VALUES (0), (1)) GROUP BY column1));
SELECT * FROM expand_histogram((SELECT make_histogram(0, 2, 2, 1), 2));
SELECT * FROM expand_histogram((SELECT 1));
SELECT * FROM expand_histogram(1);
SELECT * FROM expand_histogram('text');
SELECT * FROM expand_histogram((SELECT named_struct('start', 0.0)));
SELECT * FROM expand_histogram(named_struct('start', NULL, 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', 0, 'bins', [1]));

-- Errors of the subquery come through.
SELECT * FROM expand_histogram((SELECT make_histogram(0, 2, 0, 1)));

-- An aggregate needs a subquery; columns around the call can not be seen; there is one argument.
SELECT * FROM expand_histogram(make_histogram(0, 2, 2, 1));
SELECT * FROM (SELECT make_histogram(0, 2, 2, 1) AS h) AS t, LATERAL expand_histogram(t.h);
SELECT * FROM (SELECT make_histogram(0, 2, 2, 1) AS h) AS t, LATERAL expand_histogram((SELECT t.h));
SELECT * FROM expand_histogram(h);
SELECT * FROM expand_histogram();
SELECT * FROM expand_histogram(NULL, NULL);
