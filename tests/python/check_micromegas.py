"""Check the totals of the recorded programs through the published micromegas client.

Usage: check_micromegas.py FLIGHT_URL TOTALS_JSON
"""

import datetime
import json
import re
import sys

import pandas
import pyarrow as pa
from micromegas.flightsql.client import FlightSQLClient

LEDGER = "8452901b-3c9f-4f28-bd50-5e9a198d40c4"


def rows_of(table: pa.Table) -> list[list]:
    columns = [column.to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns)]


def check_totals(client: FlightSQLClient, path: str) -> None:
    with open(path, encoding="utf-8") as file:
        checks = json.load(file)
    for check in checks:
        table = client.query_arrow(check["sql"])
        assert table.column_names == check["columns"], f"{check['sql']}: {table.column_names}"
        rows = rows_of(table)
        assert rows == check["rows"], f"{check['sql']}: {rows}"
        frame = client.query(check["sql"])
        assert len(frame) == len(check["rows"]), check["sql"]


def check_times(client: FlightSQLClient) -> None:
    """Nanoseconds, in order within the stream, inside the range of the block."""
    table = client.query_arrow(
        "SELECT l.time, l.msg, b.begin_time, b.end_time "
        f"FROM view_instance('log_entries', '{LEDGER}') l "
        "JOIN blocks b ON l.block_id = b.block_id "
        "WHERE l.target LIKE 'ledger::%' ORDER BY l.time"
    )
    assert table.schema.field("time").type == pa.timestamp("ns", tz="+00:00")
    times = table.column("time").cast(pa.int64()).to_pylist()
    begins = table.column("begin_time").cast(pa.int64()).to_pylist()
    ends = table.column("end_time").cast(pa.int64()).to_pylist()
    assert len(times) == 4000
    assert any(time % 1000 for time in times), "times are coarser than a nanosecond"
    for time, begin, end in zip(times, begins, ends):
        assert begin <= time <= end, (begin, time, end)
    numbers = [re.match(r"ledger \w+ (?:number )?(\d+)", msg) for msg in table.column("msg").to_pylist()]
    sequence = [int(match.group(1)) for match in numbers if match]
    assert sequence == sorted(sequence), "entries are out of order"
    assert len(sequence) == 3000


def check_ranges(client: FlightSQLClient) -> None:
    """A range is inclusive at both ends and applies to every scan."""
    sql = f"SELECT time FROM view_instance('log_entries', '{LEDGER}') ORDER BY time"
    table = client.query_arrow(sql)
    times = table.column("time").cast(pa.int64()).to_pylist()
    low, high = times[1000], times[3000]
    # Only a pandas Timestamp keeps its nanoseconds on the way through the client.
    begin, end = pandas.Timestamp(low, tz="UTC"), pandas.Timestamp(high, tz="UTC")
    ranged = client.query_arrow(sql, begin, end)
    expected = [time for time in times if low <= time <= high]
    assert ranged.column("time").cast(pa.int64()).to_pylist() == expected
    nothing = client.query_arrow(sql, begin - datetime.timedelta(days=2), begin - datetime.timedelta(days=1))
    assert nothing.num_rows == 0 and nothing.schema.field("time").type == pa.timestamp("ns", tz="+00:00")


def check_errors(client: FlightSQLClient) -> None:
    for sql in [
        "SELECT * FROM no_such_table",
        "SELECT no_such_column FROM log_entries",
        "SELECT * FROM view_instance('log_entries', 'not-a-uuid')",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
    ]:
        try:
            client.query(sql)
        except pa.lib.ArrowInvalid as error:
            assert "query_id=" in str(error), error
        else:
            raise AssertionError(f"{sql} was accepted")


def check_dictionaries(client: FlightSQLClient, url: str) -> None:
    sql = f"SELECT target, properties FROM view_instance('log_entries', '{LEDGER}') LIMIT 10"
    assert client.query_arrow(sql).schema.types == [pa.string(), pa.binary()]
    preserving = FlightSQLClient(url, preserve_dictionary=True)
    types = preserving.query_arrow(sql).schema.types
    assert types == [pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int32(), pa.binary())]


def check_prepared(client: FlightSQLClient) -> None:
    statement = client.prepare_statement("SELECT count(*) AS n FROM measures")
    assert statement.dataset_schema.names == ["n"]
    batches = list(client.prepared_statement_stream(statement))
    assert sum(batch.num_rows for batch in batches) == 1


def main() -> None:
    url, totals = sys.argv[1:]
    client = FlightSQLClient(url)
    check_totals(client, totals)
    check_times(client)
    check_ranges(client)
    check_errors(client)
    check_dictionaries(client, url)
    check_prepared(client)
    print("all totals are exact")


if __name__ == "__main__":
    main()
