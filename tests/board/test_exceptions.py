"""Time, sleep and exceptions of the virtual board, by programs that tell what happened to them."""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from board.bare import emulated, link_bare
from board.programs import PRELUDE, ended, run_program
from coincell.board.emulator_worker.schedule import SWEEP, Schedule

BETWEEN = {
    "nothing": ("", 0),
    "three": ("nop\\n nop\\n nop", 3),
    "multiply": ("mul r2, r3, r3\\n smlad r2, r2, r3, r3", 2),
    "loop": ("movs r2, #10\\n 3: subs r2, #1\\n bne 3b", 1 + 10 * 2 + 9 * 2),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_the_cycle_counter_is_exact_to_the_instruction(name: str, tmp_path: Path) -> None:
    """The same pair of reads with something between them takes that many cycles more."""

    def taken(code: str) -> int:
        body = f"""
        __attribute__((noinline)) static void stretch(void)
        {{
            uint32_t before, after;
            __asm volatile("ldr %0, [%2]\\n nop\\n {code}\\n nop\\n ldr %1, [%2]"
                : "=&r"(before), "=&r"(after) : "r"(0xE0001004) : "r2", "r3", "cc");
            note(after - before);
        }}
        void image_main(void) {{ count_cycles(); stretch(); stretch(); }}
        """
        answer, trail = run_program(body, tmp_path / str(len(code)))
        assert ended(answer)
        assert trail[0] == trail[1], "the first time as later"
        return trail[0]

    code, cycles = BETWEEN[name]
    assert taken(code) - taken("") == cycles


def test_systick_interrupts_at_its_pace(tmp_path: Path) -> None:
    body = """
    static void tick(void) { note(cycles()); }
    void image_main(void)
    {
        count_cycles();
        set_handler(15, tick);
        REG(0xE000E014) = 999; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
        while (trail_length < 10) { }
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    steps = {after - before for before, after in pairwise(trail)}
    assert all(abs(step - 1000) <= 12 for step in steps)
    assert abs(trail[9] - trail[0] - 9000) <= 12, "it does not drift"


def test_priorities_nest_and_masks_hold_back(tmp_path: Path) -> None:
    body = """
    static void low(void) { note(ipsr()); REG(0xE000E200) = 1u << 6; barrier(); note(100); }
    static void high(void) { note(ipsr()); }
    void image_main(void)
    {
        set_handler(16 + 5, low); set_handler(16 + 6, high);
        *(volatile uint8_t *)0xE000E405 = 0xC0; *(volatile uint8_t *)0xE000E406 = 0x40;
        REG(0xE000E100) = 3u << 5;
        __asm volatile("cpsid i"); REG(0xE000E200) = 1u << 5; barrier(); note(1);
        __asm volatile("cpsie i"); note(2);
        __asm volatile("msr basepri, %0" :: "r"(0x80));
        REG(0xE000E200) = 3u << 5; barrier(); note(3);
        __asm volatile("msr basepri, %0" :: "r"(0)); note(4);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [1, 21, 22, 100, 2, 22, 3, 21, 22, 100, 4]


def test_equal_priorities_wait_and_chain(tmp_path: Path) -> None:
    body = """
    static void first(void) { note(ipsr()); REG(0xE000E200) = 1u << 3; barrier(); note(100); }
    static void other(void) { note(ipsr()); }
    void image_main(void)
    {
        set_handler(16 + 5, first); set_handler(16 + 3, other); set_handler(14, other);
        REG(0xE000ED20) = 0xE0u << 16; /* PendSV comes last */
        REG(0xE000E100) = 0xFF;
        __asm volatile("cpsid i");
        REG(0xE000ED04) = 1u << 28; REG(0xE000E200) = 1u << 5;
        __asm volatile("cpsie i");
        note(1);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [21, 100, 19, 14, 1]


def test_registers_and_fpu_survive_an_interrupt(tmp_path: Path) -> None:
    body = """
    static void spoil(void)
    {
        __asm volatile("vmov.f32 s0, #2.0\\n vmov.f32 s15, #2.0\\n vmov.f32 s1, s0\\n"
                       "movs r0, #0\\n movs r1, #0\\n movs r2, #0\\n movs r3, #0\\n mov r12, r0\\n"
                       "cmp r0, r0" ::: "r0", "r1", "r2", "r3", "r12", "s0", "s1", "s15", "cc");
        trail[20]++;
    }
    void image_main(void)
    {
        set_handler(16 + 5, spoil);
        REG(0xE000E100) = 1u << 5;
        uint32_t r[5], s, f;
        __asm volatile("vmov.f32 s15, #1.0\\n movs r1, #11\\n movs r2, #12\\n movs r3, #13\\n"
                       "mov r12, #14\\n cmp r1, r2\\n str %3, [%2]\\n b 1f\\n 1: nop\\n"
                       "ite lt\\n movlt %1, #1\\n movge %1, #2\\n"
                       "str r1, [%4]\\n str r2, [%4, #4]\\n"
                       "str r3, [%4, #8]\\n str r12, [%4, #12]\\n"
                       "vmov %0, s15"
                       : "=&r"(s), "=&r"(f) : "r"(0xE000E200), "r"(1u << 5), "r"(r)
                       : "r1", "r2", "r3", "r12", "cc", "memory", "s15");
        for (int i = 0; i < 4; i++) note(r[i]);
        note(s); note(f); note(trail[20]);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [11, 12, 13, 14, 0x3F800000, 1, 1]


def test_a_supervisor_call_from_the_process_stack(tmp_path: Path) -> None:
    """Thread code on PSP, the handler on MSP; the call's number is found through the frame."""
    body = """
    static uint32_t process_stack[64];
    __attribute__((used)) static void called(uint32_t *frame)
    {
        note(((uint8_t *)frame[6])[-2]); note(frame[0]);
        uint32_t sp;
        __asm volatile("mov %0, sp" : "=r"(sp));
        note(sp > (uint32_t)&process_stack[64] || sp < (uint32_t)process_stack);
        frame[0] = 77;
    }
    __attribute__((naked)) static void service(void)
    {
        __asm volatile("push {r4, lr}\\n mrs r0, psp\\n bl called\\n pop {r4, pc}");
    }
    void image_main(void)
    {
        set_handler(11, service);
        register uint32_t answer __asm("r0") = 5;
        __asm volatile("mov r4, sp\\n msr psp, %1\\n movs r3, #2\\n msr control, r3\\n isb\\n"
                       "svc #42\\n movs r3, #0\\n msr control, r3\\n isb\\n mov sp, r4"
                       : "+r"(answer) : "r"(&process_stack[60]) : "r3", "r4", "memory");
        note(answer);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [42, 5, 1, 77]


def test_events_wake_and_a_set_event_does_not_sleep(tmp_path: Path) -> None:
    body = """
    void image_main(void)
    {
        count_cycles();
        note(1); __asm volatile("sev\\n wfe"); note(2); __asm volatile("sev\\n wfe"); note(3);
        REG(0xE000E014) = 9999; REG(0xE000E018) = 0;
        __asm volatile("cpsid i"); REG(0xE000E010) = 7;
        uint32_t before = cycles();
        __asm volatile("wfi"); note(4); note(cycles() - before < 100);
    }
    """
    answer, trail = run_program(body, tmp_path, until=1_000_000)
    assert ended(answer)
    assert trail == [1, 2, 3, 4, 1], "the cycle counter stands still in sleep"
    now = answer["now"]
    assert isinstance(now, int)
    assert 10_000 < now < 20_000, "time does not"


def test_sleep_lasts_until_the_time_asked_for(tmp_path: Path) -> None:
    answer, _ = run_program(
        'void image_main(void) { note(1); __asm volatile("wfi"); }', tmp_path, until=64_000_000
    )
    assert (answer["state"], answer["now"]) == ("time", 64_000_000)


def test_a_handler_that_is_missing_is_told(tmp_path: Path) -> None:
    body = """
    void image_main(void) { note(1); set_handler(15, 0); REG(0xE000ED04) = 1u << 26; for (;;) {} }
    """
    answer, _ = run_program(body, tmp_path)
    assert re.search(r"exception 15 \(SysTick\) is taken.*no handler", str(answer["fault"]))


def test_a_vector_table_outside_memory_is_told(tmp_path: Path) -> None:
    for table in (0xFFFFFF80, 0x12345680, 0x40000000):
        body = f"""
        void image_main(void)
        {{
            note(1); REG(0xE000ED08) = {table}u;
            REG(0xE000ED04) = 1u << 28; barrier(); for (;;) {{}}
        }}
        """
        answer, _ = run_program(body, tmp_path / hex(table))
        assert answer["state"] == "fault"
        assert re.search(
            r"exception 14 \(PendSV\) is.*neither in flash nor in RAM", str(answer["fault"])
        )


def test_an_interrupt_that_is_never_cleared_is_a_hang(tmp_path: Path) -> None:
    body = """
    static void tick(void) { }
    void image_main(void)
    {
        note(1); set_handler(15, tick);
        REG(0xE000E014) = 1; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
        for (;;) { }
    }
    """
    answer, _ = run_program(body, tmp_path)
    assert answer["state"] == "fault"
    assert "exception 15 (SysTick) is taken again and again" in str(answer["fault"])


def test_a_fast_systick_is_no_event_while_nobody_waits_for_it(tmp_path: Path) -> None:
    """Asleep for an hour, with a flag that rises 32 million times a second."""
    body = """
    void image_main(void)
    {
        note(1);
        REG(0xE000E014) = 1; REG(0xE000E018) = 0; REG(0xE000E010) = 5;
        __asm volatile("wfi");
    }
    """
    answer, _ = run_program(body, tmp_path, until=64_000_000 * 3600)
    assert (answer["state"], answer["now"]) == ("time", 64_000_000 * 3600)


def test_systick_counts_down_and_wraps_as_its_registers_say(tmp_path: Path) -> None:
    """COUNTFLAG once a wrap and read, VAL from LOAD to 0, a new LOAD from the next wrap on."""
    body = """
    static void wait(uint32_t until) { while (cycles() < until) { } }
    void image_main(void)
    {
        count_cycles();
        REG(0xE000E014) = 4999; REG(0xE000E018) = 77; REG(0xE000E010) = 5;
        uint32_t begun = cycles();
        note(REG(0xE000E018) > 4900); note(REG(0xE000E010) >> 16);
        wait(begun + 2500); note((REG(0xE000E018) + 50) / 100); note(REG(0xE000E010) >> 16);
        REG(0xE000E014) = 1999;
        wait(begun + 5500); note((REG(0xE000E018) + 50) / 100); note(REG(0xE000E010) >> 16);
        note(REG(0xE000E010) >> 16);
        wait(begun + 27500); note((REG(0xE000E018) + 50) / 100); note(REG(0xE000E010) >> 16);
        REG(0xE000E010) = 4; uint32_t held = REG(0xE000E018);
        wait(begun + 30000); note(held == REG(0xE000E018));
        REG(0xE000E010) = 5; note(held - REG(0xE000E018) < 20);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [1, 0, 25, 0, 15, 1, 0, 15, 1, 1, 1]


def test_systick_that_is_masked_is_pending_once(tmp_path: Path) -> None:
    body = """
    static void tick(void) { trail[20]++; }
    void image_main(void)
    {
        note(1); set_handler(15, tick); __asm volatile("cpsid i");
        REG(0xE000E014) = 999; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
        count_cycles();
        while (cycles() < 10500) { }
        note(REG(0xE000ED04) >> 26 & 1);
        __asm volatile("cpsie i\\n isb"); barrier(); note(trail[20]);
        while (cycles() < 12500) { }
        note(trail[20]);
        __asm volatile("cpsid i"); while (cycles() < 14000) { }
        REG(0xE000ED04) = 1u << 25; note(REG(0xE000ED04) >> 26 & 1);
        __asm volatile("cpsie i\\n isb"); barrier(); note(trail[20]);
        while (cycles() < 15500) { }
        note(trail[20]);
    }
    """
    answer, trail = run_program(body, tmp_path)
    assert ended(answer)
    assert trail == [1, 1, 1, 3, 0, 3, 4]


def test_counts_of_what_is_interrupted_are_those_without_interrupts(tmp_path: Path) -> None:
    """Instructions by function: the handler's are added, and nothing else changes."""

    def counted(start: str) -> dict[str, int]:
        body = f"""
        __attribute__((noinline)) static void work(void)
        {{
            for (volatile int i = 0; i < 20000; i++) {{ }}
        }}
        static void tick(void) {{ trail[9]++; }}
        void image_main(void) {{ note(1); set_handler(15, tick); {start} work(); }}
        """
        image = link_bare({"main.c": PRELUDE + body}, tmp_path / str(len(start)))
        with emulated(image) as emulator:
            emulator.ask("count", on=True, owner=1)
            assert ended(emulator.ask("run", budget=1 << 40)[0])
            table = emulator.ask("count", on=False, owner=1)[1]
        found: dict[str, int] = {}
        for address, size, _, runs, _ in struct.iter_unpack("<IHHQQ", table):
            name = image.parsed.symbol_at(address).split("+")[0]
            found[name] = found.get(name, 0) + runs * size
        return found

    alone = counted("")
    beside = counted("REG(0xE000E014) = 999; REG(0xE000E018) = 0; REG(0xE000E010) = 7;")
    assert beside["tick"] > 1000
    assert "tick" not in alone
    assert beside["work"] == alone["work"] > 100_000


def test_the_schedule_forgets_what_was_cancelled() -> None:
    schedule, rung = Schedule(lambda _: None), []
    schedule.at(5, lambda: rung.append(5))
    for moment in range(10 * SWEEP):
        schedule.at(1_000_000 + moment, lambda: rung.append(0)).cancel()
    schedule.at(4, lambda: rung.append(4))
    assert len(schedule) <= SWEEP + 1
    while (event := schedule.take(2_000_000)) is not None:
        event.call()
    assert rung == [4, 5]


def test_a_jump_to_the_first_address_of_memory_is_told(tmp_path: Path) -> None:
    """Nothing lies in front of it to look at."""
    body = """
    void image_main(void) { note(1); __asm volatile("movs r0, #0\\n bx r0"); }
    """
    answer, _ = run_program(body, tmp_path)
    assert answer["state"] == "fault"
    assert answer["fault"]
