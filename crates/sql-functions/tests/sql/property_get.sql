CREATE TABLE properties AS
SELECT i, j, CASE i WHEN 1 THEN [named_struct('key', 'Region', 'value', 'eu'), named_struct('key', 'tier', 'value', 'gold')]
  WHEN 3 THEN [named_struct('key', 'a', 'value', NULL), named_struct('key', 'B', 'value', '1'), named_struct('key', 'b', 'value', '2')] END AS list
FROM (SELECT i, jsonb_parse(text) AS j FROM (VALUES
  (1, '{"Region":"eu","tier":"gold","n":2.5,"t":true,"z":null,"l":[1,"x"],"o":{"k":1}}'), (2, NULL), (3, '{"region":"us","REGION":"asia"}'), (4, '"Region"'), (5, '{}')
) AS v(i, text));

-- By the exact name, else ignoring case, from every storage.
SELECT i, property_get(j, 'region') AS dictionary, property_get(arrow_cast(j, 'Binary'), 'region') AS plain, property_get(list, 'region') AS list,
  property_get(properties_to_dict(list), 'region') AS dictionary_of_lists FROM properties ORDER BY i;

-- An exact name goes before one of another case; a value that is not there is NULL.
SELECT property_get(list, 'b') AS exact, property_get(list, 'a') AS no_value, property_get(list, 'c') AS missing, property_get(j, 'REGION') AS exact_member FROM properties WHERE i = 3;

-- What is no string comes as JSON text.
SELECT property_get(j, 'n') AS number, property_get(j, 't') AS boolean, property_get(j, 'z') AS json_null, property_get(j, 'l') AS array, property_get(j, 'O') AS object FROM properties WHERE i = 1;

-- A name per row.
SELECT name, property_get(j, name) AS of_jsonb, property_get(list, name) AS of_list FROM properties CROSS JOIN (VALUES ('TIER'), (NULL), ('n')) AS n(name) WHERE i = 1 ORDER BY name;

-- Constants; NULL in, NULL out.
SELECT property_get(jsonb_parse('{"A":"x"}'), 'a') AS jsonb, property_get([named_struct('key', 'A', 'value', 'y')], 'a') AS list, property_get(NULL, 'a') AS no_properties,
  property_get(jsonb_parse('{"A":"x"}'), NULL) AS no_name;

-- The type.
SELECT arrow_typeof(property_get(j, 'n')) AS of_jsonb, arrow_typeof(property_get(list, 'n')) AS of_list, arrow_typeof(property_get(jsonb_parse('{}'), 'a')) AS constant FROM properties WHERE i = 1;

-- Bytes that are not JSONB; what has no properties and what is no name.
SELECT property_get(X'67617262616765', 'a');
SELECT property_get('{"a":1}', 'a');
SELECT property_get(['a'], 'a');
SELECT property_get([named_struct('key', 1, 'value', 'x')], 'a');
SELECT property_get(jsonb_parse('{}'), 1);
SELECT property_get(jsonb_parse('{}'));
