"""PDM and microphone at their registers, by small programs around them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from board.bare import emulated, link_bare
from coincell.board.emulator import Emulator
from coincell.firmware import Image, build_image, load_board
from stand_in import stand_in_application

PROGRAM = """
#include <stdint.h>
#define R(address) (*(volatile uint32_t *)(address))
void image_main(void);
int16_t buffers[3][16];
volatile uint32_t blocks, started;
void image_main(void)
{
    R(0x40000000) = 1; /* the crystal */
    while (!R(0x40000100)) {}
    R(0x50000508) = 1u << 17; /* the microphone's power */
    R(0x50000744) = 3;
    R(0x4001D540) = 26;
    R(0x4001D544) = 25;
    R(0x4001D504) = 0x0A000000;
    R(0x4001D520) = 1;
    R(0x4001D508) = 1;
    R(0x4001D560) = (uint32_t)buffers[0];
    R(0x4001D564) = 16;
    R(0x4001D500) = 1;
    %s
    R(0x4001D000) = 1;
    while (blocks < 3) {
        if (R(0x4001D100)) { /* STARTED */
            R(0x4001D100) = 0;
            started++;
            R(0x4001D560) = (uint32_t)buffers[started < 3 ? started : 2];
        }
        if (R(0x4001D108)) { /* END */
            R(0x4001D108) = 0;
            blocks++;
        }
    }
    R(0x4001D004) = 1;
    while (!R(0x4001D104)) {}
    for (;;) __asm volatile("wfi");
}
"""


def program(folder: Path, before_start: str = "") -> Image:
    return link_bare({"main.c": PROGRAM % before_start}, folder)


def run(emulator: Emulator) -> dict[str, object]:
    return emulator.ask("run", b"", budget=10_000_000)[0]


def heard(emulator: Emulator, image: Image) -> list[int]:
    address = image.parsed.symbol("buffers").address
    return list(struct.unpack("<48h", emulator.ask("read", address=address, count=96)[1]))


def test_blocks_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    image = program(tmp_path)
    samples = np.arange(-20, 20, dtype=np.int16)
    with emulated(image) as emulator:
        emulator.ask("world", samples.tobytes(), kind="microphone", rate=16_000)
        answer = run(emulator)
        assert answer["state"] == "waiting"
        assert heard(emulator, image) == samples.tolist() + [0] * 8, "then silence"
        report = emulator.ask("activity")[0]
    assert report["cycles"]["pdm"]["on"] == pytest.approx(48 * 4000, abs=200)
    assert report["cycles"]["microphone"]["on"] == report["cycles"]["pdm"]["on"]


@pytest.mark.parametrize(
    ("gain", "factor"), [(0x28, 1.0), (0x50, 10.0), (0x00, 0.1), (0x34, 10**0.3)]
)
def test_gain_is_in_half_decibels_and_saturates(gain: int, factor: float, tmp_path: Path) -> None:
    image = program(tmp_path, f"R(0x4001D518) = {gain};")
    samples = np.linspace(-32768, 32767, 48).astype(np.int16)
    with emulated(image) as emulator:
        emulator.ask("world", samples.tobytes(), kind="microphone", rate=16_000)
        run(emulator)
        wanted = np.rint(samples * factor).clip(-32768, 32767)
        np.testing.assert_allclose(heard(emulator, image), wanted, atol=1)


@pytest.mark.parametrize(
    "change", ["R(0x5000050C) = 1u << 17;", "R(0x4001D544) = 24;", "R(0x50000744) = 2;"]
)
def test_without_power_or_at_other_pins_nothing_is_heard(change: str, tmp_path: Path) -> None:
    image = program(tmp_path, change)
    with emulated(image) as emulator:
        emulator.ask("world", b"\x11\x22" * 48, kind="microphone", rate=16_000)
        assert run(emulator)["state"] == "waiting"
        assert heard(emulator, image) == [0] * 48
        cycles = emulator.ask("activity")[0]["cycles"]
    assert "on" not in cycles["microphone"]
    assert cycles["pdm"]["on"] > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("R(0x4001D500) = 0;", "not enabled"),
        ("R(0x4001D540) = 0xFFFFFFFF;", "without its pins"),
        ("R(0x40000004) = 1;", "without the crystal"),
        ("R(0x4001D508) = 0;", "mono"),
        ("R(0x4001D504) = 0x0B000000;", "0x0b000000"),
        ("R(0x4001D520) = 0;", "20000 samples a second, the microphone's sound has 16000"),
        ("R(0x4001D564) = 0;", "no samples"),
        ("R(0x4001D518) = 0x51;", "gain of 0x51"),
        ("R(0x4001D560) = 0x1000;", "RAM only"),
        ("R(0x4001D50C) = 1;", "does not model"),
    ],
)
def test_what_hardware_or_model_does_not_allow_is_a_fault(
    change: str, said: str, tmp_path: Path
) -> None:
    image = program(tmp_path, change)
    with emulated(image) as emulator:
        emulator.ask("world", b"\x11\x22" * 48, kind="microphone", rate=16_000)
        answer = run(emulator)
    assert answer["state"] == "fault"
    assert said in str(answer["fault"])


def test_a_clock_of_16_125_khz_takes_its_time(tmp_path: Path) -> None:
    image = program(tmp_path, "R(0x4001D504) = 0x08400000; R(0x4001D520) = 0;")
    with emulated(image) as emulator:
        run(emulator)
        cycles = emulator.ask("activity")[0]["cycles"]
    assert cycles["pdm"]["on"] == pytest.approx(48 * 2 * 31 * 64, abs=200), "32 MHz / 31 / 64"


def test_the_sound_begins_anew_when_the_board_is_switched_on_again(tmp_path: Path) -> None:
    image = program(tmp_path)
    samples = np.arange(48, dtype=np.int16)
    with emulated(image) as emulator:
        emulator.ask("world", samples.tobytes(), kind="microphone", rate=16_000)
        for _ in range(2):
            run(emulator)
            assert heard(emulator, image) == samples.tolist()
            emulator.ask("reset", fill=0xA5)


def test_the_firmware_uses_the_pins_of_the_description(tmp_path: Path) -> None:
    """Another board's pins: the Nano's microphone is not there, and nothing is heard."""
    board = load_board("nano33ble")
    assert board.microphone is not None
    pins = (board.microphone.clock, board.microphone.data, board.microphone.power)
    assert pins == ("P0.26", "P0.25", "P0.17")
    moved = board.microphone.model_copy(update={"data": "P1.02"})
    from coincell.board import VirtualBoard

    for microphone, on in ((board.microphone, True), (moved, False)):
        other = board.model_copy(update={"microphone": microphone})
        image = build_image(stand_in_application(), other, tmp_path / microphone.data)
        with VirtualBoard(image, board) as virtual:
            virtual.advance(6_400_000)
            assert ("on" in virtual.activity()[0]["cycles"]["microphone"]) is on
