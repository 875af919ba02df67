SELECT DISTINCT table_catalog, table_schema, table_type FROM information_schema.tables ORDER BY 1, 2, 3;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public';
SELECT * FROM information_schema.schemata;
SELECT table_name, count(*) AS columns FROM information_schema.columns GROUP BY table_name ORDER BY table_name;
SELECT column_name, ordinal_position, is_nullable, data_type FROM information_schema.columns WHERE table_name = 'blocks' ORDER BY ordinal_position;
SELECT table_name, definition FROM information_schema.views WHERE table_name = 'streams';
-- Every setting but the one that says where the machine keeps its files.
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE value LIKE '%/%' AND name <> 'datafusion.execution.parquet.created_by') AS paths FROM information_schema.df_settings;
SELECT name FROM information_schema.df_settings WHERE name LIKE 'datafusion.runtime.%' ORDER BY name;
SELECT name FROM datafusion.information_schema.df_settings AS settings WHERE name LIKE '%temp_directory';
WITH settings AS (SELECT * FROM information_schema.df_settings) SELECT (SELECT count(*) FROM settings WHERE name LIKE '%.temp_directory') AS found;
SELECT routine_name, function_type, data_type, is_deterministic FROM information_schema.routines WHERE routine_name IN ('view_instance', 'jsonb_as_f64', 'count', 'row_number') ORDER BY 1, 2, 3;
SELECT count(*) AS of_administrators FROM information_schema.routines WHERE routine_name LIKE '%denial%' OR routine_name LIKE 'deny%' OR routine_name LIKE 'retire%';
-- administrator
SELECT DISTINCT routine_name FROM information_schema.routines WHERE routine_name LIKE '%denial%' OR routine_name LIKE 'deny%' OR routine_name LIKE 'retire%' ORDER BY 1;
SELECT specific_name, ordinal_position, parameter_mode, data_type FROM information_schema.parameters WHERE specific_name = 'starts_with' ORDER BY rid, parameter_mode, ordinal_position;
SELECT count(*) FROM information_schema.nothing;
