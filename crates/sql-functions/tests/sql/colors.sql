-- 0xRRGGBBAA; a half becomes 128.
SELECT to_hex(rgba(1, 0, 0, 1)) AS red, to_hex(rgba(0, 1, 0, 1)) AS green, to_hex(rgba(0, 0, 1, 1)) AS blue,
  to_hex(rgba(0.5, 0.5, 0.5, 0.5)) AS half, to_hex(rgba(0, 0, 0, 0)) AS nothing, rgba(1, 1, 1, 1) AS white;

-- Clamped; NaN is zero; rounded half up: 0.1 of 255 is 25.5.
SELECT to_hex(rgba(-1, 2, CAST('NaN' AS DOUBLE), CAST('Infinity' AS DOUBLE))) AS clamped,
  to_hex(rgba(0.1, 0.0999, 0.0019, 0.002)) AS rounded;

-- Columns; NULL in, NULL out.
SELECT r, to_hex(rgba(r, 0, 0, a)) AS color FROM (VALUES (0.0, 1.0), (1.0, 0.0), (NULL, 1.0), (1.0, NULL)) AS t(r, a);
SELECT rgba(NULL, 0, 0, 0) AS r, rgba(0, NULL, 0, 0) AS g, rgba(0, 0, NULL, 0) AS b, rgba(0, 0, 0, NULL) AS a;
SELECT rgba('1', 0, 0, 0);
SELECT rgba(1, 0, 0);

-- Channel by channel, opacity too: 00 to ff, 10 to 20, ff to 01, 80 to 00.
SELECT t, to_hex(lerp_color(1113984, 4280287488, t)) AS color
FROM (VALUES (0.0), (0.25), (0.5), (1.0), (-3.0), (3.0), (CAST('NaN' AS DOUBLE)), (NULL)) AS v(t);

-- Constants and columns; NULL in, NULL out.
SELECT to_hex(lerp_color(rgba(0, 0, 0, 1), c, 0.5)) AS color FROM (SELECT rgba(column1, 1, 1, 1) AS c FROM (VALUES (0.0), (1.0), (NULL)));
SELECT lerp_color(NULL, 1, 0.5) AS c1, lerp_color(1, NULL, 0.5) AS c2, lerp_color(1, 1, NULL) AS t;

-- What is no color.
SELECT lerp_color(-1, 0, 0.5);
SELECT lerp_color(4294967296, 0, 0.5);
SELECT lerp_color('red', 0, 0.5);
SELECT lerp_color(0, 0);
