-- A row per member, in the order of the names: more than a batch holds.
SELECT key, jsonb_format_json(value) AS json FROM jsonb_each(jsonb_parse('{"b":1,"a":"two","c":null,"":true,"é":2.5,"list":[7],"object":{"k":9},"B":[]}'));

-- A row per element of an array, with its index as text.
SELECT key, jsonb_format_json(value) AS json FROM jsonb_each(jsonb_parse('["x", 1, [2], {}, null, false]'));

-- The bytes of a document per member; the types and nullability.
SELECT * FROM jsonb_each(jsonb_parse('{"a":"x","b":[1]}'));
DESCRIBE SELECT * FROM jsonb_each(NULL);

-- Columns in any order, some and none of them.
SELECT value, key FROM jsonb_each(jsonb_parse('{"a":true}'));
SELECT key FROM jsonb_each(jsonb_parse('{"a":true,"b":false}'));
SELECT value FROM jsonb_each(jsonb_parse('{"a":true,"b":false}'));
SELECT count(*) AS members FROM jsonb_each(jsonb_parse('{"a":1,"b":2,"c":3,"d":4,"e":5}'));

-- A subquery, plain bytes, properties.
SELECT key, jsonb_as_string(value) AS value FROM jsonb_each((SELECT properties_to_jsonb([named_struct('key', 'Region', 'value', 'eu'), named_struct('key', 'tier', 'value', 'gold')])));
SELECT * FROM jsonb_each(X'40000001100000010000000061');

-- Limits and filters.
SELECT key FROM jsonb_each(jsonb_parse('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}')) LIMIT 2 OFFSET 3;
SELECT key FROM jsonb_each(jsonb_parse('{"a":1,"b":2,"c":3}')) WHERE jsonb_as_i64(value) > 1;

-- No member and NULL: no rows.
SELECT * FROM jsonb_each(jsonb_parse('{}'));
SELECT * FROM jsonb_each(jsonb_parse('[]'));
SELECT * FROM jsonb_each(NULL);
SELECT * FROM jsonb_each((SELECT jsonb_parse('oops')));

-- A subquery must return a row.
SELECT * FROM jsonb_each((SELECT jsonb_parse('{}') WHERE false));
SELECT * FROM jsonb_each((SELECT jsonb_parse(column1) FROM (VALUES ('{}'), ('{}'))));

-- Neither object nor array.
SELECT * FROM jsonb_each(jsonb_parse('1'));
SELECT * FROM jsonb_each(jsonb_parse('null'));

-- Bytes that are not JSONB, and what is no document.
SELECT * FROM jsonb_each(X'67617262616765');
SELECT * FROM jsonb_each('{}');
SELECT * FROM jsonb_each(jsonb_parse('{}'), 1);
