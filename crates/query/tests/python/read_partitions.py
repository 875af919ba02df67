"""Read partitions as plain Parquet files, with nothing of ours.

Usage: read_partitions.py FILE...

Prints the number of rows as JSON and, where there is a column `time`, its bounds in
nanoseconds and the rows of each level.
"""

import json
import sys

import duckdb


def main() -> None:
    files = duckdb.read_parquet(sys.argv[1:])
    found = {"rows": files.aggregate("count(*)").fetchall()[0][0]}
    if "time" in files.columns:
        bounds = files.aggregate("epoch_ns(min(time)), epoch_ns(max(time))")
        found["bounds"] = bounds.fetchall()[0]
    if "level" in files.columns and "count" not in files.columns:
        found["levels"] = files.aggregate("level, count(*)").order("level").fetchall()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
