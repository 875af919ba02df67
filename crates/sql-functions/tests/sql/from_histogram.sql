CREATE TABLE histograms AS
SELECT 'four' AS name, make_histogram(0, 10, 5, column1) AS h FROM (VALUES (1.0), (3.0), (3.5), (9.0))
UNION ALL SELECT 'one', make_histogram(0, 10, 5, 7)
UNION ALL SELECT 'no value', make_histogram(0, 10, 5, NULL)
UNION ALL SELECT 'null', NULL;

-- Their bins.
SELECT name, h['bins'] AS bins FROM histograms ORDER BY name;

-- Half of four values is two: the second of the bins has the second and third, so 2 + 2 * 1/2.
-- A quarter is reached at the end of the first bin, all at the end of the last, nothing at the begin of the first.
SELECT name, quantile_from_histogram(h, 0) AS q0, quantile_from_histogram(h, 0.25) AS q25, quantile_from_histogram(h, 0.5) AS q50,
  quantile_from_histogram(h, 0.9) AS q90, quantile_from_histogram(h, 1) AS q100
FROM histograms ORDER BY name;

-- A ratio below zero stays in the first bin; one that no bin reaches, and NaN, is the end; NULL is NULL.
SELECT quantile_from_histogram(h, -1) AS below, quantile_from_histogram(h, 1.01) AS above,
  quantile_from_histogram(h, CAST('NaN' AS DOUBLE)) AS nan, quantile_from_histogram(h, NULL) AS unknown
FROM histograms WHERE name = 'four';

-- The ratio may be a column.
SELECT ratio, quantile_from_histogram(h, ratio) AS quantile
FROM histograms CROSS JOIN (VALUES (0.25), (0.75), (NULL)) AS r(ratio) WHERE name = 'four' ORDER BY ratio;

-- The sample variance does not know the bins: of 1, 3, 3.5, 9 it is (103.25/4 - 4.125²) * 4/3.
SELECT name, variance_from_histogram(h) AS variance, count_from_histogram(h) AS count, sum_from_histogram(h) AS sum
FROM histograms ORDER BY name;

-- Equal values have no variance, even when rounding left too small a sum of squares.
SELECT variance_from_histogram(make_histogram(0, 1, 2, 0.5)) AS exact FROM range(0, 10);
SELECT variance_from_histogram(named_struct('start', 0, 'end', 8, 'min', 1, 'max', 1, 'sum', 3.0, 'sum_sq', 2.999999999, 'count', 3, 'bins', [3])) AS rounded;

-- NULL in, NULL out.
SELECT quantile_from_histogram(NULL, 0.5) AS quantile, variance_from_histogram(NULL) AS variance,
  count_from_histogram(NULL) AS count, sum_from_histogram(NULL) AS sum;

-- A dictionary of histograms.
SELECT name, count_from_histogram(d) AS count, quantile_from_histogram(d, 0.5) AS median
FROM (SELECT name, arrow_cast(h, 'Dictionary(Int32, Struct("start": non-null Float64, "end": non-null Float64, "min": non-null Float64, "max": non-null Float64, "sum": non-null Float64, "sum_sq": non-null Float64, "count": non-null UInt64, "bins": non-null List(non-null UInt64, field: ''bin'')))') AS d FROM histograms)
ORDER BY name;

-- A constant struct with the right fields: no bin reaches half, since there is none.
SELECT quantile_from_histogram(s, 0.5) AS quantile, variance_from_histogram(s) AS variance, count_from_histogram(s) AS count, sum_from_histogram(s) AS sum
FROM (SELECT named_struct('start', 0, 'end', 8, 'min', 1, 'max', 2, 'sum', 3, 'sum_sq', 5, 'count', 2, 'bins', CAST([] AS BIGINT[])) AS s);

-- Bins that lie about the count are believed.
SELECT quantile_from_histogram(s, 0.5) AS half, quantile_from_histogram(s, 0.1) AS tenth
FROM (SELECT named_struct('start', 0, 'end', 8, 'min', 1, 'max', 2, 'sum', 3, 'sum_sq', 5, 'count', 10, 'bins', [1, 1]) AS s);

-- Fields that are NULL or out of range are errors.
SELECT count_from_histogram(named_struct('start', 0, 'end', 8, 'min', 1, 'max', 2, 'sum', 3, 'sum_sq', 5, 'count', CAST(NULL AS BIGINT), 'bins', [1]));
SELECT quantile_from_histogram(named_struct('start', 0, 'end', 8, 'min', 1, 'max', 2, 'sum', 3, 'sum_sq', 5, 'count', 1, 'bins', [-1]), 0.5);

-- Anything else is refused.
SELECT count_from_histogram(1);
SELECT sum_from_histogram('h');
SELECT variance_from_histogram(named_struct('start', 1));
SELECT quantile_from_histogram(h, 'half') FROM histograms;
SELECT quantile_from_histogram(h) FROM histograms;
