CREATE TABLE documents AS
SELECT i, jsonb_parse(text) AS d FROM (VALUES
  (1, '{"Name":"x","n":2.5,"list":[1,2],"deep":{"k":null}}'), (2, NULL), (3, '{"name":"y","NAME":"z"}'), (4, '[{"name":1}]'), (5, '"name"'), (6, '{}')
) AS v(i, text);

-- By the exact name, else ignoring case; absent, or of no object: NULL.
SELECT i, jsonb_format_json(jsonb_get(d, 'name')) AS name, jsonb_format_json(jsonb_get(d, 'NAME')) AS upper, jsonb_format_json(jsonb_get(d, 'nAmE')) AS mixed,
  jsonb_format_json(jsonb_get(d, 'absent')) AS absent
FROM documents ORDER BY i;

-- Members of any kind; one within another.
SELECT jsonb_format_json(jsonb_get(d, 'n')) AS number, jsonb_format_json(jsonb_get(d, 'LIST')) AS list,
  jsonb_format_json(jsonb_get(jsonb_get(d, 'deep'), 'K')) AS json_null FROM documents WHERE i = 1;

-- Beyond ASCII the case counts.
SELECT jsonb_format_json(jsonb_get(jsonb_parse('{"É":1,"éa":2}'), 'é')) AS other_case, jsonb_format_json(jsonb_get(jsonb_parse('{"É":1,"éa":2}'), 'éA')) AS ascii_part;

-- The name may be a column, of any layout of text.
SELECT i, jsonb_format_json(jsonb_get(d, name)) AS plain, jsonb_format_json(jsonb_get(arrow_cast(d, 'Binary'), arrow_cast(name, 'Dictionary(Int32, Utf8)'))) AS dictionary
FROM documents JOIN (VALUES (1, 'NAME'), (2, 'name'), (3, NULL), (4, 'name'), (6, '')) AS n(j, name) ON i = j ORDER BY i;
SELECT name, jsonb_format_json(jsonb_get(jsonb_parse('{"a":1,"":2}'), name)) AS of_constant FROM (VALUES ('A'), (''), (NULL)) AS n(name);

-- NULL in, NULL out.
SELECT jsonb_get(NULL, 'a') AS document, jsonb_get(jsonb_parse('{"a":1}'), NULL) AS name, jsonb_get(NULL, NULL) AS both_of_them;

-- Bytes: what a member is as a document of its own.
SELECT arrow_cast(jsonb_get(jsonb_parse('{"a":"text","b":[1]}'), 'a'), 'Binary') AS text, arrow_cast(jsonb_get(jsonb_parse('{"a":"text","b":[1]}'), 'b'), 'Binary') AS list;

-- The type.
SELECT arrow_typeof(jsonb_get(jsonb_parse('{}'), 'a')) AS constant, arrow_typeof(jsonb_get(arrow_cast(d, 'Binary'), 'a')) AS plain FROM documents WHERE i = 1;

-- Bytes that are not JSONB.
SELECT jsonb_get(X'67617262616765', 'a');
SELECT jsonb_get(X'67617262616765', NULL) AS nobody_looks;

-- What is no document and what is no name.
SELECT jsonb_get('{}', 'a');
SELECT jsonb_get(jsonb_parse('{}'), 1);
SELECT jsonb_get(jsonb_parse('{}'));
