"""Flash, what the factory wrote, resets and System OFF, by programs that tell what they saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from board.bare import emulated, link_bare
from board.programs import PRELUDE, ended, run_program

FLASH = """
#define PAGE 0x80000u
#define CONFIG REG(0x4001E504)
static inline void flash_wait(void) { while (!(REG(0x4001E400) & 1)) { } }
"""


def in_flash(code: str, folder: Path) -> tuple[dict[str, Any], list[int]]:
    return run_program(f"{FLASH} void image_main(void) {{ count_cycles(); {code} }}", folder)


STORED = {8: 11 & 12, 12: 12, 24: 12, 28: 13, 40: 13, 56: 11}

FLASHES = {
    "a write clears bits": (
        """CONFIG = 1; REG(PAGE) = 0xFFFF00FF; REG(PAGE) = 0x00FFFFFF; CONFIG = 0;
           note(REG(PAGE)); note(REG(PAGE + 4));""",
        [0x00FF00FF, 0xFFFFFFFF],
    ),
    "erasing sets them": (
        """CONFIG = 1; REG(PAGE) = 1; REG(PAGE + 4096) = 2; CONFIG = 2; REG(0x4001E508) = PAGE;
           CONFIG = 0; note(REG(PAGE)); note(REG(PAGE + 4096));""",
        [0xFFFFFFFF, 2],
    ),
    "partly, until it is enough": (
        """CONFIG = 1; REG(PAGE) = 1; CONFIG = 2; REG(0x4001E51C) = 40;
           for (int i = 0; i < 3; i++) { REG(0x4001E518) = PAGE; note(REG(PAGE)); }""",
        [1, 1, 0xFFFFFFFF],
    ),
    "every kind of store": (
        """CONFIG = 1;
           register uint32_t place __asm("r0") = PAGE;
           register uint32_t index __asm("r1") = 3;
           __asm volatile("movs r2, #11\\n movs r3, #12\\n movs r4, #13\\n str r2, [r0], #4\\n"
                          "str r3, [r0, #4]!\\n stm r0!, {r2, r3}\\n strd r3, r4, [r0, #8]\\n"
                          "str r4, [r0, r1, lsl #3]\\n mov r12, r0\\n str.w r2, [r12, #40]"
                          : "+r"(place) : "r"(index) : "r2", "r3", "r4", "r12", "memory");
           CONFIG = 0; note(place - PAGE);
           for (uint32_t at = 0; at < 60; at += 4) {
               if (REG(PAGE + at) != ~0u) { note(at << 16 | REG(PAGE + at)); }
           }""",
        [16, 11, *(at << 16 | word for at, word in STORED.items())],
    ),
    "the user's registers": (
        """note(REG(0x10001200)); CONFIG = 1; REG(0x10001200) = 18; CONFIG = 2;
           note(REG(0x10001200)); REG(0x4001E514) = 1; note(REG(0x10001200));""",
        [0xFFFFFFFF, 18, 0xFFFFFFFF],
    ),
    "what the factory wrote": (
        """note(REG(0x10000100)); note(REG(0x10000010) * REG(0x10000014)); note(REG(0x1000010C));
           note(REG(0x10000110)); note(REG(0x10000108)); note(REG(0x10000060) != 0);""",
        [0x52840, 1 << 20, 256, 1024, 0x2004, 1],
    ),
}


@pytest.mark.parametrize("case", FLASHES)
def test_flash(case: str, tmp_path: Path) -> None:
    code, expected = FLASHES[case]
    answer, trail = in_flash(code, tmp_path)
    assert ended(answer), answer["fault"]
    assert trail == expected


def test_the_core_waits_for_flash(tmp_path: Path) -> None:
    """85 ms a page, 41 us a word; the flash's activity lasts as long."""
    answer, trail = in_flash(
        """uint32_t a = cycles(); CONFIG = 2; REG(0x4001E508) = PAGE; uint32_t b = cycles();
           CONFIG = 1; uint32_t c = cycles(); REG(PAGE) = 1; uint32_t d = cycles();
           note(b - a); note(d - c); note(REG(0x4001E400)); note(REG(PAGE));""",
        tmp_path,
    )
    assert ended(answer)
    assert 85 * 64_000 <= trail[0] < 85 * 64_000 + 40
    assert 41 * 64 <= trail[1] < 41 * 64 + 40
    assert trail[2:] == [1, 1]
    flash = answer["activity"]["cycles"]["flash"]
    assert flash["erasing"] == pytest.approx(85 * 64_000, abs=10)
    assert flash["writing"] == 41 * 64
    assert answer["activity"]["counts"] == {"flash pages erased": 1, "flash words written": 1}


def test_code_in_ram_goes_on_while_flash_is_busy(tmp_path: Path) -> None:
    body = (
        FLASH
        + """
    __attribute__((section(".data.code"), noinline, long_call)) void erase(void)
    {
        CONFIG = 2; REG(0x4001E508) = PAGE;
        uint32_t looks = 0;
        while (!REG(0x4001E400)) { looks++; }
        note(looks > 100000);
    }
    void image_main(void) { erase(); }
    """
    )
    answer, trail = run_program(body, tmp_path)
    assert ended(answer), answer["fault"]
    assert trail == [1]


def test_code_that_is_replaced_runs_as_new(tmp_path: Path) -> None:
    """movs r0, #1; bx lr becomes movs r0, #2; bx lr in another page, after it has run."""
    answer, trail = in_flash(
        """uint32_t (*code)(void) = (uint32_t (*)(void))(PAGE | 1);
           CONFIG = 1; REG(PAGE) = 0x47702001; note(code()); note(code());
           CONFIG = 2; REG(0x4001E508) = PAGE; CONFIG = 1; REG(PAGE) = 0x47702002;
           note(code());""",
        tmp_path,
    )
    assert ended(answer), answer["fault"]
    assert trail == [1, 1, 2]


REFUSED = {
    "REG(PAGE) = 1;": "4-byte write to flash at 0x00080000, while NVMC.CONFIG does not enable",
    "CONFIG = 1; *(volatile uint8_t *)PAGE = 1;": "1-byte write.*only whole words",
    "CONFIG = 1; REG(PAGE + 2) = 1;": "only whole words",
    "CONFIG = 1; for (int i = 0; i < 3; i++) REG(PAGE) = 1;": "the third since",
    "CONFIG = 3;": "NVMC.CONFIG = 3",
    "REG(0x4001E508) = PAGE;": "erasing the page at 0x00080000 while .*not enable erasing",
    "CONFIG = 2; REG(0x4001E508) = PAGE + 4;": "where none begins",
    "CONFIG = 2; REG(0x4001E508) = 0x200000;": "outside of the 1,048,576 bytes of flash",
    "CONFIG = 2; REG(0x4001E50C) = 1;": "[Ii]nvalid instruction",
    "REG(0x10000100) = 1;": "FICR.*read only",
    "note(REG(0x4001E548));": "does not model",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_flash_refuses_is_told(code: str, tmp_path: Path) -> None:
    body = f"{FLASH} void image_main(void) {{ note(1); {code} }}"
    answer, _ = run_program(body, tmp_path)
    with pytest.raises(AssertionError, match=REFUSED[code]):
        raise AssertionError(answer["fault"])


def test_a_reset_keeps_ram_flash_and_gpregret(tmp_path: Path) -> None:
    body = (
        FLASH
        + """
    void image_main(void)
    {
        volatile uint32_t *kept = (volatile uint32_t *)0x20030000;
        note(REG(0x40000400)); note(REG(0x4000051C)); note(kept[0] == 0x12345678);
        note(REG(0x40000578)); note(REG(PAGE) == 7);
        if (REG(0x40000400) == 4) return;
        kept[0] = 0x12345678; REG(0x4000051C) = 0x142; REG(0x40000578) = 1;
        CONFIG = 1; REG(PAGE) = 7;
        REG(0xE000ED0C) = 0x05FA0004;
        for (;;) { }
    }
    """
    )
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [4, 0x42, 1, 0, 1], "the trail is zeroed by start-up"
    (reset,) = answer["resets"]
    assert (reset["reason"], reset["cycle"] > 0) == (4, True)
    assert "reset itself" in reset["what"]


def test_a_boot_loop_is_told(tmp_path: Path) -> None:
    body = "void image_main(void) { note(1); REG(0xE000ED0C) = 0x05FA0004; for (;;) { } }"
    answer, _ = run_program(body, tmp_path)
    assert answer["state"] == "fault"
    assert "5 times in a row" in answer["fault"]
    assert "a boot loop" in answer["fault"]
    assert len(answer["resets"]) == 5


def test_resets_a_second_apart_are_no_loop(tmp_path: Path) -> None:
    body = """
    void image_main(void)
    {
        note(1);
        for (volatile int i = 0; i < 9000000; i++) { }
        REG(0xE000ED0C) = 0x05FA0004; for (;;) { }
    }
    """
    answer, _ = run_program(body, tmp_path, until=64_000_000 * 12)
    assert answer["state"] == "time"
    assert len(answer["resets"]) >= 6


def test_system_off_lasts_until_a_pin_ends_it(tmp_path: Path) -> None:
    """Time passes; nothing runs."""
    body = """
    void image_main(void) { note(REG(0x40000400)); REG(0x40000500) = 1; note(2); for (;;) { } }
    """
    answer, trail = run_program(body, tmp_path, until=64_000_000)
    assert (answer["state"], answer["now"]) == ("time", 64_000_000)
    assert answer["activity"]["cycles"]["cpu"]["off"] > 63_900_000
    assert trail == [0]
    image = link_bare({"main.c": PRELUDE + body}, tmp_path / "again")
    with emulated(image) as emulator:
        assert emulator.ask("run", budget=1 << 30)[0]["state"] == "off"


@pytest.mark.parametrize(("sensed", "resets"), [(3, True), (2, False), (0, False)])
def test_a_pin_that_senses_its_level_ends_system_off(
    sensed: int, resets: bool, tmp_path: Path
) -> None:
    """P0.14, the sensors' data line, is low while nothing pulls it up; pins outlive the wait."""
    body = f"""
    void image_main(void)
    {{
        note(REG(0x40000400)); note(REG(0x50000738) >> 16);
        if (REG(0x40000400)) return;
        REG(0x50000738) = {sensed}u << 16; REG(0x40000500) = 1; note(2); for (;;) {{ }}
    }}
    """
    answer, trail = run_program(body, tmp_path, until=64_000_000)
    assert ended(answer) == resets
    assert trail == ([1 << 16, sensed] if resets else [0, 0])
