-- Common table expressions, joins and windows.
WITH errors AS (SELECT process_id, count(*) AS n FROM log_entries WHERE level <= 2 GROUP BY process_id) SELECT p.process_id, e.n FROM errors e JOIN processes p ON p.process_id = e.process_id;
WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 4) SELECT sum(n) AS total FROM steps;
SELECT s.tags, count(b.block_id) AS blocks FROM streams s LEFT JOIN blocks b ON b.stream_id = s.stream_id GROUP BY s.tags ORDER BY array_to_string(s.tags, ',');
SELECT target, level, row_number() OVER (ORDER BY level, target) AS n, lag(target) OVER (ORDER BY level, target) AS before FROM (SELECT DISTINCT target, level FROM log_entries WHERE target LIKE 'ledger::%') ORDER BY n;
SELECT target, count(*) FILTER (WHERE level < 3) AS errors, sum(count(*)) OVER () AS all_rows FROM log_entries WHERE target LIKE 'ledger::%' GROUP BY target ORDER BY target;
-- Times.
SELECT date_bin(INTERVAL '1 hour', TIMESTAMP '2026-01-31T12:34:56Z') AS hour, date_bin('15 minutes', TIMESTAMP '2026-01-31T12:34:56Z', TIMESTAMP '2026-01-01T00:05:00Z') AS quarter;
SELECT date_trunc('day', TIMESTAMP '2026-01-31T12:34:56.789Z') AS day, date_part('hour', TIMESTAMP '2026-01-31T12:34:56Z') AS hour, extract(epoch FROM TIMESTAMP '1970-01-02T00:00:00Z') AS epoch;
SELECT arrow_typeof(TIMESTAMP '2026-01-31T12:34:56Z') AS literal, arrow_typeof(CAST('2026-01-31T12:34:56Z' AS TIMESTAMP)) AS cast, arrow_typeof(now()) AS now, arrow_typeof(arrow_cast('2026-01-31T12:34:56Z', 'Timestamp(Nanosecond, Some("+00:00"))')) AS arrow_cast;
SELECT CAST('2026-01-31T12:34:56+02:00' AS TIMESTAMP) AS t, TIMESTAMP '2026-01-31 12:34:56' - INTERVAL '1 day 2 hours' AS earlier, TIMESTAMP '2026-02-01T00:00:00Z' - TIMESTAMP '2026-01-31T00:00:00Z' AS a_day;
SELECT to_timestamp('2026-01-31T12:34:56Z') AS seconds, to_timestamp_millis(1500) AS millis, from_unixtime(1500) AS unix;
SELECT count(*) AS entries FROM log_entries WHERE time BETWEEN TIMESTAMP '2026-01-01T00:00:00Z' AND now() AND target LIKE 'ledger::%';
SELECT min(time) < CAST(now() AS TIMESTAMP) AS compares, arrow_typeof(min(time)) AS type FROM log_entries;
SELECT arrow_typeof(time_bin) AS bin, arrow_typeof(count) AS count FROM log_stats LIMIT 1;
SELECT sum(count) AS entries, count(DISTINCT date_bin(INTERVAL '1 minute', time_bin) = time_bin) AS on_the_minute FROM log_stats WHERE target LIKE 'ledger::%';
-- Lists, bytes and text.
SELECT array_position(['cpu', 'log'], 'log') AS position, array_position(['cpu'], 'log') AS absent, array_has(['cpu', 'log'], 'cpu') AS has, array_length(['a', 'b']) AS length;
SELECT DISTINCT format FROM streams WHERE array_position(tags, 'log') IS NOT NULL AND array_has(tags, 'log');
SELECT decode('4d6d', 'hex') AS bytes, encode(decode('4d6d', 'hex'), 'hex') AS hex, encode('Mm', 'base64') AS base64, CAST(decode('4d6d', 'hex') AS VARCHAR) AS text;
SELECT regexp_replace(msg, '[0-9]+', 'N') AS kind, count(*) AS n FROM log_entries WHERE target = 'ledger::err' GROUP BY kind;
SELECT concat_ws('|', upper('a'), lower('B'), trim('  c '), substr('abcdef', 2, 3), replace('aXb', 'X', '-'), split_part('a.b.c', '.', 2), strpos('abc', 'c'), lpad('7', 3, '0')) AS text;
SELECT md5('a') AS md5, encode(sha256('a'), 'hex') AS sha256;
SELECT 'ABC' ILIKE 'a%' AS ilike, 'abc' ~ '^a.c$' AS regex, starts_with('abc', 'ab') AS starts;
-- Numbers.
SELECT abs(-1) AS abs, round(2.5) AS round, floor(-1.5) AS floor, ceil(1.2) AS ceil, sqrt(16) AS sqrt, power(2, 10) AS power, ln(1) AS ln, 7 % 4 AS modulo, 7 / 2 AS division;
SELECT median(value) AS median, approx_percentile_cont(value, 0.5) BETWEEN 998 AND 1001 AS near, avg(value) AS mean, round(stddev_pop(value), 1) AS deviation, round(corr(value, value), 6) AS corr FROM measures WHERE name = 'ledger_float';
SELECT name, unit, count(*) AS points, sum(value) AS total FROM measures WHERE name LIKE 'ledger_%' GROUP BY name, unit ORDER BY name;
-- Types.
SELECT arrow_typeof(level) AS level, arrow_typeof(msg) AS msg, arrow_typeof(target) AS target, arrow_typeof(properties) AS properties FROM log_entries LIMIT 1;
SELECT arrow_cast(1, 'UInt8') AS small, arrow_typeof(arrow_cast('a', 'Dictionary(Int32, Utf8)')) AS type, CAST('12' AS BIGINT) AS number, TRY_CAST('x' AS INT) AS nothing;
-- Scalar subqueries, sets and values.
SELECT (SELECT count(*) FROM log_entries WHERE level = 2) AS errors, (SELECT max(value) FROM measures WHERE name = 'ledger_int') AS largest;
SELECT exe FROM processes p WHERE EXISTS (SELECT 1 FROM blocks b WHERE b.process_id = p.process_id) AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.process_id = p.process_id AND array_has(s.tags, 'image'));
SELECT count(*) AS entries FROM log_entries WHERE process_id IN (SELECT process_id FROM processes WHERE exe LIKE '%ledger%') AND target = 'ledger::inf';
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, s) UNION ALL SELECT 3, 'c' ORDER BY n DESC LIMIT 2 OFFSET 1;
SELECT CASE WHEN level <= 2 THEN 'bad' ELSE 'fine' END AS verdict, count(*) AS n FROM log_entries WHERE target LIKE 'ledger::%' GROUP BY 1 ORDER BY 1;
SELECT DISTINCT ON (level) level, target FROM log_entries WHERE target LIKE 'ledger::%' ORDER BY level, target;
SELECT unnest([1, 2, 3]) AS n;
SELECT struct(1, 'a') AS s, coalesce(NULL, 2) AS c, nullif(1, 1) AS n, greatest(1, 3, 2) AS g;
SELECT level, count(*) AS n FROM log_entries WHERE target LIKE 'ledger::%' GROUP BY ROLLUP (level) ORDER BY level;
-- Table functions.
SELECT count(*) AS n FROM view_instance('log_entries', '8452901b-3c9f-4f28-bd50-5e9a198d40c4') AS entries WHERE target = 'ledger::wrn';
SELECT v.view_set_name, count(p.view_set_name) AS partitions FROM list_view_sets() v LEFT JOIN list_partitions() p ON p.view_set_name = v.view_set_name AND p.file_schema_hash <> v.current_schema_hash GROUP BY v.view_set_name ORDER BY v.view_set_name;
SELECT value FROM generate_series(1, 3);
SELECT value FROM range(0, 2);
-- Names: unquoted ones are lower case, those with dots and keywords need quotes.
SELECT LEVEL, "streams.tags" FROM LOG_ENTRIES JOIN blocks USING (block_id) WHERE target = 'ledger::err' AND "processes.exe" LIKE '%ledger%' LIMIT 1;
SELECT "Level" FROM log_entries;
-- One statement, with or without semicolon and comments.
-- a comment
SELECT 1 AS one -- and another
;
SELECT 1 /* ; */ AS one;
