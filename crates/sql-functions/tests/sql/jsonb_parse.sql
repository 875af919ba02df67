-- The bytes of a document: header, entries, bodies.
SELECT arrow_cast(jsonb_parse('{"name":"value"}'), 'Binary') AS bytes;

-- Scalars have a header of their own; numbers are a kind and the shortest body.
SELECT arrow_cast(jsonb_parse(column1), 'Binary') AS bytes
FROM (VALUES ('null'), ('true'), ('false'), ('"a"'), ('""'), ('0'), ('1'), ('-1'), ('300'), ('70000'), ('1.5'), ('[]'), ('{}'), ('[null,"a"]'));

-- Members are ordered by the bytes of their names, at every depth.
SELECT arrow_cast(jsonb_parse('{"b":1,"a":{"d":null,"c":[true]},"B":2}'), 'Binary') AS bytes;

-- Not valid JSON: NULL.
SELECT column1 AS text, jsonb_parse(column1) IS NULL AS is_null
FROM (VALUES (''), (' '), ('{oops'), ('{"a":1,}'), ('[1,]'), ('''a'''), ('01'), ('1 2'), ('nul'), ('NaN'), ('Infinity'), ('"\q"'), ('"'), ('{"a":1,"a":2}'), (' [1, 2] '));

-- 128 levels of nesting are taken, 129 are not.
SELECT jsonb_parse(repeat('[', 128) || repeat(']', 128)) IS NULL AS deep, jsonb_parse(repeat('[', 129) || repeat(']', 129)) IS NULL AS deeper,
  jsonb_parse(repeat('{"a":', 128) || '1' || repeat('}', 128)) IS NULL AS deep_objects, jsonb_parse(repeat('[', 100000)) IS NULL AS endless;

-- NULL in, NULL out; constants, columns, dictionaries and all layouts of text.
SELECT jsonb_format_json(jsonb_parse(NULL)) AS constant, jsonb_format_json(jsonb_parse(CAST(NULL AS TEXT))) AS typed;
SELECT jsonb_format_json(jsonb_parse(t)) AS plain, jsonb_format_json(jsonb_parse(arrow_cast(t, 'Dictionary(Int32, Utf8)'))) AS dictionary,
  jsonb_format_json(jsonb_parse(arrow_cast(t, 'Dictionary(UInt8, LargeUtf8)'))) AS narrow,
  jsonb_format_json(jsonb_parse(arrow_cast(t, 'LargeUtf8'))) AS large, jsonb_format_json(jsonb_parse(arrow_cast(t, 'Utf8View'))) AS view
FROM (VALUES ('[1]'), (NULL), ('oops'), ('"x"')) AS v(t);

-- The type, of constants and of columns.
SELECT arrow_typeof(jsonb_parse('1')) AS constant, arrow_typeof(jsonb_parse(column1)) AS of_column FROM (VALUES ('1'));

-- Text only, and one.
SELECT jsonb_parse(1);
SELECT jsonb_parse(X'31');
SELECT jsonb_parse('1', '2');
