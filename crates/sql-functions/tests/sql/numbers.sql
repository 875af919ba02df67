-- The nearest multiple of the cell; half a cell belongs to the greater one.
SELECT x, bin_center(x, 5) AS center FROM (VALUES (0.0), (2.4), (2.5), (7.4), (7.5), (-2.5), (-2.6), (-7.5)) AS t(x) ORDER BY x;

-- Cells may be a part of one, vary by row, or be no cells at all.
SELECT x, cell, bin_center(x, cell) AS center
FROM (VALUES (1.3, 0.25), (1.3, 10.0), (1.3, -1.0), (1.0, 0.0), (NULL, 1.0), (1.0, NULL)) AS t(x, cell);

-- Not clamped.
SELECT lerp(10, 20, 0) AS a, lerp(10, 20, 1) AS b, lerp(10, 20, 0.25) AS between, lerp(10, 20, -1) AS before, lerp(10, 20, 2) AS after, lerp(20, 10, 0.25) AS backwards;
SELECT unlerp(10, 20, 10) AS a, unlerp(10, 20, 20) AS b, unlerp(10, 20, 12.5) AS between, unlerp(10, 20, 0) AS before, unlerp(10, 20, 30) AS after, unlerp(20, 10, 12.5) AS backwards;

-- Where there is no way from one to the other.
SELECT unlerp(5, 5, 6) AS above, unlerp(5, 5, 4) AS below, unlerp(5, 5, 5) AS at, lerp(0, CAST('Infinity' AS DOUBLE), 0.5) AS far, lerp(0, 1, CAST('NaN' AS DOUBLE)) AS nan;

-- Columns and constants, of any numeric type.
SELECT lerp(a, 10, t) AS lerp, unlerp(0, b, 1) AS unlerp
FROM (VALUES (CAST(0 AS TINYINT), CAST(4 AS BIGINT UNSIGNED), CAST(0.5 AS DECIMAL(4, 2))), (NULL, NULL, 0.5)) AS v(a, b, t);

-- Dictionaries of numbers.
SELECT lerp(arrow_cast(column1, 'Dictionary(Int32, Float64)'), 10, 0.5) AS lerp FROM (VALUES (0.0), (NULL));

-- NULL in, NULL out.
SELECT bin_center(NULL, 1) AS b1, bin_center(1, NULL) AS b2, lerp(NULL, 1, 1) AS l1, lerp(1, NULL, 1) AS l2, lerp(1, 1, NULL) AS l3,
  unlerp(NULL, 1, 1) AS u1, unlerp(1, NULL, 1) AS u2, unlerp(1, 1, NULL) AS u3;

-- Text is no number, and every argument is needed.
SELECT bin_center('1', 2);
SELECT lerp(1, true, 1);
SELECT unlerp(1, 2);
