//! Statements about everything that partitions could get wrong.

use model::{ProcessId, StreamId, TimeNs, TimeRange};

use super::questions::Order;
use super::random::Random;
use super::telemetry::{DAY, HOUR, LEVELS, MINUTE, TEXTS};

/// What questions may ask for.
#[derive(Debug)]
pub struct Subjects<'a> {
    pub processes: &'a [ProcessId],
    /// Those of threads.
    pub streams: &'a [StreamId],
    /// Events and commits lie between them.
    pub first: TimeNs,
    pub last: TimeNs,
}

const TABLES: [&str; 6] = [
    "log_entries",
    "measures",
    "blocks",
    "processes",
    "streams",
    "log_stats",
];

impl Subjects<'_> {
    fn time(&self, random: &mut Random) -> TimeNs {
        let first = match random.one_in(2) {
            true => self.first,
            false => self.first.max(self.last - DAY),
        };
        let time = random.within(first..self.last + 1);
        match random.below(4) {
            0 => time - time.rem_euclid(MINUTE),
            1 => time - time.rem_euclid(HOUR),
            _ => time,
        }
    }

    pub fn range(&self, random: &mut Random) -> TimeRange {
        let begin = self.time(random);
        let length = *random.choose(&[0, MINUTE, HOUR, DAY, 10 * DAY]);
        TimeRange {
            begin,
            end: begin + length,
        }
    }

    fn process(&self, random: &mut Random) -> ProcessId {
        *random.choose(self.processes)
    }

    fn timestamp(&self, random: &mut Random) -> String {
        let time = self.time(random);
        format!("arrow_cast({time}, 'Timestamp(Nanosecond, Some(\"+00:00\"))')")
    }

    pub fn statement(&self, random: &mut Random) -> (String, Order) {
        let table = *random.choose(&TABLES);
        match random.below(28) {
            24 | 25 => (self.limited(random, table), Order::Any),
            26 => (by_property(random), Order::Any),
            0..4 => (format!("SELECT * FROM {table}"), Order::Any),
            4 => (format!("SELECT count(*) FROM {table}"), Order::Any),
            5 => (self.instance(random), Order::Any),
            6 => (self.instance(random), Order::Any),
            7 => (self.by_process(random, table), Order::Any),
            8..11 => (self.by_time(random), Order::Any),
            11 | 12 => (self.by_content(random), Order::Any),
            13 | 14 => (ordered(random), Order::Given),
            15 | 16 => (grouped(random), Order::Any),
            17 => (summed_up(random), Order::Any),
            18..20 => (joined(random), Order::Any),
            _ => (self.of_owners(random), Order::Any),
        }
    }

    /// Only asked with a time range.
    pub fn spans(&self, random: &mut Random) -> (String, Order) {
        let stream = *random.choose(self.streams);
        let spans = format!("view_instance('thread_spans', '{stream}')");
        let (one, other) = (self.timestamp(random), self.timestamp(random));
        let predicate = match random.below(8) {
            0 => format!(" WHERE begin >= {one}"),
            1 => format!(" WHERE \"end\" < {one}"),
            2 => format!(" WHERE begin <= {one} AND \"end\" >= {other}"),
            3 => " WHERE depth > 1 AND name <> ''".to_owned(),
            _ => String::new(),
        };
        match random.below(4) {
            0 => (
                format!("SELECT count(*) FROM {spans}{predicate}"),
                Order::Any,
            ),
            1 => (
                format!("SELECT begin FROM {spans}{predicate} ORDER BY begin"),
                Order::Given,
            ),
            _ => (format!("SELECT * FROM {spans}{predicate}"), Order::Any),
        }
    }

    fn instance(&self, random: &mut Random) -> String {
        let table = *random.choose(&["log_entries", "measures"]);
        let process = self.process(random);
        let predicate = match random.one_in(3) {
            true => format!(" WHERE time >= {}", self.timestamp(random)),
            false => String::new(),
        };
        let columns = *random.choose(&["*", "count(*)", "time, target"]);
        format!("SELECT {columns} FROM view_instance('{table}', '{process}'){predicate}")
    }

    fn by_process(&self, random: &mut Random, table: &str) -> String {
        let (one, other) = (self.process(random), self.process(random));
        match random.below(3) {
            0 => format!("SELECT * FROM {table} WHERE process_id = '{one}'"),
            1 => format!("SELECT * FROM {table} WHERE process_id IN ('{one}', '{other}')"),
            _ => format!("SELECT count(*) FROM {table} WHERE process_id <> '{one}'"),
        }
    }

    fn by_time(&self, random: &mut Random) -> String {
        let (begin, end) = (self.timestamp(random), self.timestamp(random));
        let (table, column) = *random.choose(&[
            ("log_entries", "time"),
            ("log_entries", "insert_time"),
            ("measures", "time"),
            ("measures", "insert_time"),
            ("blocks", "insert_time"),
            ("blocks", "begin_time"),
            ("log_stats", "time_bin"),
        ]);
        let columns = *random.choose(&["*", "count(*)"]);
        let predicate = match random.below(4) {
            0 => format!("{column} >= {begin} AND {column} < {end}"),
            1 => format!("{column} > {begin}"),
            2 => format!("{column} <= {end}"),
            _ => format!("{column} < {begin} OR {column} > {end}"),
        };
        format!("SELECT {columns} FROM {table} WHERE {predicate}")
    }

    fn by_content(&self, random: &mut Random) -> String {
        let level = random.below(u64::from(LEVELS));
        let target = random.choose(&TEXTS);
        let value = random.choose(&["100", "0", "1.5", "-5", "1e299", "'NaN'", "'Infinity'"]);
        let operator = random.choose(&["<", ">", "=", "<=", ">=", "<>"]);
        match random.below(5) {
            0 => format!("SELECT * FROM log_entries WHERE level <= {level}"),
            1 => format!("SELECT * FROM log_entries WHERE target = '{target}'"),
            2 => "SELECT * FROM log_entries WHERE msg LIKE '%größer%'".to_owned(),
            _ => format!("SELECT * FROM measures WHERE value {operator} CAST({value} AS DOUBLE)"),
        }
    }

    /// How many rows there are does not depend on which ones they are.
    fn limited(&self, random: &mut Random, table: &str) -> String {
        let limit = random.below(30);
        let offset = random.below(3) * random.below(10);
        let predicate = match (random.below(3), table) {
            (0, "log_entries" | "log_stats") => " WHERE level <= 3".to_owned(),
            (1, _) => format!(" WHERE process_id = '{}'", self.process(random)),
            _ => String::new(),
        };
        format!(
            "SELECT count(*) FROM (SELECT * FROM {table}{predicate} LIMIT {limit} OFFSET {offset})"
        )
    }

    fn of_owners(&self, random: &mut Random) -> String {
        let time = self.timestamp(random);
        let table = *random.choose(&["processes", "streams"]);
        let operator = random.choose(&["<", ">="]);
        match random.below(3) {
            0 => format!("SELECT * FROM {table} WHERE insert_time {operator} {time}"),
            1 => format!("SELECT * FROM {table} WHERE last_update_time {operator} {time}"),
            _ => format!(
                "SELECT process_id, max(last_update_time), min(insert_time), max(insert_time) \
                 FROM __{table}__partitions GROUP BY process_id"
            ),
        }
    }
}

fn ordered(random: &mut Random) -> String {
    let direction = random.choose(&["", " DESC"]);
    let limit = random.below(40);
    match random.below(4) {
        0 => format!("SELECT time FROM log_entries ORDER BY time{direction}"),
        1 => format!("SELECT time FROM measures ORDER BY time{direction} LIMIT {limit}"),
        2 => format!(
            "SELECT time, level, target, msg FROM log_entries \
             ORDER BY time{direction}, level, target, msg LIMIT {limit}"
        ),
        _ => format!(
            "SELECT insert_time, block_id FROM blocks \
             ORDER BY insert_time{direction}, block_id LIMIT {limit}"
        ),
    }
}

fn grouped(random: &mut Random) -> String {
    (*random.choose(&[
        "SELECT level, target, count(*), min(time), max(time) FROM log_entries \
         GROUP BY level, target",
        "SELECT name, unit, count(*), min(value) + 0.0, max(value) + 0.0 FROM measures \
         WHERE value <= CAST('Infinity' AS DOUBLE) GROUP BY name, unit",
        "SELECT date_bin(INTERVAL '1 hour', time) AS hour, count(DISTINCT process_id) \
         FROM log_entries GROUP BY hour",
        "SELECT min(time), max(time), count(*), count(DISTINCT msg) FROM log_entries",
        "SELECT min(insert_time), max(insert_time), sum(nb_objects), sum(payload_size) \
         FROM blocks",
        "SELECT min(insert_time), max(insert_time), count(*) FROM measures",
        "SELECT max(time) FROM measures",
    ]))
    .to_owned()
}

fn by_property(random: &mut Random) -> String {
    (*random.choose(&[
        "SELECT property_get(process_properties, 'version') AS version, count(*) \
         FROM log_entries GROUP BY version",
        "SELECT property_get(properties, 'app') AS app, count(*) FROM measures GROUP BY app",
        "SELECT count(*) FROM processes WHERE property_get(properties, 'version') = '1'",
        "SELECT process_id FROM processes WHERE process_id NOT IN \
         (SELECT process_id FROM measures)",
    ]))
    .to_owned()
}

fn summed_up(random: &mut Random) -> String {
    (*random.choose(&[
        "SELECT time_bin, process_id, level, target, sum(count) FROM __log_stats__partitions \
         GROUP BY time_bin, process_id, level, target",
        "SELECT level, sum(count) FROM log_stats GROUP BY level",
        "SELECT sum(count), min(time_bin), max(time_bin) FROM log_stats",
    ]))
    .to_owned()
}

fn joined(random: &mut Random) -> String {
    (*random.choose(&[
        "SELECT b.block_id, count(l.time) FROM blocks b \
         LEFT JOIN log_entries l ON l.block_id = b.block_id GROUP BY b.block_id",
        "SELECT p.exe, p.computer, count(*) FROM processes p \
         JOIN log_entries l ON l.process_id = p.process_id GROUP BY p.exe, p.computer",
        "SELECT s.stream_id, b.block_id, b.insert_time FROM streams s \
         JOIN blocks b ON b.stream_id = s.stream_id WHERE b.insert_time = s.last_update_time",
        "SELECT l.minute, l.entries, s.entries FROM \
         (SELECT date_bin(INTERVAL '1 minute', time) AS minute, count(*) AS entries \
          FROM log_entries GROUP BY minute) l FULL JOIN \
         (SELECT time_bin AS minute, sum(count) AS entries FROM log_stats GROUP BY time_bin) s \
         ON l.minute = s.minute",
    ]))
    .to_owned()
}
