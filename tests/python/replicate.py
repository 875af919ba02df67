"""Copy a lake into another one with the published client, as administrators do.

The settings are JSON in the variable REPLICATE: the URLs `source` and `target`, the folder
`capture` whose payloads the source received, the order of the `tables`, `pandas` to let the
tables pass through pandas, and the `bearer` for the target, if it wants one.
"""

import json
import os
import pathlib

import pyarrow as pa
import pyarrow.flight as flight
from micromegas.flightsql.client import FlightSQLClient

SETTINGS = json.loads(os.environ["REPLICATE"])


class Bearer:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self) -> str:
        return self.token


def read_cbor(body: bytes, at: int = 0):
    """The value at a position and where it ends; what the captures use of CBOR."""
    major, length = body[at] >> 5, body[at] & 0x1F
    at += 1
    if length > 23:
        width = 1 << (length - 24)
        length = int.from_bytes(body[at : at + width], "big")
        at += width
    if major == 0:
        return length, at
    if major == 1:
        return -1 - length, at
    if major == 2:
        return body[at : at + length], at + length
    if major == 3:
        return body[at : at + length].decode(), at + length
    if major == 4:
        items = []
        for _ in range(length):
            item, at = read_cbor(body, at)
            items.append(item)
        return items, at
    assert major == 5, f"CBOR major type {major}"
    members = {}
    for _ in range(length):
        key, at = read_cbor(body, at)
        members[key], at = read_cbor(body, at)
    return members, at


def cbor_head(major: int, length: int) -> bytes:
    for additional, width in [(24, 1), (25, 2), (26, 4)]:
        if length < 24:
            return bytes([major << 5 | length])
        if length < 1 << (8 * width):
            return bytes([major << 5 | additional]) + length.to_bytes(width, "big")
    raise ValueError(length)


def payload_document(payload: dict[str, bytes]) -> bytes:
    document = cbor_head(5, len(payload))
    for key, value in payload.items():
        document += cbor_head(3, len(key)) + key.encode()
        document += cbor_head(2, len(value)) + value
    return document


def payloads() -> pa.Table:
    rows = []
    for head in sorted(pathlib.Path(SETTINGS["capture"]).glob("*.json")):
        if json.loads(head.read_text())["path"].endswith("insert_block"):
            block, _ = read_cbor(head.with_suffix(".bin").read_bytes())
            ids = {name: block[name] for name in ["process_id", "stream_id", "block_id"]}
            rows.append({**ids, "payload": payload_document(block["payload"])})
    return pa.Table.from_pylist(rows)


def table(source: FlightSQLClient, name: str) -> pa.Table:
    if name == "payloads":
        return payloads()
    if SETTINGS["pandas"]:
        return pa.Table.from_pandas(source.query(f"SELECT * FROM {name}"))
    return source.query_arrow(f"SELECT * FROM {name}")


def sentence(target: FlightSQLClient, name: str, rows: pa.Table) -> str:
    try:
        target.bulk_ingest(name, rows)
    except (pa.lib.ArrowInvalid, flight.FlightUnauthorizedError) as error:
        return str(error)
    raise AssertionError(f"{name} was accepted")


def check_refusals(target: FlightSQLClient, blocks: pa.Table) -> None:
    text = sentence(target, "log_entries", blocks)
    assert 'unknown table "log_entries"' in text, text
    text = sentence(target, "blocks", blocks.drop_columns(["end_ticks"]))
    assert 'table blocks needs a column "end_ticks"' in text, text
    numbers = pa.array([1] * blocks.num_rows)
    at = blocks.column_names.index("begin_time")
    text = sentence(target, "blocks", blocks.set_column(at, "begin_time", numbers))
    assert 'column "begin_time" of table blocks has type Int64' in text, text


def main() -> None:
    source = FlightSQLClient(SETTINGS["source"], preserve_dictionary=not SETTINGS["pandas"])
    bearer = SETTINGS.get("bearer")
    provider = Bearer(bearer) if bearer else None
    target = FlightSQLClient(SETTINGS["target"], auth_provider=provider)
    if SETTINGS.get("refused"):
        text = sentence(target, "payloads", payloads())
        assert "bulk_ingest requires admin privileges" in text, text
        print("refused")
        return
    check_refusals(target, table(source, "blocks"))
    for _ in range(2):
        for name in SETTINGS["tables"]:
            rows = table(source, name)
            assert rows.num_rows > 0, name
            result = target.bulk_ingest(name, rows)
            assert result.record_count == rows.num_rows, (name, result)
    print("replicated")


if __name__ == "__main__":
    main()
