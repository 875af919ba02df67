-- Without spaces, members in the order of their names.
SELECT jsonb_format_json(jsonb_parse('{ "b" : [1, 2.5, "x", null, true, {}], "a" : "text" }')) AS json;

-- Text is escaped where JSON needs it.
SELECT jsonb_format_json(jsonb_parse('"quote \" backslash \\ slash \/ newline \n tab \t control \u0001 snowman \u2603 clef \ud834\udd1e"')) AS json;

-- Numbers keep what they say.
SELECT column1 AS text, jsonb_format_json(jsonb_parse(column1)) AS json
FROM (VALUES ('0'), ('-0'), ('1'), ('-1'), ('2.50'), ('1e3'), ('1e-7'), ('9223372036854775807'), ('-9223372036854775808'), ('18446744073709551615'), ('0.1'), ('1e400'));

-- NULL in, NULL out; a JSON null is no NULL.
SELECT jsonb_format_json(NULL) AS nothing, jsonb_format_json(jsonb_parse('null')) AS json_null;

-- All layouts of bytes.
SELECT jsonb_format_json(d) AS dictionary, jsonb_format_json(arrow_cast(d, 'Binary')) AS plain, jsonb_format_json(arrow_cast(arrow_cast(d, 'Binary'), 'LargeBinary')) AS large,
  jsonb_format_json(arrow_cast(arrow_cast(d, 'Binary'), 'BinaryView')) AS view
FROM (SELECT jsonb_parse(column1) AS d FROM (VALUES ('[1]'), (NULL), ('{"a":null}')));

-- The type.
SELECT arrow_typeof(jsonb_format_json(jsonb_parse('1'))) AS dictionary, arrow_typeof(jsonb_format_json(X'2000000000000000')) AS plain;

-- A lone null, NaN and the infinities, which JSON has no words for.
SELECT jsonb_format_json(X'2000000000000000') AS null_, jsonb_format_json(X'200000002000000110') AS nan,
  jsonb_format_json(X'200000002000000120') AS infinite, jsonb_format_json(X'200000002000000130') AS negative;

-- Bytes that are not JSONB: none, garbage, cut off, too many, a text that is no UTF-8.
SELECT jsonb_format_json(X'');
SELECT jsonb_format_json(X'67617262616765');
SELECT jsonb_format_json(X'80000001');
SELECT jsonb_format_json(X'200000000000000000');
SELECT jsonb_format_json(X'2000000010000001FF');
SELECT jsonb_format_json(column1) FROM (VALUES (X'80000000'), (X'8000'));

-- Nothing but JSONB.
SELECT jsonb_format_json('{}');
SELECT jsonb_format_json(1);
SELECT jsonb_format_json();
