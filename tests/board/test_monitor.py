"""What comes over a line is told apart: events, frames, text, garbage; nothing is lost."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from coincell.board import LineReader
from coincell.board.protocol import Frame, Message, encode_frame

EVENT = encode_frame(Frame(Message.EVENT, 3, struct.pack("<QiiII", 16000, 1, 512, 7, 0)))


def test_an_event_a_frame_and_text_are_told_apart() -> None:
    other = encode_frame(Frame(Message.RESET | Message.ANSWER, 1, b""))
    found = LineReader().feed(b"setup done\r\n" + EVENT + b"cut" + other + b"\x00\xff\n")
    assert [heard.kind for heard in found] == ["text", "event", "text", "frame", "garbage"]
    event = found[1].event
    assert event
    assert (event.samples, event.label, event.score, event.lost) == (16000, 1, 512, 7)
    assert [found[0].text, found[2].text] == ["setup done", "cut"]


def test_a_damaged_frame_is_garbage_and_the_next_is_found() -> None:
    damaged = bytearray(EVENT)
    damaged[-1] ^= 1
    reader = LineReader()
    found = reader.feed(bytes(damaged) + EVENT) + reader.flush()
    assert [heard.kind for heard in found].count("event") == 1
    assert found[0].kind == "garbage"


def test_a_frame_that_is_not_whole_waits_and_is_told_in_the_end() -> None:
    reader = LineReader()
    assert reader.feed(EVENT[:20]) == []
    assert [heard.kind for heard in reader.feed(EVENT[20:])] == ["event"]
    assert reader.feed(EVENT[:5]) == []
    assert [heard.kind for heard in reader.flush()] == ["garbage"]
    assert reader.flush() == []


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(EVENT)), max_size=8), st.data())
def test_every_byte_is_told_once_however_it_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    line = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(line)), max_size=5)))
    reader = LineReader()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(line)], strict=True):
        found += reader.feed(line[begin:end])
    found += reader.flush()
    assert sum(heard.bytes for heard in found) == len(line)
    assert all(heard.text.isprintable() for heard in found), "a board sends no control codes"
