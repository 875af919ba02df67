"""The published clients against a server over an empty lake: clients.py HOST:PORT"""

import collections
import datetime
import sys
import warnings

import adbc_driver_flightsql.dbapi
import adbc_driver_manager
import micromegas
import pyarrow
import pyarrow.flight
from micromegas.flightsql.client import FlightSQLClient

ADDRESS = sys.argv[1]
TABLES = {"blocks", "log_entries", "measures", "processes", "streams"}
DICTIONARY = (
    "SELECT arrow_cast(column1, 'Dictionary(Int32, Utf8)') AS d FROM (VALUES ('a'), ('b'), ('a'))"
)


def raises(kind, call):
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def micromegas_package():
    client = micromegas.connect(f"grpc://{ADDRESS}")
    frame = client.query("SELECT 1 AS one, 'x' AS text;")
    assert frame.to_dict("records") == [{"one": 1, "text": "x"}], frame

    end = datetime.datetime.now(datetime.timezone.utc)
    begin = end - datetime.timedelta(hours=1)
    empty = client.query("SELECT * FROM log_entries", begin, end)
    assert len(empty) == 0 and "msg" in empty.columns, empty
    table = client.query_arrow("SELECT * FROM blocks", begin.isoformat(), end.isoformat())
    assert table.num_rows == 0 and "processes.exe" in table.schema.names, table.schema

    batches = list(client.query_stream("SELECT value FROM generate_series(1, 100000)"))
    assert sum(batch.num_rows for batch in batches) == 100000
    assert len(batches) > 1

    statement = client.prepare_statement("SELECT time, level, msg FROM log_entries")
    assert statement.query == "SELECT time, level, msg FROM log_entries"
    assert statement.dataset_schema.names == ["time", "level", "msg"]
    assert statement.dataset_schema.field("time").type == pyarrow.timestamp("ns", "+00:00")
    assert list(client.prepared_statement_stream(statement)) == []

    error = raises(pyarrow.lib.ArrowInvalid, lambda: client.query("SELECT * FROM nowhere"))
    assert "query_id=" in error, error
    raises(pyarrow.lib.ArrowInvalid, lambda: client.query("SELEC 1"))
    raises(pyarrow.lib.ArrowNotImplementedError, lambda: client.query("SELECT 1; SELECT 2"))
    raises(
        pyarrow.flight.FlightInternalError,
        lambda: client.query("SELECT 1 / (value - 5) FROM generate_series(1, 10)"),
    )
    ingest = pyarrow.table({"a": [1]})
    error = raises(pyarrow.lib.ArrowInvalid, lambda: client.bulk_ingest("t", ingest))
    assert "processes, streams, blocks and payloads" in error, error
    error = raises(pyarrow.lib.ArrowInvalid, lambda: client.bulk_ingest("payloads", ingest))
    assert 'table payloads needs a column "process_id"' in error, error
    nothing = pyarrow.table(
        {
            "process_id": pyarrow.array([], pyarrow.string()),
            "stream_id": pyarrow.array([], pyarrow.string()),
            "block_id": pyarrow.array([], pyarrow.string()),
            "payload": pyarrow.array([], pyarrow.binary()),
        }
    )
    assert client.bulk_ingest("payloads", nothing).record_count == 0
    assert len(client.find_process("00000000-0000-0000-0000-000000000000")) == 0
    assert len(client.query_streams(begin, end, limit=10)) == 0


def dictionaries():
    flat = FlightSQLClient(f"grpc://{ADDRESS}").query_arrow(DICTIONARY)
    assert flat.schema.field("d").type == pyarrow.string(), flat.schema
    client = FlightSQLClient(f"grpc://{ADDRESS}", preserve_dictionary=True)
    kept = client.query_arrow(DICTIONARY)
    assert kept.schema.field("d").type == pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    assert kept.column("d").to_pylist() == ["a", "b", "a"] == flat.column("d").to_pylist()
    assert client.query(DICTIONARY)["d"].tolist() == ["a", "b", "a"]
    # pandas refuses a dictionary that repeats values; joined batches do.
    joined = f"SELECT d FROM ({DICTIONARY}) UNION ALL SELECT d FROM ({DICTIONARY}) ORDER BY d"
    assert client.query(joined)["d"].tolist() == ["a", "a", "a", "a", "b", "b"]
    # Several batches, each with a dictionary of its own.
    many = client.query_arrow(
        "SELECT arrow_cast(CAST(value / 10000 AS VARCHAR), 'Dictionary(Int32, Utf8)') AS d "
        "FROM generate_series(0, 49999)"
    )
    counts = collections.Counter(many.column("d").to_pylist())
    assert counts == {str(part): 10000 for part in range(5)}, counts


def adbc_statements(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS one, 'x' AS text")
        assert cursor.fetchall() == [(1, "x")]
        cursor.execute("SELECT max(value) AS m, count(*) AS n FROM generate_series(1, 10)")
        assert cursor.fetchone() == (10, 10)
        cursor.execute(DICTIONARY)
        assert cursor.fetch_arrow_table().column("d").to_pylist() == ["a", "b", "a"]
        cursor.execute("SELECT value FROM generate_series(1, 100000)")
        assert len(cursor.fetchall()) == 100000
        for table in sorted(TABLES):
            cursor.execute(f"SELECT * FROM {table}")
            assert cursor.fetch_arrow_table().num_rows == 0
        schema = cursor.adbc_execute_schema("SELECT 1 AS one, CAST(NULL AS VARCHAR) AS t")
        assert schema.names == ["one", "t"]
        cursor.adbc_prepare("SELECT 2 AS two")
        cursor.execute("SELECT 2 AS two")
        assert cursor.fetchall() == [(2,)]
    for sql, kind in [
        ("SELECT * FROM nowhere", adbc_driver_manager.ProgrammingError),
        ("SELECT 1; SELECT 2", adbc_driver_manager.NotSupportedError),
        ("CREATE TABLE t AS SELECT 1", adbc_driver_manager.Error),
    ]:
        with connection.cursor() as cursor:
            raises(kind, lambda: cursor.execute(sql))


def adbc_metadata(connection):
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Micromegas Flight SQL Server", info
    assert connection.adbc_get_table_types() == ["table"]
    schema = connection.adbc_get_table_schema("log_entries")
    assert {"time", "level", "msg"} <= set(schema.names), schema
    for depth in ["catalogs", "db_schemas", "tables", "all"]:
        objects = connection.adbc_get_objects(depth=depth).read_all().to_pylist()
        assert [row["catalog_name"] for row in objects] == [""], objects
    tables = objects[0]["catalog_db_schemas"][0]["db_schema_tables"]
    assert TABLES <= {table["table_name"] for table in tables}, tables
    assert {table["table_type"] for table in tables} == {"table"}
    columns = {table["table_name"]: len(table["table_columns"]) for table in tables}
    assert all(columns.values()), columns
    filtered = connection.adbc_get_objects(depth="all", table_name_filter="log%").read_all()
    found = filtered.to_pylist()[0]["catalog_db_schemas"][0]["db_schema_tables"]
    assert all(table["table_name"].startswith("log") for table in found) and found


def adbc_refusals(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 5", parameters=())
        assert cursor.fetchall() == [(5,)]
        raises(
            adbc_driver_manager.NotSupportedError,
            lambda: cursor.execute("SELECT $1", parameters=(1,)),
        )
        raises(
            adbc_driver_manager.ProgrammingError,
            lambda: cursor.adbc_ingest("t", pyarrow.table({"a": [1]})),
        )
    password = {"username": "u", "password": "p"}
    raises(
        adbc_driver_manager.NotSupportedError,
        lambda: adbc_driver_flightsql.dbapi.connect(f"grpc://{ADDRESS}", db_kwargs=password),
    )


def adbc():
    # By default the package asks for transactions, warns that there are none, and goes on.
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        with adbc_driver_flightsql.dbapi.connect(f"grpc://{ADDRESS}") as connection:
            adbc_statements(connection)
    with adbc_driver_flightsql.dbapi.connect(f"grpc://{ADDRESS}", autocommit=True) as connection:
        adbc_statements(connection)
        adbc_metadata(connection)
        adbc_refusals(connection)
    headers = {"adbc.flight.sql.rpc.call_header.limit": "3"}
    with adbc_driver_flightsql.dbapi.connect(
        f"grpc://{ADDRESS}", db_kwargs=headers, autocommit=True
    ) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM generate_series(1, 10)")
            assert len(cursor.fetchall()) == 3


def cancelled_by_adbc():
    with adbc_driver_flightsql.dbapi.connect(f"grpc://{ADDRESS}", autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM generate_series(1, 1000000000000000)")
            assert cursor.fetchone() is not None
            cursor.adbc_cancel()


micromegas_package()
dictionaries()
adbc()
cancelled_by_adbc()
print("all clients are served")
