"""Check a trace with Perfetto's own definitions.

Usage: check_trace.py TRACE EXPECTED

EXPECTED is JSON: `exe` of the process; `threads` in the order of their streams, each with
`stream_id`, `thread_name` and `tid`; `types`; and `spans` in any order, each with `stream_id`
(empty for asynchronous ones), `begin`, `end`, `name`, `target`, `filename` and `line`.

Prints the number of packets and of spans as JSON.
"""

import json
import sys
from collections import Counter

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TracePacket, TrackEvent

CLEARED = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
NEEDED = TracePacket.SEQ_NEEDS_INCREMENTAL_STATE


class Interned:
    """Ids of one kind, which are given out from 1 by the packets that use them first."""

    def __init__(self) -> None:
        self.texts: dict = {}

    def define(self, entries, text) -> None:
        for entry in entries:
            assert entry.iid == len(self.texts) + 1, entry
            assert text(entry) not in self.texts.values(), entry
            self.texts[entry.iid] = text(entry)


class Reader:
    def __init__(self, packets) -> None:
        self.packets = list(packets)
        self.next = 0
        self.names, self.categories, self.locations = Interned(), Interned(), Interned()

    def packet(self) -> TracePacket:
        packet = self.packets[self.next]
        is_first = self.next == 0
        assert packet.trusted_packet_sequence_id == 1, packet
        assert packet.sequence_flags == (CLEARED | NEEDED if is_first else NEEDED), packet
        assert packet.first_packet_on_sequence == is_first, packet
        assert not packet.HasField("timestamp_clock_id"), packet
        self.next += 1
        return packet

    def descriptor(self):
        packet = self.packet()
        assert packet.WhichOneof("data") == "track_descriptor", packet
        assert not packet.HasField("interned_data"), packet
        return packet.track_descriptor

    def slice(self, kind: int):
        packet = self.packet()
        event = packet.track_event
        assert packet.WhichOneof("data") == "track_event" and event.type == kind, packet
        interned = packet.interned_data
        self.names.define(interned.event_names, lambda entry: entry.name)
        self.categories.define(interned.event_categories, lambda entry: entry.name)
        self.locations.define(
            interned.source_locations, lambda entry: (entry.file_name, entry.line_number)
        )
        (category,) = event.category_iids
        name = self.names.texts[event.name_iid]
        target = self.categories.texts[category]
        location = self.locations.texts[event.source_location_iid]
        return event.track_uuid, packet.timestamp, (name, target, *location)

    def span(self):
        """Both packets of a span come back to back."""
        track, begin, what = self.slice(TrackEvent.TYPE_SLICE_BEGIN)
        assert self.slice(TrackEvent.TYPE_SLICE_END)[::2] == (track, what)
        end = self.packets[self.next - 1].timestamp
        assert not self.packets[self.next - 1].HasField("interned_data")
        return track, (begin, end, *what)


def signed(number: int) -> int:
    """The low 32 bits as a signed number."""
    return (number & 0xFFFFFFFF ^ 0x80000000) - 0x80000000


def read_tracks(reader: Reader, expected: dict) -> dict:
    """The stream of each track; all descriptors come before the first span."""
    process = reader.descriptor()
    pid = signed(process.uuid)
    assert (process.process.pid, process.process.process_name) == (pid, expected["exe"]), process
    tracks = {}
    for thread in expected["threads"]:
        track = reader.descriptor()
        found = (track.parent_uuid, track.thread.pid, track.thread.tid, track.thread.thread_name)
        assert found == (process.uuid, pid, signed(thread["tid"]), thread["thread_name"]), track
        tracks[track.uuid] = thread["stream_id"]
    if expected["types"] != "thread":
        track = reader.descriptor()
        assert (track.parent_uuid, track.name) == (process.uuid, "Async Operations"), track
        tracks[track.uuid] = ""
    assert len(tracks) == len(expected["threads"]) + (expected["types"] != "thread")
    return tracks


def read_spans(reader: Reader, tracks: dict) -> dict:
    """By stream; of each in the order of their begins, and all of it in one piece."""
    order = list(tracks)
    spans: dict = {stream: [] for stream in tracks.values()}
    last_track, last_begin = order[0] if order else None, 0
    while reader.next < len(reader.packets):
        track, span = reader.span()
        assert order.index(track) >= order.index(last_track), track
        assert track != last_track or span[0] >= last_begin, span
        last_track, last_begin = track, span[0]
        spans[tracks[track]].append(span)
    return spans


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        trace = Trace.FromString(file.read())
    with open(sys.argv[2], encoding="utf-8") as file:
        expected = json.load(file)
    reader = Reader(trace.packet)
    found = read_spans(reader, read_tracks(reader, expected))
    columns = ("begin", "end", "name", "target", "filename", "line")
    for stream, spans in found.items():
        rows = [row for row in expected["spans"] if row["stream_id"] == stream]
        rows = Counter(tuple(row[column] for column in columns) for row in rows)
        assert Counter(spans) == rows, f"{stream}: {Counter(spans) - rows} {rows - Counter(spans)}"
    count = sum(map(len, found.values()))
    assert count == len(expected["spans"])
    print(json.dumps({"packets": len(trace.packet), "spans": count}))


if __name__ == "__main__":
    main()
