-- Begin, middle and end of each, as published: 440154, 21918c and fde725 are viridis.
SELECT name, to_hex(color_scale(name, 0, 1)) AS begin, to_hex(color_scale(name, 0.25, 1)) AS quarter,
  to_hex(color_scale(name, 0.5, 1)) AS middle, to_hex(color_scale(name, 1, 1)) AS end
FROM (VALUES ('viridis'), ('magma'), ('plasma'), ('inferno'), ('cividis'), ('turbo')) AS t(name);

-- Names in any case.
SELECT to_hex(color_scale('VIRIDIS', 0, 1)) AS upper, to_hex(color_scale('Viridis', 0, 1)) AS mixed;

-- The position is clamped and falls into one of 256 ranges; NaN is the begin.
SELECT t, to_hex(color_scale('viridis', t, 1)) AS color
FROM (VALUES (-1.0), (0.0), (0.0039), (0.00390625), (0.9960), (0.99610), (1.0), (2.0), (CAST('NaN' AS DOUBLE)), (NULL)) AS v(t);

-- The opacity is clamped and rounded half up; NaN is zero.
SELECT alpha, to_hex(color_scale('viridis', 0, alpha)) AS color
FROM (VALUES (0.0), (0.5), (1.0), (-1.0), (2.0), (CAST('NaN' AS DOUBLE)), (NULL)) AS v(alpha);

-- Dictionaries of names, and NULL in, NULL out.
SELECT name, to_hex(color_scale(arrow_cast(name, 'Dictionary(Int32, Utf8)'), 1, 1)) AS color FROM (VALUES ('turbo'), (NULL), ('magma')) AS t(name);
SELECT color_scale(NULL, 0, 1) AS name, color_scale('turbo', NULL, 1) AS t, color_scale('turbo', 0, NULL) AS alpha;

-- Other names are errors, unless there is nothing to color.
SELECT color_scale('rainbow', 0, 1);
SELECT color_scale(name, 0, 1) FROM (VALUES ('turbo'), ('')) AS t(name);
SELECT color_scale('rainbow', NULL, 1) AS nothing;

-- What is no name and what is no position.
SELECT color_scale(1, 0, 1);
SELECT color_scale('turbo', '0', 1);
SELECT color_scale('turbo', 0);
