-- Tables come in alphabetical order, first those of the lake.
SHOW TABLES;
SHOW COLUMNS FROM log_stats;
SHOW COLUMNS FROM processes;
SHOW FULL COLUMNS FROM __log_stats__partitions;
SHOW COLUMNS FROM nowhere;
DESCRIBE measures;
DESC streams;
DESCRIBE nowhere;
SHOW CREATE TABLE log_entries;
SHOW FUNCTIONS LIKE 'unlerp';
SHOW FUNCTIONS LIKE 'starts_with';
SHOW FUNCTIONS LIKE 'list_view_sets';
SHOW FUNCTIONS WHERE function_name = 'unlerp';
SHOW FUNCTIONS LIKE 'retire%';
-- administrator
SHOW FUNCTIONS LIKE 'retire%';
SHOW FUNCTIONS LIKE 'it''s; SELECT ''1';
SHOW "datafusion.runtime.x'; SELECT '1";
SHOW datafusion.execution.batch_size;
SHOW timezone;
SHOW datafusion.runtime.temp_directory;
SHOW secrets;
EXPLAIN SELECT 1;
EXPLAIN FORMAT TREE SELECT 1;
EXPLAIN EXPLAIN SELECT 1;
