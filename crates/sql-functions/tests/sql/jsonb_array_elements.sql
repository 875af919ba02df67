-- A row per element, in order: more than a batch holds.
SELECT jsonb_format_json(value) AS json FROM jsonb_array_elements(jsonb_parse('[1, "two", null, true, false, 2.5, [7, [8]], {"k": 9}, [], {}]'));

-- The bytes of a document per element; the type and nullability.
SELECT value FROM jsonb_array_elements(jsonb_parse('["a", [1], null]'));
DESCRIBE SELECT * FROM jsonb_array_elements(NULL);

-- A subquery, plain bytes, a dictionary with narrow keys.
SELECT jsonb_as_i64(value) AS number FROM jsonb_array_elements((SELECT jsonb_parse(column1) FROM (VALUES ('[1,2]'), ('[3,4]')) ORDER BY column1 DESC LIMIT 1));
SELECT value FROM jsonb_array_elements(X'8000000100000000');
SELECT value FROM jsonb_array_elements(arrow_cast(X'8000000140000000', 'Dictionary(Int8, LargeBinary)'));

-- Elements of elements.
SELECT jsonb_as_i64(value) AS number FROM jsonb_array_elements((
  SELECT value FROM jsonb_array_elements(jsonb_parse('[[1,2],[3]]')) LIMIT 1));

-- Limits, filters, aggregates without columns, joins.
SELECT jsonb_as_i64(value) AS number FROM jsonb_array_elements(jsonb_parse('[1,2,3,4,5,6,7,8,9]')) LIMIT 2 OFFSET 5;
SELECT jsonb_as_i64(value) AS number FROM jsonb_array_elements(jsonb_parse('[1,2,3,4,5,6,7,8,9]')) WHERE jsonb_as_i64(value) > 7;
SELECT count(*) AS elements FROM jsonb_array_elements(jsonb_parse('[1,2,3,4,5,6,7,8,9]'));
SELECT sum(jsonb_as_i64(a.value) * jsonb_as_i64(b.value)) AS product FROM jsonb_array_elements(jsonb_parse('[1,2]')) AS a CROSS JOIN jsonb_array_elements(jsonb_parse('[3,4]')) AS b;

-- Long documents and long elements.
SELECT count(*) AS elements, sum(jsonb_as_i64(value)) AS sum FROM jsonb_array_elements(jsonb_parse('[' || repeat('7,', 50000) || '7]'));
SELECT count(*) AS elements, min(length(jsonb_as_string(value))) AS shortest FROM jsonb_array_elements(jsonb_parse('["' || repeat('x', 1000000) || '","' || repeat('y', 2000000) || '"]'));

-- No element, NULL, no row: no rows.
SELECT value FROM jsonb_array_elements(jsonb_parse('[]'));
SELECT value FROM jsonb_array_elements(NULL);
SELECT value FROM jsonb_array_elements(jsonb_parse('oops'));
SELECT value FROM jsonb_array_elements((SELECT jsonb_parse('[1]') WHERE false));

-- What is no array.
SELECT value FROM jsonb_array_elements(jsonb_parse('{"a":1}'));
SELECT value FROM jsonb_array_elements(jsonb_parse('1'));
SELECT value FROM jsonb_array_elements(jsonb_parse('null'));
SELECT value FROM jsonb_array_elements((SELECT jsonb_parse('"text"')));

-- Bytes that are not JSONB.
SELECT value FROM jsonb_array_elements(X'67617262616765');
SELECT value FROM jsonb_array_elements(X'8000000100000001');

-- More than one row or column, what is no document, and columns around the call.
SELECT value FROM jsonb_array_elements((SELECT jsonb_parse(column1) FROM (VALUES ('[1]'), ('[2]'))));
SELECT value FROM jsonb_array_elements((SELECT 1, 2));
SELECT value FROM jsonb_array_elements('[1]');
SELECT value FROM jsonb_array_elements(1);
SELECT value FROM (SELECT jsonb_parse('[1]') AS d) AS t, LATERAL jsonb_array_elements(t.d);
SELECT value FROM jsonb_array_elements();
