"""The chip's own USB: what a computer sees of it, and what it does to a firmware that errs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from coincell.board import BoardClient, VirtualBoard
from coincell.board.protocol import Frame, Message, encode_frame
from coincell.errors import BoardError
from coincell.firmware import (
    Application,
    Board,
    Image,
    application_sources,
    board_names,
    build_image,
    device_sources,
    link_image,
    load_board,
)
from coincell.firmware.board_header import board_header
from coincell.firmware.live_source import live_sources
from coincell.firmware.usb_identity import usb_sources
from coincell.toolchain import find_cross_compiler
from stand_in import StandInNetwork, stand_in_application

# USB 2.0, tables 9-8, 9-10, 9-12 and 9-13; CDC120, tables 15 and 16; PSTN120, tables 3 and 4.
DEVICE = "12 01 0002 02 00 00 40 0912 0100 0001 01 02 03 01"
CONFIGURATION = """
09 02 4300 02 01 00 80 32
  09 04 00 00 01 02 02 00 00
    05 24 00 2001
    05 24 01 00 01
    04 24 02 02
    05 24 06 00 01
    07 05 81 03 0800 10
  09 04 01 00 02 0a 00 00 00
    07 05 02 02 4000 00
    07 05 82 02 4000 00
"""
STALL, NOTHING = "stall", ""
CYCLES_A_MS = 64_000


@pytest.fixture(scope="module")
def board() -> Board:
    """Without a microphone: it is silent until it is asked."""
    return load_board("nano33ble").model_copy(update={"microphone": None})


@pytest.fixture(scope="module")
def usb_image(
    application: Application, board: Board, tmp_path_factory: pytest.TempPathFactory
) -> Image:
    return build_image(application, board, tmp_path_factory.mktemp("usb"), link="usb")


@pytest.fixture(scope="module")
def module_board(usb_image: Image) -> Iterator[VirtualBoard]:
    with VirtualBoard(usb_image) as virtual:
        yield virtual


@pytest.fixture
def usb(module_board: VirtualBoard) -> Iterator[VirtualBoard]:
    module_board.restart()
    yield module_board
    module_board.put_world("usb", plugged=True)


def setup(kind: int, code: int, value: int = 0, index: int = 0, length: int = 0) -> bytes:
    fields = (value, index, length)
    return bytes((kind, code)) + b"".join(field.to_bytes(2, "little") for field in fields)


def ask(usb: VirtualBoard, *transfers: bytes) -> list[str]:
    """The device's answers to control transfers, each setup with the data that follow it."""
    usb.put_world("usb", b"".join(transfers))
    usb.send(b"")
    return list(usb.usb()["answers"])


def works(usb: VirtualBoard) -> bool:
    return BoardClient(usb).info().window_values == 1600


def cycles_in(usb: VirtualBoard, state: str, cycles: int) -> int:
    usb.activity(restart=True)
    usb.advance(cycles)
    report, _ = usb.activity()
    return int(report["cycles"]["usbd"].get(state, 0))


# What the computer sees


def test_the_descriptors_are_those_of_the_specifications_tables(usb: VirtualBoard) -> None:
    told = usb.usb()
    assert told["state"] == "configured"
    assert told["open"]
    assert bytes.fromhex(told["descriptors"]["device"]) == bytes.fromhex(DEVICE)
    assert bytes.fromhex(told["descriptors"]["configuration"]) == bytes.fromhex(CONFIGURATION)
    assert told["descriptors"]["product"] == load_board("nano33ble").board.title
    assert told["descriptors"]["manufacturer"] == "Coincell"


def test_a_library_reads_the_descriptors(usb: VirtualBoard) -> None:
    standard = pytest.importorskip("usb_protocol.types.descriptors.standard")
    cdc = pytest.importorskip("usb_protocol.types.descriptors.cdc")
    told = usb.usb()["descriptors"]
    device = standard.DeviceDescriptor.parse(bytes.fromhex(told["device"]))
    assert (device.idVendor, device.idProduct) == (0x1209, 0x0001)
    assert device.bMaxPacketSize0 == 64
    rest = bytes.fromhex(told["configuration"])
    configuration = standard.ConfigurationDescriptor.parse(rest)
    assert configuration.wTotalLength == len(rest)
    found = []
    for kind in (
        standard.ConfigurationDescriptor,
        standard.InterfaceDescriptor,
        cdc.HeaderDescriptor,
        cdc.CallManagementFunctionalDescriptor,
        cdc.ACMFunctionalDescriptor,
        cdc.UnionFunctionalDescriptor,
        standard.EndpointDescriptor,
        standard.InterfaceDescriptor,
        standard.EndpointDescriptor,
        standard.EndpointDescriptor,
    ):
        found.append(kind.parse(rest[: rest[0]]))
        rest = rest[rest[0] :]
    assert rest == b""
    interfaces = [item for item in found if "bInterfaceClass" in item]
    assert [item.bInterfaceClass for item in interfaces] == [2, 10]
    assert [item.bNumEndpoints for item in interfaces] == [1, 2]
    ends = {item.bEndpointAddress: item.wMaxPacketSize for item in found if "bInterval" in item}
    assert ends == {0x81: 8, 0x02: 64, 0x82: 64}


def test_the_serial_number_is_the_chips(usb: VirtualBoard) -> None:
    words = usb.read_memory(0x10000060, 8)
    number = int.from_bytes(words, "little")
    assert usb.usb()["descriptors"]["serial_number"] == f"{number:016X}"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (setup(0x80, 6, 0x0100, 0, 64), DEVICE.replace(" ", "")),
        (setup(0x80, 6, 0x0100, 0, 7), DEVICE.replace(" ", "")[:14]),
        (setup(0x80, 6, 0x0200, 0, 65), "".join(CONFIGURATION.split())[:130]),
        (setup(0x80, 6, 0x0200, 0, 64), "".join(CONFIGURATION.split())[:128]),
        (setup(0x80, 6, 0x0200, 0, 0xFFFF), "".join(CONFIGURATION.split())),
        (setup(0x80, 6, 0x0300, 0, 255), "04030904"),
        (setup(0x80, 6, 0x0301, 0x0407, 255), STALL),  # no German
        (setup(0x80, 6, 0x0304, 0x0409, 255), STALL),
        (setup(0x80, 6, 0x0600, 0, 10), STALL),  # device qualifier: full speed only
        (setup(0x80, 6, 0x0201, 0, 9), STALL),
        (setup(0x80, 0, 0, 0, 2), "0000"),
        (setup(0x81, 0, 0, 1, 2), "0000"),
        (setup(0x81, 0, 0, 2, 2), STALL),
        (setup(0x82, 0, 0, 0x82, 2), "0000"),
        (setup(0x82, 0, 0, 0x83, 2), STALL),
        (setup(0x80, 8, 0, 0, 1), "01"),
        (setup(0x81, 10, 0, 1, 1), "00"),
        (setup(0x01, 11, 0, 1), NOTHING),
        (setup(0x01, 11, 1, 1), STALL),
        (setup(0x00, 9, 2), STALL),
        (setup(0x00, 3, 1), STALL),  # remote wake-up
        (setup(0x00, 7, 0x0100, 0, 2) + b"xx", STALL),  # SET_DESCRIPTOR
        (setup(0x82, 12, 0, 0x82, 2), STALL),  # SYNCH_FRAME
        (setup(0xA1, 0x21, 0, 0, 7), "00c20100000008"),
        (setup(0xA1, 0x21, 0, 1, 7), STALL),  # the data interface has no line coding
        (setup(0x21, 0x20, 0, 0, 6) + bytes(6), STALL),
        (setup(0x21, 0x23, 10), STALL),  # SEND_BREAK
        (setup(0xC0, 1, 0, 0, 4), STALL),  # a vendor's
        (setup(0x40, 1), STALL),
    ],
)
def test_each_request_has_its_answer(usb: VirtualBoard, request_: bytes, answer: str) -> None:
    assert ask(usb, request_) == [answer]
    assert works(usb)


def test_line_coding_is_kept(usb: VirtualBoard) -> None:
    coding = bytes.fromhex("80250000020207")
    told = ask(usb, setup(0x21, 0x20, 0, 0, 7) + coding, setup(0xA1, 0x21, 0, 0, 7))
    assert told == [NOTHING, coding.hex()]


def test_a_halted_endpoint_says_so_and_begins_afresh(usb: VirtualBoard) -> None:
    for end in (0x02, 0x82):
        status = setup(0x82, 0, 0, end, 2)
        halt, clear = setup(0x02, 3, 0, end), setup(0x02, 1, 0, end)
        assert ask(usb, halt, status) == [NOTHING, "0100"]
        usb.send(encode_frame(Frame(Message.RESET, 5, b"")))
        assert usb.waiting == 0, "nothing passes a halted endpoint"
        assert ask(usb, clear, status) == [NOTHING, "0000"]
        assert usb.receive(10)[2] == Message.RESET | Message.ANSWER
    assert works(usb)


def test_configurations_are_left_and_entered(usb: VirtualBoard) -> None:
    leave, enter, tell = setup(0x00, 9, 0), setup(0x00, 9, 1), setup(0x80, 8, 0, 0, 1)
    of_data = setup(0x82, 0, 0, 0x82, 2)
    for _ in range(3):
        assert works(usb)
        told = ask(usb, leave, tell, of_data, enter, tell, of_data)
        assert told == [NOTHING, "00", STALL, NOTHING, "01", "0000"]
    assert works(usb)
    assert ask(usb, leave) == [NOTHING]
    assert usb.usb()["state"] == "address"


def noise(chance: random.Random) -> bytes:
    """A setup packet near to one that has a meaning, with the data that it announces."""
    kind, code, value, index, length = chance.choice(MEANT)
    kind = chance.choice((kind,) * 9 + (chance.randrange(256),))
    code = chance.choice((code,) * 9 + (chance.randrange(256),))
    value = chance.choice((value,) * 7 + (0, value ^ 1, chance.randrange(1 << 16)))
    index = chance.choice((index,) * 7 + (0, index ^ 2, chance.randrange(1 << 16)))
    length = chance.choice((length,) * 5 + (0, 1, 64, 65, 4096))
    data = chance.randbytes(length) if kind < 0x80 else b""
    return setup(kind, code, value, index, length) + data


MEANT = (
    (0x80, 0, 0, 0, 2), (0x81, 0, 0, 1, 2), (0x82, 0, 0, 0x82, 2), (0x02, 1, 0, 2, 0),
    (0x02, 3, 0, 0x82, 0), (0x80, 6, 0x100, 0, 18), (0x80, 6, 0x200, 0, 67),
    (0x80, 6, 0x302, 0x409, 255), (0x80, 6, 0x303, 0x409, 255), (0x80, 8, 0, 0, 1),
    (0x81, 10, 0, 1, 1), (0x01, 11, 0, 1, 0), (0xA1, 0x21, 0, 0, 7), (0x21, 0x20, 0, 0, 7),
    (0x21, 0x22, 3, 0, 0), (0x82, 12, 0, 0x82, 2), (0x00, 7, 0x100, 0, 18),
)  # fmt: skip


def test_no_setup_packet_hangs_or_faults_the_firmware(usb: VirtualBoard) -> None:
    chance = random.Random(4)
    transfers = [noise(chance) for _ in range(5000)]
    # What the computer itself needs to know of: its address, the configuration, 1200 baud.
    transfers = [item for item in transfers if item[:2] not in (b"\0\5", b"\0\11")]
    answers = ask(usb, *transfers)
    assert len(answers) == len(transfers) > 4900
    assert 1000 < answers.count(STALL) < len(answers) - 1000, "both happen"
    ask(usb, *(setup(0x02, 1, 0, end) for end in (0x02, 0x82)), setup(0x21, 0x22, 3))
    usb.discard()
    assert works(usb)


def test_the_computer_is_answered_while_the_application_computes(
    board: Board, tmp_path: Path
) -> None:
    network = StandInNetwork(invoke="for (volatile int i = 0; i < 2000000; i++) { } return 0;")
    image = build_image(stand_in_application(network), board, tmp_path, link="usb")
    with VirtualBoard(image) as virtual:
        begin = virtual.now
        question = encode_frame(Frame(Message.PROCESS, 1, b""))
        virtual._run(question, virtual.budget, until=begin + 5 * CYCLES_A_MS)
        assert ask(virtual, setup(0x21, 0x22, 3)) == [NOTHING]  # within the 50 ms that it may take
        assert virtual.now - begin > 200 * CYCLES_A_MS
        assert virtual.receive(10)[2] == Message.PROCESS | Message.ANSWER


# Bytes


def test_an_answer_that_ends_with_a_full_packet_arrives(usb: VirtualBoard) -> None:
    for count in (53, 54, 55, 117, 118, 119, 182):  # with the frame's 10 bytes around 64, 128, 192
        usb.send(encode_frame(Frame(Message.READ, 1, bytes((0, 0, 0, 0, 0, count, 0)))))
        assert usb.waiting == 10 + count
        usb.discard()


def test_bytes_have_full_speeds_pace(usb: VirtualBoard) -> None:
    before = usb.now
    usb.send(bytes(64 * 1000))
    assert 15 < 64_000 / ((usb.now - before) / CYCLES_A_MS) / 64 <= 19, "packets in a ms (5.8.4)"


def test_what_nobody_reads_is_lost_and_nobody_waits(usb: VirtualBoard) -> None:
    question = encode_frame(Frame(Message.RESET, 1, b""))
    usb.send(question[:8])
    usb.put_world("usb", open=False)
    usb.send(b"")
    assert not usb.usb()["open"]
    usb.put_world("usb", open=True)
    usb.send(question[8:])
    assert usb.receive(10)[3] == 1
    assert works(usb)


# Cable and bus


def test_without_a_cable_the_board_runs_and_wakes_when_it_comes(usb: VirtualBoard) -> None:
    usb.put_world("usb", plugged=False)
    usb.restart()
    assert usb.usb()["state"] == "detached"
    assert cycles_in(usb, "off", 10 * CYCLES_A_MS) == 10 * CYCLES_A_MS
    for _ in range(2):
        usb.put_world("usb", plugged=True)
        usb.send(b"")
        assert works(usb)
        assert cycles_in(usb, "on", CYCLES_A_MS) == CYCLES_A_MS
        usb.put_world("usb", plugged=False)
        usb.send(b"")
        assert cycles_in(usb, "off", CYCLES_A_MS) == CYCLES_A_MS
        report, _ = usb.activity()
        assert report["cycles"]["hfclk"] == {"off": CYCLES_A_MS}, "the crystal rests too"


def test_the_cable_may_be_pulled_amid_a_message(usb: VirtualBoard) -> None:
    usb.send(encode_frame(Frame(Message.SAMPLES, 1, bytes(500)))[:300])
    for plugged in (False, True):
        usb.put_world("usb", plugged=plugged)
        usb.send(b"")
    client = BoardClient(usb)
    client.synchronize()
    client.reset()
    assert works(usb)


def test_a_silent_bus_suspends_the_device(usb: VirtualBoard) -> None:
    usb.put_world("usb", suspended=True)
    usb.advance(4 * CYCLES_A_MS)
    assert cycles_in(usb, "suspended", CYCLES_A_MS) == CYCLES_A_MS
    usb.put_world("usb", suspended=False)
    usb.send(b"")
    assert cycles_in(usb, "on", CYCLES_A_MS) == CYCLES_A_MS
    assert works(usb)


def test_a_touch_at_1200_baud_asks_for_the_bootloader(usb: VirtualBoard) -> None:
    usb.put_world("usb", open=True, baud=1200)
    usb.send(b"")
    assert works(usb), "not while somebody holds the port"
    usb.put_world("usb", open=False, baud=115200)
    usb.send(b"")
    usb.put_world("usb", open=True, baud=1200)
    usb.send(b"")
    usb.put_world("usb", open=False, baud=1200)
    with pytest.raises(BoardError, match="bootloader"):
        usb.send(b"")


# A firmware that errs


def broken(
    application: Application, board: Board, folder: Path, file: str, text: str, wrong: str
) -> Image:
    """The image with `text` in one of its sources replaced."""
    sources = application_sources(application) | device_sources("firmware", "freestanding")
    del sources["firmware/transport_uarte.c"]
    sources |= board_header(board) | usb_sources(board)
    sources |= live_sources(application, board, "usb")
    assert sources[file].count(text) == 1, (file, text)
    sources[file] = sources[file].replace(text, wrong)
    return link_image(sources, board, folder)


DESCRIPTORS, DEVICE_C = "usb/usb_descriptors.c", "usb/usb_device.c"


@pytest.mark.parametrize(
    ("file", "text", "wrong", "match"),
    [
        (DESCRIPTORS, "18, DEVICE,", "17, DEVICE,", "has 18 bytes"),
        (DESCRIPTORS, "U16(CONFIGURATION_BYTES), 2", "U16(66u), 2", "bNumInterfaces|within"),
        (DESCRIPTORS, "BYTES), 2 /*", "BYTES), 3 /*", "bNumInterfaces is 2"),
        (DESCRIPTORS, "0x80 /*", "0x00 /*", "bit 7 is 1"),
        (DESCRIPTORS, "CDC_CONTROL_INTERFACE, CDC_DATA_INTERFACE,", "1, 0,", "union"),
        (DESCRIPTORS, "bytes[0] = (uint8_t)(2 + 2 * count)", "bytes[0] = 3", "tells its length"),
        (DEVICE_C, "if (setup.request == SET_ADDRESS) return;", "", "no control transfer waits"),
        (DEVICE_C, "    USBD_TASKS_EP0STATUS = 1;\n", "", "gives up.*status stage"),
        (DEVICE_C, "USBD_TASKS_EP0RCVOUT = 1;", ";", "gives up.*out stage"),
        (DEVICE_C, "write_errata(0xC0, 3)", "write_errata(0xC0, 0)", "171 and 187"),
        (DEVICE_C, "if (closed) ERRATA_LOCK = ERRATA_KEY;\n    ERRATA_171", "ERRATA_171", "key"),
        (DEVICE_C, "ERRATA_199 = 0x82;", "", "anomaly 199"),
        (DEVICE_C, "ERRATA_166_B = 0x40;", "", "anomaly 166"),
        (DEVICE_C, "clock_need(CLOCK_LINE);", "", "crystal"),
        (DEVICE_C, "outs |= 1u << CDC_DATA_ENDPOINT;", "", "not enabled"),
        (DEVICE_C, "(uint32_t)count : setup.length;", "18 : 18;", "8 were asked for"),
        (DEVICE_C, "usb_control_data + control_sent", "(uint8_t *)0x10000", "RAM only"),
    ],
)
def test_a_computer_refuses_what_breaks_its_rules(
    application: Application,
    board: Board,
    tmp_path: Path,
    file: str,
    text: str,
    wrong: str,
    match: str,
) -> None:
    image = broken(application, board, tmp_path, file, text, wrong)
    with pytest.raises(BoardError, match=match), VirtualBoard(image) as virtual:
        works(virtual)


def test_an_empty_packet_ends_an_answer_of_full_ones(
    application: Application, board: Board, tmp_path: Path
) -> None:
    identity = board.board.model_copy(update={"title": "x" * 31})
    long = board.model_copy(update={"board": identity})
    with VirtualBoard(build_image(application, long, tmp_path, link="usb")) as virtual:
        assert virtual.usb()["descriptors"]["product"] == "x" * 31  # 64 bytes of descriptor
    text = "control_ends_short = control_count < setup.length;"
    image = broken(application, long, tmp_path, DEVICE_C, text, "")
    with pytest.raises(BoardError, match="an empty packet must follow"), VirtualBoard(image):
        pass


def test_toggles_that_are_not_set_back_are_noticed(
    application: Application, board: Board, tmp_path: Path
) -> None:
    text = "    USBD_DTOGGLE = USBD_DTOGGLE_DATA0 | address;\n"
    image = broken(application, board, tmp_path, DEVICE_C, text, "")
    clear = setup(0x02, 1, 0, 0x82)
    with VirtualBoard(image) as virtual:
        virtual.send(encode_frame(Frame(Message.RESET, 1, b"")))
        ask(virtual, clear)
        with pytest.raises(BoardError, match="DATA1 where the computer is at DATA0"):
            works(virtual)


def test_a_board_without_usb_is_told(
    application: Application, board: Board, tmp_path: Path
) -> None:
    bare = board.model_copy(update={"usb": board.usb.model_copy(update={"device": None})})
    with pytest.raises(BoardError, match="cannot speak USB"):
        build_image(application, bare, tmp_path, link="usb")


def test_auto_is_usb_where_the_board_has_it(
    application: Application, board: Board, tmp_path: Path
) -> None:
    bare = board.model_copy(update={"usb": board.usb.model_copy(update={"device": None})})
    for it, wanted in ((board, "usb"), (bare, "uart")):
        image = build_image(application, it, tmp_path / wanted, link="auto")
        with VirtualBoard(image) as virtual:
            assert BoardClient(virtual).info().description["link"] == wanted
            assert (virtual.usb()["state"] == "configured") == (wanted == "usb")


def test_other_boards_with_this_chip_speak_usb_too(
    application: Application, tmp_path: Path
) -> None:
    boards = [load_board(name) for name in board_names()]
    able = [it for it in boards if it.usb.device]
    assert len(able) > 1
    for board in able:
        image = build_image(application, board, tmp_path / board.name, link="usb")
        with VirtualBoard(image) as virtual:
            assert virtual.usb()["descriptors"]["product"] == board.board.title
            assert works(virtual)


def test_zig_builds_the_same_device(application: Application, board: Board, tmp_path: Path) -> None:
    compiler = find_cross_compiler(board.core, "zig")
    image = build_image(application, board, tmp_path, compiler, link="usb")
    with VirtualBoard(image) as virtual:
        assert works(virtual)
        assert bytes.fromhex(virtual.usb()["descriptors"]["device"]) == bytes.fromhex(DEVICE)
