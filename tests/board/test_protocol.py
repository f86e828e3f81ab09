"""The byte protocol: frames in Python, and what the firmware makes of good and bad ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coincell.board import BoardClient, VirtualBoard
from coincell.board.protocol import (
    ERRORS,
    MAX_PAYLOAD,
    Frame,
    Message,
    decode_frame,
    encode_frame,
)
from coincell.errors import BoardError
from coincell.firmware import Application, Link, build_image, load_board
from stand_in import random_windows

CRC, LENGTH, TYPE, RANGE = 1, 2, 3, 4


@pytest.fixture(scope="module", params=["uart", "usb"])
def running(
    request: pytest.FixtureRequest,
    application: Application,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[VirtualBoard]:
    """The same image on each line to the computer."""
    link: Link = request.param
    folder = tmp_path_factory.mktemp(link)
    with VirtualBoard(build_image(application, load_board("nano33ble"), folder, link=link)) as it:
        yield it


FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=MAX_PAYLOAD))


def ask(virtual: VirtualBoard, data: bytes) -> list[Frame]:
    """Every answer to the bytes `data`."""
    virtual.send(data)
    frames = []
    rest = bytes(virtual.receive(virtual.waiting))
    while rest:
        length = 10 + int.from_bytes(rest[4:6], "little")
        frames.append(decode_frame(rest[:length]))
        rest = rest[length:]
    return frames


@settings(derandomize=True, deadline=None, max_examples=50)
@given(FRAMES)
def test_a_frame_survives_the_line(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@settings(derandomize=True, deadline=None, max_examples=50)
@given(FRAMES, st.data())
def test_a_changed_byte_is_noticed(frame: Frame, data: st.DataObject) -> None:
    line = bytearray(encode_frame(frame))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BoardError):
        decode_frame(bytes(line))


def test_the_checksum_is_that_of_zlib_and_of_the_firmware(virtual: VirtualBoard) -> None:
    body = struct.pack("<BBH", Message.RESET, 9, 0)
    [answer] = ask(virtual, b"\xc0\x1c" + body + struct.pack("<I", zlib.crc32(body)))
    assert answer == Frame(Message.RESET | Message.ANSWER, 9, b"")


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (Frame(0x00, 1, b""), TYPE),
        (Frame(0x77, 2, b"abc"), TYPE),
        (Frame(Message.RESET | Message.ANSWER, 3, b""), TYPE),
        (Frame(Message.READ, 4, b""), LENGTH),
        (Frame(Message.READ, 5, struct.pack("<BIH", 0, 0, 1)[:-1]), LENGTH),
        (Frame(Message.READ, 6, struct.pack("<BIH", 1, 32, 1)), RANGE),
        (Frame(Message.READ, 7, struct.pack("<BIH", 1, 0xFFFFFFFF, 2)), RANGE),
        (Frame(Message.READ, 8, struct.pack("<BIH", 1, 0, 33)), RANGE),
        (Frame(Message.READ, 9, struct.pack("<BIH", 0, 0, 1025)), RANGE),
        (Frame(Message.READ, 10, struct.pack("<BIH", 99, 0, 1)), RANGE),
        (Frame(Message.SAMPLES, 11, b"\0\0\0"), LENGTH),
        (Frame(Message.SAMPLES, 12, bytes(5)), LENGTH),
        (Frame(Message.SAMPLES, 13, struct.pack("<Ih", 1600, 1)), RANGE),
        (Frame(Message.SAMPLES, 14, struct.pack("<Ih", 0xFFFFFFFF, 1)), RANGE),
        (Frame(Message.SAMPLES, 15, struct.pack("<I", 1599) + bytes(4)), RANGE),
    ],
)
def test_what_cannot_be_answered_is_refused_by_code(
    virtual: VirtualBoard, frame: Frame, error: int
) -> None:
    assert ask(virtual, encode_frame(frame)) == [
        Frame(Message.ERROR, frame.sequence, bytes([error]))
    ]
    assert BoardClient(virtual).info().scores == 3, "and it goes on"


def test_a_damaged_frame_is_answered_and_forgotten(virtual: VirtualBoard) -> None:
    line = bytearray(encode_frame(Frame(Message.INFO, 7, b"")))
    line[-1] ^= 1
    again = encode_frame(Frame(Message.RESET, 8, b""))
    first, second = ask(virtual, bytes(line) + again)
    assert first == Frame(Message.ERROR, 7, bytes([CRC]))
    assert second == Frame(Message.RESET | Message.ANSWER, 8, b"")


def test_too_long_a_frame_is_refused_at_its_header(virtual: VirtualBoard) -> None:
    header = b"\xc0\x1c" + struct.pack("<BBH", Message.INFO, 3, MAX_PAYLOAD + 1)
    assert ask(virtual, header) == [Frame(Message.ERROR, 3, bytes([LENGTH]))]
    longest = encode_frame(Frame(Message.RESET, 4, bytes(MAX_PAYLOAD)))
    assert ask(virtual, longest) == [Frame(Message.RESET | Message.ANSWER, 4, b"")]


def test_garbage_between_frames_is_passed_over(virtual: VirtualBoard) -> None:
    frame = encode_frame(Frame(Message.RESET, 5, b""))
    answer = [Frame(Message.RESET | Message.ANSWER, 5, b"")]
    for garbage in (b"x", b"\xc0", b"\xc0\xc0\xc0", b"\x1c\xc0", bytes(777), b"hello, board\n"):
        assert ask(virtual, garbage + frame) == answer, garbage


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=3000))
def test_no_noise_hangs_the_board(running: VirtualBoard, noise: bytes) -> None:
    running.send(noise)
    client = BoardClient(running)
    client.synchronize()
    assert client.info().window_values == 1600


def test_a_frame_cut_short_does_not_stop_the_board(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    for cut in (1, 5, 6, 9, 100):
        virtual.send(encode_frame(Frame(Message.SAMPLES, 200, bytes(500)))[:cut])
        client.synchronize()
        client.reset()
        assert client.info().window_values == 1600


def test_the_client_tells_what_the_board_refused(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    with pytest.raises(BoardError, match=ERRORS[TYPE]):
        client._ask(Message.ANSWER)
    assert set(ERRORS) == {1, 2, 3, 4, 5, 6, 7}


class Deaf:
    """A line on which others have put `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def send(self, data: bytes) -> None:
        pass

    def discard(self) -> None:
        pass

    def receive(self, count: int) -> bytes:
        if len(self.data) < count:
            raise BoardError("silence")
        taken, self.data = self.data[:count], self.data[count:]
        return taken


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "silence"),
        (
            b"Hello from another sketch",
            r"no frame. Received 25 bytes: b'Hello from another sketch'",
        ),
        (b"\xc0\x1c" + struct.pack("<BBH", 0x81, 1, 2000) + bytes(2100), "no frame"),
        (encode_frame(Frame(0x85, 1, b"")), "message 0x85"),
        (encode_frame(Frame(0x81, 1, b"abc")), "3 bytes where 44"),
        (encode_frame(Frame(0x81, 1, struct.pack("<10I", 99, *[0] * 9))), "version 99"),
        (encode_frame(Frame(0xFF, 1, b"")), "error 0"),
        (
            encode_frame(Frame(0x81, 1, struct.pack("<11I", 2, *[0] * 8, 1 << 31, 2))),
            "description of 2,147,483,648 bytes",
        ),
        (
            encode_frame(Frame(0x81, 1, struct.pack("<11I", 2, *[0] * 8, 3, 2)))
            + encode_frame(Frame(0x82, 2, b"[[[")),
            "not JSON",
        ),
    ],
)
def test_a_line_without_a_coincell_board_is_told_apart(data: bytes, match: str) -> None:
    with pytest.raises(BoardError, match=match):
        BoardClient(Deaf(data)).info()


def test_answers_to_earlier_questions_are_passed_over() -> None:
    stale = encode_frame(Frame(Message.ERROR, 77, b"\x01"))
    line = Deaf(stale + encode_frame(Frame(0x85, 1, b"")))
    BoardClient(line).reset()
    with pytest.raises(BoardError):
        line.receive(1)  # both answers were taken off the line


def test_the_board_counts_its_own_cycles(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    assert client.cycles() == 0, "before the first window"
    began = virtual.now
    client.process(random_windows(1)[0])
    first = client.cycles()
    assert 1_000 < first < virtual.now - began
    client.reset()
    client.run()
    assert client.cycles() == first, "the same window, from the same state"
