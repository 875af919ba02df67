"""Asks for the trace of a process with the published client and checks what came: either
through the client's own writer of trace files, read with Perfetto's own description of the
format, or chunk by chunk, counting packets, where the trace is too large for that."""

import json
import os
from datetime import datetime, timedelta, timezone


from micromegas import perfetto as writer
from micromegas.flightsql.client import FlightSQLClient


def main():
    settings = json.loads(os.environ["TRACE"])
    client = FlightSQLClient(settings["url"])
    if "file" in settings:
        check_file(client, settings)
    else:
        check_stream(client, settings)
    print("the trace is right")


def check_file(client, settings):
    process = settings["process"]
    begin, end = lifetime(client, process)
    rows = client.query(
        f"SELECT id, name, depth, begin, duration FROM process_spans('{process}', 'both')"
        " ORDER BY begin",
        begin,
        end,
    )
    ledger = rows[rows["name"].str.startswith("ledger_producer::") & (rows["id"] != -1)]
    assert len(ledger) == settings["spans"], len(ledger)
    assert sorted(ledger["depth"].unique()) == [1, 2, 3]

    writer.write_process_trace(client, process, begin, end, settings["file"], "both")
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2

    trace = perfetto_trace_pb2.Trace()
    with open(settings["file"], "rb") as file:
        trace.ParseFromString(file.read())
    event_type = perfetto_trace_pb2.TrackEvent.Type
    names, open_slices, durations = {}, {}, []
    for packet in trace.packet:
        for name in packet.interned_data.event_names:
            assert name.iid not in names
            names[name.iid] = name.name
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        begun = open_slices.setdefault(event.track_uuid, [])
        if event.type == event_type.Value("TYPE_SLICE_BEGIN"):
            begun.append((packet.timestamp, names[event.name_iid]))
        else:
            start, name = begun.pop()
            durations.append((name, start, packet.timestamp - start))
    assert all(not begun for begun in open_slices.values())
    expected = zip(rows["name"], rows["begin"].astype("int64"), rows["duration"])
    assert sorted(durations) == sorted((n, int(b), int(d)) for n, b, d in expected)


def lifetime(client, process):
    row = client.query(
        f"SELECT start_time, last_block_end_time FROM processes WHERE process_id = '{process}'"
    ).iloc[0]
    margin = timedelta(seconds=1)
    return row["start_time"] - margin, row["last_block_end_time"] + margin


def check_stream(client, settings):
    begin, end = settings["begin"], settings["end"]
    sql = (
        "SELECT chunk_id, chunk_data FROM perfetto_trace_chunks("
        f"'{settings['process']}', 'thread', TIMESTAMP '{begin}', TIMESTAMP '{end}')"
    )
    counter = PacketCounter()
    expected = 0
    for batch in client.query_stream(sql, parse(begin), parse(end)):
        for chunk_id, data in zip(*(column.to_pylist() for column in batch.columns)):
            assert chunk_id == expected, (chunk_id, expected)
            expected += 1
            counter.add(data)
    # Two packets for each span and for the root of each tree of a thread, besides those that
    # describe the tracks.
    packets = counter.finish()
    assert packets > 2 * settings["spans"], packets
    assert packets < 2 * settings["spans"] + 100, packets


def parse(text):
    return datetime.fromisoformat(text[:26] + text[-6:]).astimezone(timezone.utc)


class PacketCounter:
    """Counts length-delimited packets, however they are cut into chunks."""

    def __init__(self):
        self.rest = b""
        self.packets = 0

    def add(self, data):
        data = self.rest + data
        at = 0
        while True:
            end = self.packet_end(data, at)
            if end is None or end > len(data):
                break
            at = end
            self.packets += 1
        self.rest = data[at:]

    @staticmethod
    def packet_end(data, at):
        if at >= len(data):
            return None
        assert data[at] == 0x0A, data[at]
        length, shift, at = 0, 0, at + 1
        while at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                return at + length
        return None

    def finish(self):
        assert not self.rest
        return self.packets


main()
