CREATE TABLE documents AS
SELECT i, jsonb_parse(text) AS d FROM (VALUES
  (1, '{"list":[1,2,3],"deep":{"k":null},"items":[{"n":1,"s":"a"},{"n":5,"s":"b"},{"n":9}]}'), (2, NULL), (3, '{"list":[]}'), (4, '"text"')
) AS v(i, text);

-- The first match, and all of them in document order.
SELECT i, jsonb_format_json(jsonb_path_query_first(d, '$.list[*]')) AS first, jsonb_format_json(jsonb_path_query(d, '$.list[*]')) AS matches FROM documents ORDER BY i;

-- Members, indices, ranges, wildcards, filters, recursion.
SELECT path, jsonb_format_json(jsonb_path_query_first(d, path)) AS first, jsonb_format_json(jsonb_path_query(d, path)) AS matches
FROM documents CROSS JOIN (VALUES (1, '$'), (2, '$.list[1]'), (3, '$.list[last]'), (4, '$.list[0 to 1]'), (5, '$.list[7]'), (6, '$.deep.k'), (7, '$.absent'), (8, '$.items[*].n'),
  (9, '$.items[*]?(@.n > 3).s'), (10, '$.items[*]?(@.s == "a").n'), (11, '$.deep.*'), (12, '$."list"[0]'), (13, '$.LIST')) AS p(j, path)
WHERE i = 1 ORDER BY j;

-- NULL in, NULL out.
SELECT jsonb_path_query_first(NULL, '$') AS d1, jsonb_path_query_first(jsonb_parse('1'), NULL) AS p1, jsonb_path_query(NULL, '$') AS d2, jsonb_path_query(jsonb_parse('1'), NULL) AS p2;

-- A path per row, some of them NULL, over plain bytes.
SELECT path, jsonb_format_json(jsonb_path_query(arrow_cast(d, 'Binary'), path)) AS matches
FROM documents CROSS JOIN (VALUES ('$.list[0]'), (NULL), ('$.list[2]')) AS p(path) WHERE i = 1 ORDER BY path;

-- The types.
SELECT arrow_typeof(jsonb_path_query_first(jsonb_parse('1'), '$')) AS first, arrow_typeof(jsonb_path_query(X'80000000', '$')) AS matches;

-- Malformed paths are the caller's mistake.
SELECT jsonb_path_query(jsonb_parse('{}'), '$[');
SELECT jsonb_path_query_first(jsonb_parse('{}'), '$."a');
SELECT jsonb_path_query_first(jsonb_parse('{}'), '@');
SELECT jsonb_path_query(jsonb_parse('{}'), repeat('$', 5000));
SELECT jsonb_path_query(d, path) FROM documents CROSS JOIN (VALUES ('$.a'), ('$[')) AS p(path);

-- Bytes that are not JSONB; what is no document and what is no path.
SELECT jsonb_path_query(X'67617262616765', '$');
SELECT jsonb_path_query_first(X'67617262616765', '$');
SELECT jsonb_path_query('{}', '$');
SELECT jsonb_path_query_first(jsonb_parse('{}'), 1);
SELECT jsonb_path_query(jsonb_parse('{}'));
