-- Four bins of width 25: 3 in the first, 30 and 31 in the second, 250 clamped to the last.
SELECT make_histogram(0, 100, 4, column1) AS h FROM (VALUES (3.0), (30.0), (31.0), (250.0));

-- Values at a border belong to the bin that begins there; the end belongs to the last bin.
SELECT make_histogram(0, 4, 4, column1) AS h FROM (VALUES (0.0), (1.0), (2.0), (3.0), (4.0));

-- Values below the start count in the first bin, infinities at the two ends.
SELECT make_histogram(0, 2, 2, column1) AS h
FROM (VALUES (-5.0), (CAST('-Infinity' AS DOUBLE)), (CAST('Infinity' AS DOUBLE)));

-- NaN counts in the first bin, spoils the sums and is neither least nor greatest.
SELECT make_histogram(0, 2, 2, column1) AS h FROM (VALUES (CAST('NaN' AS DOUBLE)), (1.5));

-- Integers, decimals and 32-bit floats are numbers too; a single bin takes everything.
SELECT make_histogram(0, 10, 1, 3) AS integers,
  make_histogram(CAST(0 AS DECIMAL(5, 2)), CAST(10 AS REAL), CAST(1 AS SMALLINT), CAST(3.5 AS DECIMAL(5, 2))) AS others;

-- Bounds may be equal: bins without width split at the bound, which is in the first.
SELECT make_histogram(5, 5, 3, column1) AS h FROM (VALUES (4.0), (5.0), (6.0));

-- NULL values are skipped.
SELECT make_histogram(0, 10, 2, column1) AS h FROM (VALUES (NULL), (7.0), (NULL));

-- Rows without any value: nothing is counted, min is the largest Float64, max the lowest.
SELECT make_histogram(0, 10, 2, CAST(NULL AS DOUBLE)) AS h;
SELECT make_histogram(0, 10, 2, NULL) AS h;

-- No rows at all: NULL.
SELECT make_histogram(0, 10, 2, column1) AS h FROM (VALUES (1.0)) WHERE column1 > 1;

-- Bounds may come from columns.
SELECT make_histogram(low, high, bins, value) AS h
FROM (VALUES (0, 10, 2, 1.0), (0, 10, 2, 9.0)) AS t(low, high, bins, value);

-- Groups; one of them has no value, one is filtered away and is NULL.
SELECT column1 AS g, make_histogram(0, 10, 2, column2) FILTER (WHERE column1 <> 'c') AS h
FROM (VALUES ('a', 1.0), ('b', 2.0), ('a', 6.0), ('c', 7.0), ('b', 3.0), ('d', NULL), ('a', NULL))
GROUP BY column1 ORDER BY column1;

-- Each group has bounds of its own.
SELECT g, make_histogram(low, 10, 2, 9) AS h FROM (VALUES ('a', 0), ('b', 2), ('a', 0)) AS t(g, low)
GROUP BY g ORDER BY g;

-- An order of the rows changes nothing.
SELECT make_histogram(0, 10, 2, column1 ORDER BY column1 DESC) AS h FROM (VALUES (1.0), (6.0));

-- As a window: of the whole partition, and of what came so far.
SELECT column1 AS g, column2 AS v,
  make_histogram(0, 10, 2, column2) OVER (PARTITION BY column1)['bins'] AS whole,
  make_histogram(0, 10, 2, column2) OVER (PARTITION BY column1 ORDER BY column2)['bins'] AS so_far
FROM (VALUES ('a', 1.0), ('a', 6.0), ('a', 7.0), ('b', 2.0)) ORDER BY g, v;

-- The most bins that there can be, of which a group with a few values holds few.
SELECT h['count'] AS values, array_length(h['bins']) AS bins, h['bins'][1] AS first, h['bins'][500001] AS middle,
  h['bins'][1000000] AS last
FROM (SELECT make_histogram(0, 1000000, 1000000, column1) AS h FROM (VALUES (0.5), (500000.0), (999999.9), (500000.1)));

-- Bins that fill up one by one are all there in the end.
SELECT h['count'] AS values, array_length(h['bins']) AS bins, array_min(h['bins']) AS fewest, array_max(h['bins']) AS most
FROM (SELECT make_histogram(0, 1000, 1000, value % 1000) AS h FROM range(0, 2000));

-- The type of the result.
SELECT arrow_typeof(make_histogram(0, 1, 1, 0)) AS type;
