CREATE TABLE parts AS
SELECT column1 AS g, make_histogram(0, 10, 2, column2) AS h
FROM (VALUES ('a', 1.0), ('a', 7.0), ('b', 8.0), ('c', NULL)) GROUP BY column1;

-- Bin by bin; min and max are those of all, and a histogram without values adds nothing.
SELECT sum_histograms(h) AS h FROM parts;

-- The same as a histogram of all values.
SELECT make_histogram(0, 10, 2, column1) AS h FROM (VALUES (1.0), (7.0), (8.0));

-- NULLs are skipped.
SELECT sum_histograms(CASE WHEN g = 'b' THEN h END) AS h FROM parts;

-- Nothing but NULLs, and no rows: NULL.
SELECT sum_histograms(CASE WHEN g = 'x' THEN h END) AS h FROM parts;
SELECT sum_histograms(NULL) AS h;
SELECT sum_histograms(h) AS h FROM parts WHERE g = 'x';

-- Groups, of which one has nothing but what is filtered away.
SELECT CASE g WHEN 'a' THEN 'x' WHEN 'b' THEN 'x' ELSE 'y' END AS pair, sum_histograms(h) FILTER (WHERE g <> 'c') AS h
FROM parts GROUP BY pair ORDER BY pair;

-- An order changes nothing, and equal histograms count once when they are distinct.
SELECT sum_histograms(h ORDER BY g DESC)['bins'] AS ordered FROM parts;
SELECT sum_histograms(DISTINCT h)['bins'] AS distinct_ones FROM (SELECT h FROM parts UNION ALL SELECT h FROM parts);

-- As a window.
SELECT g, sum_histograms(h) OVER (ORDER BY g)['bins'] AS so_far FROM parts ORDER BY g;

-- A dictionary of histograms.
SELECT sum_histograms(arrow_cast(h, 'Dictionary(Int32, Struct("start": non-null Float64, "end": non-null Float64, "min": non-null Float64, "max": non-null Float64, "sum": non-null Float64, "sum_sq": non-null Float64, "count": non-null UInt64, "bins": non-null List(non-null UInt64, field: ''bin'')))'))['bins'] AS bins FROM parts;

-- Histograms of other bounds or other bins do not fit.
SELECT sum_histograms(h) FROM (SELECT make_histogram(0, 10, 2, 1) AS h UNION ALL SELECT make_histogram(0, 11, 2, 1));
SELECT sum_histograms(h) FROM (SELECT make_histogram(0, 10, 2, 1) AS h UNION ALL SELECT make_histogram(1, 10, 2, 1));
SELECT sum_histograms(h) FROM (SELECT make_histogram(0, 10, 2, 1) AS h UNION ALL SELECT make_histogram(0, 10, 3, 1));
SELECT g, sum_histograms(h) FROM (
  SELECT 'a' AS g, make_histogram(0, 10, 2, 1) AS h UNION ALL SELECT 'a', make_histogram(0, 10, 3, 1)
) GROUP BY g;

-- Any struct of the right fields will do, in any order and of any numbers.
SELECT sum_histograms(named_struct('bins', [1, 2], 'count', 3, 'sum_sq', 6, 'sum', 4, 'max', 2, 'min', 1, 'end', 10, 'start', 0)) AS h;

-- Counts that a UInt64 can not hold stay at its greatest.
SELECT sum_histograms(named_struct('start', 0, 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', 18446744073709551615, 'bins', [18446744073709551615])) AS h
FROM (VALUES (1), (2));

-- What is not there or no count is not guessed.
SELECT sum_histograms(named_struct('start', CAST(NULL AS DOUBLE), 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', 1, 'bins', [1]));
SELECT sum_histograms(named_struct('start', 0.0, 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', -1, 'bins', [1]));
SELECT sum_histograms(named_struct('start', 0.0, 'end', 1, 'min', 0, 'max', 0, 'sum', 0, 'sum_sq', 0, 'count', 1, 'bins', [1, NULL]));

-- Anything else is refused.
SELECT sum_histograms(1);
SELECT sum_histograms(named_struct('start', 0.0, 'end', 1.0));
SELECT sum_histograms(h, h) FROM parts;
SELECT sum_histograms(h) OVER (ORDER BY g ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM parts;
