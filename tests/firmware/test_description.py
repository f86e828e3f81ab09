"""Board descriptions: what stands in them, and that a wrong one is refused by key."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from coincell.errors import BoardError
from coincell.firmware import board_names, load_board, parse_board, read_board
from coincell.firmware.board_header import board_header

TEXT = (resources.files("coincell.firmware") / "boards" / "nano33ble.toml").read_text()


def test_the_nano_33_ble_leaves_the_bootloader_its_64_kib() -> None:
    board = load_board("nano33ble")
    assert (board.flash.origin, board.flash.bytes) == (0x10000, 983_040)
    assert board.flash.end == 1 << 20, "the end of the nRF52840's flash"
    assert (board.ram.origin, board.ram.bytes) == (0x2000_0000, 262_144)
    assert (board.core, board.clock_hz) == ("cortex-m4f", 64_000_000)
    assert board.currents is not None
    run = board.currents.table().of("cpu", "run")
    assert run is not None
    assert run.typical_a == pytest.approx(52e-6 * 64, rel=0.02), "52 uA/MHz"


def test_the_header_names_the_pins_by_number() -> None:
    header = board_header(load_board("nano33ble"))["firmware/board.h"]
    assert "#define BOARD_UART_TX 35u" in header, "P1.03"
    assert "#define BOARD_UART_RX 42u" in header, "P1.10"


@pytest.mark.parametrize("name", board_names())
def test_every_description_names_itself(name: str) -> None:
    assert load_board(name).name == name


def test_an_unknown_board_is_answered_with_the_nearest() -> None:
    with pytest.raises(BoardError) as refusal:
        load_board("nano33")
    assert "nano33ble" in refusal.value.hint


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("origin = 0x10000", "origin = 0x10001", "flash"),
        ("bytes = 262_144", "bytes = -1", "ram.bytes"),
        ("bytes = 262_144", "bytes = 262_145", "ram"),
        ("origin = 0x2000_0000", "origin = 0x10000", "overlap"),
        ("clock_hz = 64_000_000", "clock_hz = 0", "clock_hz"),
        ("clock_hz = 64_000_000", "clock_hz = 64_000_000\nclokc = 1", "clokc"),
        ('core = "cortex-m4f"', 'core = "cortex-m9"', "core"),
        ("range_factor = [0.9, 1.5]", "range_factor = [1.5, 1.0]", "range_factor"),
        ("typical_a = 650e-6", "typical_a = 650", "microphone.on.typical_a"),
        ("typical_a = 650e-6", "typical_a = 650e-6\nhigh_a = 1e-6", "low_a <= typical_a"),
        ('chip = "nrf52840"', 'chip = "nrf99"', "nrf52840"),
        ('chip = "nrf52840"', "", "supply_v"),
        ('uart_tx = "P1.03"', 'uart_tx = "P2.99"', "uart_tx"),
        ("[flash]", "[flash", "TOML"),
    ],
)
def test_what_cannot_be_is_refused_by_name(old: str, new: str, named: str) -> None:
    assert old in TEXT
    with pytest.raises(BoardError, match=named):
        parse_board(TEXT.replace(old, new, 1), "mine.toml")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="Cannot read"):
        read_board(tmp_path / "absent.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 70_000)
    with pytest.raises(BoardError, match="larger"):
        read_board(large)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "\xe9"')
    with pytest.raises(BoardError, match="must be text in UTF-8; its byte 9"):
        read_board(latin)
