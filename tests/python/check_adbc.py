"""Check the totals of the recorded programs through the ADBC Flight SQL driver.

Usage: check_adbc.py FLIGHT_URL TOTALS_JSON
"""

import json
import sys

import adbc_driver_flightsql.dbapi as flightsql

GLOBAL_TABLES = {"blocks", "log_entries", "measures", "processes", "streams"}


def check_totals(connection, path: str) -> None:
    with open(path, encoding="utf-8") as file:
        checks = json.load(file)
    with connection.cursor() as cursor:
        for check in checks:
            cursor.execute(check["sql"])
            assert [column[0] for column in cursor.description] == check["columns"]
            rows = [list(row) for row in cursor.fetchall()]
            assert rows == check["rows"], f"{check['sql']}: {rows}"


def check_metadata(connection) -> None:
    objects = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
    tables = {
        table["table_name"]
        for catalog in objects
        for schema in catalog["catalog_db_schemas"] or []
        for table in schema["db_schema_tables"] or []
    }
    assert GLOBAL_TABLES <= tables, tables
    assert "table" in connection.adbc_get_table_types()
    assert "time" in connection.adbc_get_table_schema("log_entries").names


def main() -> None:
    url, totals = sys.argv[1:]
    with flightsql.connect(url) as connection:
        check_totals(connection, totals)
        check_metadata(connection)
    print("all totals are exact")


if __name__ == "__main__":
    main()
