CREATE TABLE properties AS
SELECT i, j, CASE i WHEN 1 THEN [named_struct('key', 'b', 'value', 'x'), named_struct('key', 'a', 'value', NULL)]
  WHEN 3 THEN [named_struct('key', 'b', 'value', 'x'), named_struct('key', 'a', 'value', NULL)]
  WHEN 4 THEN [named_struct('key', 'a', 'value', '1'), named_struct('key', 'a', 'value', '2')]
  WHEN 5 THEN arrow_cast([], 'List(Struct("key": Utf8, "value": Utf8))') END AS list
FROM (SELECT i, jsonb_parse(text) AS j FROM (VALUES (1, '{"b":"x","a":null}'), (2, NULL), (3, '{"b":"x","a":null}'), (4, '"text"'), (5, '{}')) AS v(i, text));

-- The number of properties, in every storage.
SELECT i, properties_length(j) AS dictionary, properties_length(arrow_cast(j, 'Binary')) AS plain, properties_length(list) AS list, properties_length(properties_to_dict(list)) AS dictionary_of_lists
FROM properties ORDER BY i;

-- As JSONB: of a repeated key the last value stays, a value that is not there is a JSON null.
SELECT i, jsonb_format_json(properties_to_jsonb(j)) AS dictionary, jsonb_format_json(properties_to_jsonb(arrow_cast(j, 'Binary'))) AS plain,
  jsonb_format_json(properties_to_jsonb(list)) AS list, jsonb_format_json(properties_to_jsonb(properties_to_dict(list))) AS dictionary_of_lists
FROM properties ORDER BY i;

-- As a dictionary of lists, and back.
SELECT i, properties_to_dict(list) AS dictionary, properties_to_array(properties_to_dict(list)) AS list FROM properties ORDER BY i;
SELECT i, properties_to_dict(properties_to_dict(list)) AS twice FROM properties ORDER BY i;

-- Any dictionary has values.
SELECT i, properties_to_array(j) AS bytes, properties_to_array(arrow_cast(CAST(i AS TEXT), 'Dictionary(Int8, Utf8)')) AS text FROM properties ORDER BY i;

-- Constants.
SELECT properties_length(jsonb_parse('{"a":1}')) AS of_jsonb, properties_length([named_struct('key', 'a', 'value', 'x')]) AS of_list,
  properties_to_dict([named_struct('key', 'a', 'value', 'x')]) AS dictionary, properties_to_array(properties_to_dict([named_struct('key', 'a', 'value', 'x')])) AS list,
  jsonb_format_json(properties_to_jsonb([named_struct('key', 'a', 'value', 'x')])) AS jsonb FROM properties WHERE i < 3;

-- NULL in, NULL out.
SELECT properties_length(NULL) AS length, properties_to_jsonb(NULL) AS jsonb;

-- The types.
SELECT arrow_typeof(properties_length(j)) AS length, arrow_typeof(properties_to_jsonb(list)) AS jsonb, arrow_typeof(properties_to_dict(list)) AS dictionary,
  arrow_typeof(properties_to_array(properties_to_dict(list))) AS list FROM properties WHERE i = 1;

-- Bytes that are not JSONB have no length; they become NULL, the others stay.
SELECT properties_length(X'67617262616765');
SELECT arrow_cast(properties_to_jsonb(column1), 'Binary') AS bytes FROM (VALUES (X'67617262616765'), (X'40000000'));

-- What has no properties.
SELECT properties_length('{}');
SELECT properties_to_jsonb(1);
SELECT properties_to_dict(jsonb_parse('{}'));
SELECT properties_to_dict(X'40000000');
SELECT properties_to_array([1]);
SELECT properties_to_array('text');
SELECT properties_length();
