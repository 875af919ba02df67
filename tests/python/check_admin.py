"""Look after partitions with what the published client offers administrators.

Usage: check_admin.py FLIGHT_URL CATALOG_FILE
"""

import contextlib
import datetime
import io
import sqlite3
import sys

import micromegas.admin
from micromegas.flightsql.client import FlightSQLClient

DIGEST = (
    "SELECT md5(string_agg(entry, ' ' ORDER BY entry)) AS digest FROM "
    "(SELECT concat_ws(' ', CAST(time AS VARCHAR), process_id, msg) AS entry FROM log_entries)"
)
SECOND = datetime.timedelta(seconds=1)


def told(call, *arguments) -> list[str]:
    """What a helper prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        call(*arguments)
    return output.getvalue().splitlines()


def files(client: FlightSQLClient) -> list[str]:
    sql = "SELECT file_path FROM list_partitions() WHERE file_path IS NOT NULL ORDER BY file_path"
    return client.query(sql)["file_path"].tolist()


def seconds_with_blocks(client: FlightSQLClient) -> tuple[datetime.datetime, datetime.datetime]:
    times = client.query("SELECT min(insert_time) AS first, max(insert_time) AS last FROM blocks")
    first, last = (times[name][0].to_pydatetime(warn=False) for name in ("first", "last"))
    return first.replace(microsecond=0), last.replace(microsecond=0) + SECOND


def materialize(client: FlightSQLClient, begin, end) -> None:
    """Until the last second is over."""
    while True:
        lines = told(client.materialize_partitions, "log_entries", begin, end, 1)
        assert "materializing log_entries" in lines[0], lines
        assert not any("ERROR" in line for line in lines), lines
        if not any("not over yet" in line for line in lines):
            return


def make_incompatible(catalog: str) -> int:
    """Let the partitions look like those of a former version."""
    with contextlib.closing(sqlite3.connect(catalog, timeout=30)) as database, database:
        return database.execute("UPDATE partitions SET schema_hash = x'04' WHERE retired IS NULL").rowcount


def main() -> None:
    url, catalog = sys.argv[1:]
    client = FlightSQLClient(url)
    digest = client.query(DIGEST)["digest"][0]

    def check_rows() -> None:
        assert client.query(DIGEST)["digest"][0] == digest

    begin, end = seconds_with_blocks(client)
    materialize(client, begin, end)
    made = files(client)
    assert made
    check_rows()

    lines = told(client.regenerate_partitions, "log_entries", begin, end, 1)
    assert any("replaced 1 by 1" in line for line in lines), lines
    again = files(client)
    assert len(again) == len(made) and not set(again) & set(made)
    check_rows()

    assert micromegas.admin.list_incompatible_partitions(client).empty
    assert micromegas.admin.retire_incompatible_partitions(client).empty
    changed = make_incompatible(catalog)
    assert changed >= len(made)
    check_rows()
    listed = micromegas.admin.list_incompatible_partitions(client, "log_entries")
    assert len(listed) == changed
    retired = micromegas.admin.retire_incompatible_partitions(client, "log_entries")
    assert retired["partitions_retired"].tolist() == [changed], retired
    assert retired["partitions_failed"].tolist() == [0]
    assert retired["storage_freed_bytes"].tolist() == [listed["file_size"].sum()]
    assert not files(client)
    check_rows()

    materialize(client, begin, end)
    assert files(client)
    lines = told(client.retire_partitions, "log_entries", "global", begin, end)
    assert any("retired" in line for line in lines), lines
    assert client.query("SELECT count(*) AS n FROM list_partitions()")["n"][0] == 0
    check_rows()
    print("partitions were looked after")


main()
