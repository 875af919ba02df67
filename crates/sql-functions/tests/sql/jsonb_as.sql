-- A string is text; a number is a Float64, and an Int64 if it is one exactly; nothing is converted.
SELECT text, jsonb_as_string(d) AS string, jsonb_as_f64(d) AS f64, jsonb_as_i64(d) AS i64
FROM (SELECT i, text, jsonb_parse(text) AS d FROM (VALUES
  (1, '"text"'), (2, '""'), (3, '"5"'), (4, '5'), (5, '-5'), (6, '2.0'), (7, '2.5'), (8, '0'), (9, '1e3'), (10, '9223372036854775807'), (11, '9223372036854775808'),
  (12, '-9223372036854775808'), (13, '18446744073709551615'), (14, '1e300'), (15, '0.1'), (16, '123456789012345678901234567890'),
  (17, 'true'), (18, 'false'), (19, 'null'), (20, '[]'), (21, '[5]'), (22, '{}'), (23, NULL), (24, '9007199254740993'), (25, '9223372036854775808.0'), (26, '-9223372036854775808.0'), (27, '-0.0'), (28, '9007199254740993.0')
) AS v(i, text)) ORDER BY i;

-- NaN and the infinities are numbers that no Int64 is.
SELECT jsonb_as_f64(X'200000002000000110') AS nan, jsonb_as_f64(X'200000002000000120') AS infinite, jsonb_as_f64(X'200000002000000130') AS negative,
  jsonb_as_i64(X'200000002000000110') AS no_integer;

-- NULL in, NULL out.
SELECT jsonb_as_string(NULL) AS string, jsonb_as_f64(NULL) AS f64, jsonb_as_i64(NULL) AS i64;

-- All layouts of bytes.
SELECT jsonb_as_i64(d) AS dictionary, jsonb_as_i64(arrow_cast(d, 'Binary')) AS plain, jsonb_as_f64(arrow_cast(arrow_cast(d, 'Binary'), 'LargeBinary')) AS large,
  jsonb_as_string(arrow_cast(arrow_cast(d, 'Binary'), 'BinaryView')) AS view
FROM (SELECT jsonb_parse(column1) AS d FROM (VALUES ('1'), (NULL), ('"x"')));

-- The types.
SELECT arrow_typeof(jsonb_as_string(jsonb_parse('1'))) AS string, arrow_typeof(jsonb_as_f64(jsonb_parse('1'))) AS f64, arrow_typeof(jsonb_as_i64(jsonb_parse('1'))) AS i64;

-- Bytes that are not JSONB; what is no document.
SELECT jsonb_as_string(X'00');
SELECT jsonb_as_f64(X'00');
SELECT jsonb_as_i64(X'00');
SELECT jsonb_as_string('"text"');
SELECT jsonb_as_f64(1.5);
SELECT jsonb_as_i64(1);
