"""TIMER, RTC and the watchdog: programs that tell what they counted."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from board.programs import ended, run_program
from coincell.firmware import device_sources

T0 = "0x40008000"
LOW_CLOCK = "REG(0x40000518) = 0; REG(0x40000008) = 1; while (!REG(0x40000104)) { }\n"


@pytest.mark.parametrize("nops", [0, 1, 2, 3, 4, 5, 8, 21])
def test_a_capture_is_exact_to_the_instruction(nops: int, tmp_path: Path) -> None:
    """At 16 MHz four cycles are one tick: captures between `nops` differ as DWT's count does."""
    between = "nop\\n " * nops
    body = f"""
    __attribute__((noinline)) static void stretch(void)
    {{
        uint32_t before, after;
        REG({T0} + 0x00C) = 1; REG({T0} + 0x000) = 1;
        __asm volatile("ldr %0, [%2]\\n str %4, [%3]\\n" "{between}"
            "str %4, [%3, #4]\\n ldr %1, [%2]"
            : "=&r"(before), "=&r"(after) : "r"(0xE0001004), "r"({T0} + 0x40), "r"(1));
        REG({T0} + 0x004) = 1;
        note(after - before); note(REG({T0} + 0x540)); note(REG({T0} + 0x544));
    }}
    void image_main(void)
    {{
        count_cycles(); REG({T0} + 0x508) = 3; REG({T0} + 0x510) = 0;
        for (int i = 0; i < 3; i++) stretch();
    }}
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    for i in range(0, 9, 3):
        count, first, second = trail[i : i + 3]
        # From the first read to the second: the store, the nops, the store, the load.
        assert (count - 3) // 4 <= second - first <= (count + 2) // 4
    assert trail[0:3] == trail[3:6] == trail[6:9]


def test_a_periodic_comparison_interrupts_at_its_pace(tmp_path: Path) -> None:
    """COMPARE0 with its short to CLEAR: every 250 us, 16000 cycles."""
    body = f"""
    static void tick(void)
    {{
        note(cycles()); REG({T0} + 0x140) = 0; (void)REG({T0} + 0x140);
    }}
    void image_main(void)
    {{
        count_cycles();
        set_handler(16 + 8, tick);
        REG({T0} + 0x508) = 3; REG({T0} + 0x510) = 4; REG({T0} + 0x540) = 250;
        REG({T0} + 0x200) = 1; REG({T0} + 0x304) = 1u << 16; REG(0xE000E100) = 1u << 8;
        REG({T0} + 0x000) = 1;
        while (trail_length < 8) {{ }}
    }}
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    gaps = [after - before for before, after in pairwise(trail)]
    assert sum(gaps) / len(gaps) == pytest.approx(16_000, abs=4)
    assert max(abs(gap - 16_000) for gap in gaps) < 20


TIMERS = {
    "one shot": (
        """REG(T + 0x540) = 100; REG(T + 0x200) = 1u << 8; REG(T) = 1;
           while (!REG(T + 0x140)) { } for (volatile int i = 0; i < 99; i++) { }
           REG(T + 0x44) = 1; note(REG(T + 0x544));""",
        [100],
    ),
    "wraps at its width": (
        """REG(T + 0x508) = 1; REG(T + 0x540) = 255; REG(T + 0x544) = 0; REG(T) = 1;
           while (!REG(T + 0x144)) { } note(REG(T + 0x140)); REG(T + 0x48) = 1;
           note(REG(T + 0x548) < 20);""",
        [1, 1],
    ),
    "a comparison with the present value waits a whole round": (
        """REG(T + 0x508) = 1; REG(T + 0x510) = 0; REG(T) = 1; uint32_t from = cycles();
           while (!REG(T + 0x140)) { } note((cycles() - from + 30) / 1024 == 1);""",
        [1],
    ),
    "counter mode": (
        """REG(T + 0x504) = 1; REG(T + 0x540) = 3; REG(T) = 1;
           for (int i = 0; i < 3; i++) { note(REG(T + 0x140)); REG(T + 8) = 1; }
           note(REG(T + 0x140)); REG(T + 0x44) = 1; note(REG(T + 0x544));""",
        [0, 0, 0, 1, 3],
    ),
    "stopped": (
        """REG(T) = 1; for (volatile int i = 0; i < 99; i++) { } REG(T + 4) = 1;
           REG(T + 0x40) = 1; for (volatile int i = 0; i < 99; i++) { } REG(T + 0x44) = 1;
           note(REG(T + 0x540) == REG(T + 0x544)); note(REG(T + 0x540) > 10);
           REG(T + 0xC) = 1; REG(T + 0x40) = 1; note(REG(T + 0x540));""",
        [1, 1, 0],
    ),
    "events out of order": (
        """REG(T + 0x540) = 300; REG(T + 0x544) = 100; REG(T + 0x548) = 200; REG(T) = 1;
           while (!REG(T + 0x144)) { } note(REG(T + 0x148)); while (!REG(T + 0x148)) { }
           note(REG(T + 0x140)); while (!REG(T + 0x140)) { } note(9);""",
        [0, 0, 9],
    ),
}


@pytest.mark.parametrize("base", ["0x40008000", "0x4001B000"])
@pytest.mark.parametrize("case", TIMERS)
def test_timers(case: str, base: str, tmp_path: Path) -> None:
    code, expected = TIMERS[case]
    body = (
        f"#define T {base}\nvoid image_main(void) {{ count_cycles(); REG(T + 0x508) = 3; {code} }}"
    )
    answer, trail = run_program(body, tmp_path)
    assert ended(answer), answer["fault"]
    assert trail == expected


def test_a_prescaler_changed_in_flight_is_told(tmp_path: Path) -> None:
    body = f"void image_main(void) {{ note(1); REG({T0}) = 1; REG({T0} + 0x510) = 2; }}"
    answer, _ = run_program(body, tmp_path)
    assert re.search("TIMER0's mode, width or prescaler is changed while it runs", answer["fault"])


def test_rtc_wakes_each_second_and_the_core_sleeps_between(tmp_path: Path) -> None:
    body = f"""
    static void tick(void) {{ REG(0x40011140) = 0; (void)REG(0x40011140); note(REG(0x40011504)); }}
    void image_main(void)
    {{
        {LOW_CLOCK}
        set_handler(16 + 17, tick);
        REG(0x40011508) = 4095; REG(0x40011540) = 8; REG(0x40011304) = 1u << 16;
        REG(0xE000E100) = 1u << 17; REG(0x40011000) = 1;
        for (;;) {{
            __asm volatile("wfi"); barrier();
            REG(0x40011540) = REG(0x40011504) + 8;
        }}
    }}
    """
    answer, trail = run_program(body, tmp_path, until=64_000_000 * 5 + 640_000)
    assert answer["state"] == "time"
    assert trail == [8, 16, 24, 32, 40], "32768 / 4096 counts a second"
    slept = answer["activity"]["cycles"]["cpu"]
    assert slept["run"] < 0.01 * slept["sleep"]
    assert answer["activity"]["cycles"]["rtc1"]["on"] > 64_000_000 * 4.9
    assert answer["activity"]["cycles"]["lfclk"]["rc"] > 64_000_000 * 4.9


RTCS = {
    "overflow": (
        """REG(R + 0x304) = 2; REG(R) = 1; REG(R + 0xC) = 1; note(REG(R + 0x504));
           while (!REG(R + 0x104)) { } note(REG(R + 0x504));""",
        [0xFFFFF0, 0],
    ),
    "ticks": (
        """REG(R + 0x344) = 1; REG(R + 0x508) = 9; REG(R) = 1;
           for (int i = 0; i < 3; i++) { while (!REG(R + 0x100)) { } REG(R + 0x100) = 0;
           note(REG(R + 0x504)); }""",
        [1, 2, 3],
    ),
    "an event that is not enabled does not happen": (
        "REG(R + 0x540) = 2; REG(R) = 1; while (REG(R + 0x504) < 5) { } note(REG(R + 0x140));",
        [0],
    ),
    "the value after next comes, the next is missed": (
        """REG(R + 0x344) = 3u << 16; REG(R + 0x508) = 99; REG(R) = 1;
           while (REG(R + 0x504) < 5) { } REG(R + 0x540) = 6; REG(R + 0x544) = 7;
           while (REG(R + 0x504) < 9) { } note(REG(R + 0x140)); note(REG(R + 0x144));""",
        [0, 1],
    ),
    "clear and stop": (
        """REG(R) = 1; while (REG(R + 0x504) < 5) { } REG(R + 8) = 1; note(REG(R + 0x504));
           while (REG(R + 0x504) < 3) { } REG(R + 4) = 1; uint32_t was = REG(R + 0x504);
           for (volatile int i = 0; i < 9999; i++) { } note(REG(R + 0x504) - was);""",
        [0, 0],
    ),
}


@pytest.mark.parametrize("base", ["0x4000B000", "0x40024000"])
@pytest.mark.parametrize("case", RTCS)
def test_rtcs(case: str, base: str, tmp_path: Path) -> None:
    code, expected = RTCS[case]
    body = f"#define R {base}\nvoid image_main(void) {{ {LOW_CLOCK} {code} }}"
    answer, trail = run_program(body, tmp_path)
    assert ended(answer), answer["fault"]
    assert trail == expected


def test_an_rtc_without_its_clock_stands_still(tmp_path: Path) -> None:
    body = """
    void image_main(void)
    {
        REG(0x4000B000) = 1;
        for (volatile int i = 0; i < 99999; i++) { } note(REG(0x4000B504));
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [0]


WATCHDOG = """
    REG(0x40010504) = 3276; REG(0x4001050C) = {config}; REG(0x40010000) = 1;
"""


def test_a_watchdog_bites_and_the_next_run_starts_over(tmp_path: Path) -> None:
    """The trail lies in zeroed memory, so GPREGRET, which a bite clears, tells nothing, and the
    reasons do."""
    body = f"""
    void image_main(void)
    {{
        note(REG(0x40000400)); note(REG(0x4000051C)); REG(0x4000051C) = 0x57;
        if (REG(0x40000400) & 2) {{ REG(0x40000400) = 2; note(REG(0x40000400)); return; }}
        {WATCHDOG.format(config=1)}
        for (int i = 0; i < 5; i++) {{
            for (volatile int n = 0; n < 100000; n++) {{ }} REG(0x40010600) = 0x6E524635;
        }}
        note(5);
        for (;;) {{ }}
    }}
    """
    answer, trail = run_program(body, tmp_path)
    assert trail == [0, 0, 5]
    assert answer["fault"] == "the watchdog bit: nobody reloaded it for 0.1 s (WDT.CRV = 3276)"
    assert [entry["reason"] for entry in answer["resets"]] == [2]
    answer, trail = run_program(body, tmp_path, runs=2)
    assert ended(answer)
    assert trail == [2, 0, 0]


@pytest.mark.parametrize(("config", "state"), [(1, "fault"), (0, "time")])
def test_a_watchdog_counts_sleep_if_it_is_told_to(config: int, state: str, tmp_path: Path) -> None:
    body = f"""
    void image_main(void)
    {{
        {WATCHDOG.format(config=config)} note(REG(0x40010400));
        REG(0x40010504) = 1; note(REG(0x40010504));
        for (;;) __asm volatile("wfi");
    }}
    """
    answer, trail = run_program(body, tmp_path, until=64_000_000)
    assert answer["state"] == state
    assert trail == [1, 3276], "its settings are locked"


def test_every_enabled_reload_register_is_needed(tmp_path: Path) -> None:
    body = f"""
    void image_main(void)
    {{
        REG(0x40010508) = 3;
        {WATCHDOG.format(config=1)}
        note(REG(0x40010404)); REG(0x40010600) = 0x6E524635; note(REG(0x40010404));
        REG(0x40010604) = 0x6E524635; note(REG(0x40010404));
        for (;;) REG(0x40010600) = 0x6E524635;
    }}
    """
    answer, trail = run_program(body, tmp_path)
    assert "the watchdog bit" in answer["fault"]
    assert trail == [3, 2, 3]


def test_a_pace_goes_on_however_late_its_interrupt_is_taken(tmp_path: Path) -> None:
    """Just before the next comparison, step by step around the last tick that lets one be set."""
    body = """
    #include "firmware/pace.h"
    void interrupt_rtc0(void);
    static void until_tick(uint32_t tick) { while (pace_ticks() != tick) barrier(); }
    static int goes_on(uint32_t rounds)
    {
        pace_start(8, 8);
        until_tick(9);
        __asm volatile("cpsid i");
        until_tick(22); /* the comparison with 16 is pending, the next one is 24 */
        __asm volatile("1: subs %0, %0, #1\\n\\tbne 1b" : "+r"(rounds) : : "cc");
        __asm volatile("cpsie i");
        barrier();
        pace_taken();
        until_tick(40);
        const int due = pace_due();
        pace_stop();
        return due;
    }
    void image_main(void)
    {
        uint32_t missed = 0;
        set_handler(16 + 11, interrupt_rtc0);
        for (uint32_t rounds = 420; rounds < 500; rounds++) missed += !goes_on(rounds);
        note(missed);
    }
    """
    firmware = device_sources("firmware")
    names = ("pace.c", "pace.h", "nrf52840.h")
    sources = {f"firmware/{name}": firmware[f"firmware/{name}"] for name in names}
    answer, trail = run_program(body, tmp_path, sources=sources)
    assert ended(answer)
    assert trail == [0]
