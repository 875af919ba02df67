CREATE TABLE documents AS
SELECT i, jsonb_parse(text) AS d FROM (VALUES
  (1, '[1,[2,3],null]'), (2, '[]'), (3, '{"b":1,"a":{"c":2}}'), (4, '{}'), (5, '"abc"'), (6, '3'), (7, 'null'), (8, NULL)
) AS v(i, text);

-- Only arrays have a length, only objects have keys.
SELECT i, jsonb_array_length(d) AS length, jsonb_object_keys(d) AS keys FROM documents ORDER BY i;

-- As plain bytes, and as constants.
SELECT i, jsonb_array_length(arrow_cast(d, 'Binary')) AS length, jsonb_object_keys(arrow_cast(d, 'Binary')) AS keys FROM documents ORDER BY i;
SELECT jsonb_array_length(jsonb_parse('[1,2]')) AS length, jsonb_object_keys(jsonb_parse('{"x":1,"X":2}')) AS keys FROM documents WHERE i < 3;

-- NULL in, NULL out.
SELECT jsonb_array_length(NULL) AS length, jsonb_object_keys(NULL) AS keys;

-- The types.
SELECT arrow_typeof(jsonb_array_length(jsonb_parse('[]'))) AS length, arrow_typeof(jsonb_object_keys(jsonb_parse('{}'))) AS keys,
  arrow_typeof(jsonb_object_keys(X'40000000')) AS plain;

-- Bytes that are not JSONB; what is no document.
SELECT jsonb_array_length(X'8000000100000000FF');
SELECT jsonb_object_keys(X'400000012000000000000000');
SELECT jsonb_array_length('[]');
SELECT jsonb_object_keys(1);
