"""Exceptions against QEMU's mps2-an386: the same program leaves the same trail in both.

The trail holds what each handler sees: its number, EXC_RETURN, CONTROL, the masks, ICSR, where the
stack is, and the stacked frame word by word. Time differs, so nothing depends on it. FPU registers
are compared once a handler has used the FPU: before that the core may leave their place empty.
"""

from __future__ import annotations

import random
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from board.bare import emulated, link_bare
from coincell.firmware import Image

pytestmark = pytest.mark.skipif(
    not shutil.which("qemu-system-arm"), reason="qemu-system-arm is absent"
)

WORDS = 32_768
PRELUDE = """
#include <stdint.h>
#define REG(a) (*(volatile uint32_t *)(a))
#define ICSR REG(0xE000ED04)
#define PEND(irq) REG(0xE000E200) = 1u << (irq)
#define PRIORITY(irq, value) (*(volatile uint8_t *)(0xE000E400u + (irq)) = (value))
#define SYSTEM_PRIORITY(n, value) (*(volatile uint8_t *)(0xE000ED14u + (n)) = (value))
#define READ(name) ({ uint32_t v; __asm volatile("mrs %0, " #name : "=r"(v)); v; })
#define CONTROL (READ(control) & 7u) /* bit 3 is none on this core; the emulator may set it */
#define WRITE(name, v) __asm volatile("msr " #name ", %0\\n isb" ::"r"(v) : "memory")
volatile uint32_t trail[32768];
volatile uint32_t trail_length;
static inline void note(uint32_t what) { if (trail_length < 32768) trail[trail_length++] = what; }
static inline void barrier(void) { __asm volatile("dsb\\n\\tisb" ::: "memory"); }
typedef void (*handler)(void);
extern uint32_t image_stack_bottom[];
__attribute__((aligned(512))) handler table[64];
void image_main(void);
void finish(void);
void seen(uint32_t *frame, uint32_t returning);
void inside(uint32_t *frame, uint32_t number);
/* Every exception comes here: the frame is on the stack that EXC_RETURN names. */
__attribute__((naked, used)) static void entry(void)
{
    __asm volatile("tst lr, #4\\n ite eq\\n mrseq r0, msp\\n mrsne r0, psp\\n mov r1, lr\\n"
                   "push {r4, lr}\\n bl seen\\n pop {r4, pc}");
}
static inline uint32_t place(const void *address)
{
    return (uint32_t)((uintptr_t)address - (uintptr_t)image_stack_bottom);
}
__attribute__((used)) void seen(uint32_t *frame, uint32_t returning)
{
    note(0xE0000000u | READ(ipsr));
    note(returning); note(CONTROL); note(READ(primask)); note(READ(basepri));
    note(ICSR & 0x1FFFFFu); note(REG(0xE000E300)); note(REG(0xE000E200)); note(place(frame));
    for (int i = 0; i < 8; i++) note(frame[i]);
    inside(frame, READ(ipsr));
    note(0xEE000000u | READ(ipsr));
}
static inline void set_up(void)
{
    for (int i = 2; i < 64; i++) table[i] = entry;
    REG(0xE000ED08) = (uint32_t)(uintptr_t)table;
    barrier();
}
__attribute__((noinline)) void finish(void)
{
    static char text[16];
    for (uint32_t i = 0; i < trail_length; i++) {
        for (int n = 0; n < 8; n++) text[n] = "0123456789abcdef"[trail[i] >> (28 - 4 * n) & 15];
        text[8] = '\\n';
        register uint32_t operation __asm("r0") = 4; /* semihosting: write a string */
        register char *argument __asm("r1") = text;
        __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    }
}
"""


def trail_in_qemu(image: Image) -> list[int]:
    command = (
        "qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none "
        f"-semihosting-config enable=on,target=native -kernel {image.elf}"
    )
    done = subprocess.run(command.split(), check=True, timeout=10, capture_output=True, text=True)
    return [int(line, 16) for line in re.findall(r"^[0-9a-f]{8}$", done.stdout + done.stderr, re.M)]


def trail_here(image: Image) -> list[int]:
    with emulated(image) as emulator:
        answer, _ = emulator.ask("run", budget=30_000_000, until=1 << 27)
        assert (answer["state"], answer["fault"]) == ("fault", "a breakpoint")
        length = image.parsed.symbol("trail_length").address
        count = int.from_bytes(emulator.ask("read", address=length, count=4)[1], "little")
        begin = image.parsed.symbol("trail").address
        data = emulator.ask("read", address=begin, count=4 * count)[1]
    return list(struct.unpack(f"<{count}I", data))


def both(body: str, folder: Path) -> list[int]:
    """The trail, when both emulators agree on it."""
    image = link_bare({"main.c": PRELUDE + body}, folder)
    here, there = trail_here(image), trail_in_qemu(image)
    differing = next(
        (i for i, pair in enumerate(zip(here, there, strict=False)) if len({*pair}) > 1), -1
    )
    if differing >= 0 or len(here) != len(there):
        around = slice(max(differing - 24, 0), differing + 8)
        pairs = [f"{a:08x} {b:08x}" for a, b in zip(here[around], there[around], strict=False)]
        raise AssertionError(
            f"word {differing} of {len(here)} and {len(there)}; here and in QEMU:\n"
            + "\n".join(pairs)
        )
    assert len(there) < WORDS, "the trail is full"
    return there


CASES = {
    "pending from thread mode": (
        """PEND(5); barrier(); note(1); ICSR = 1u << 28; barrier(); note(2);
           ICSR = 1u << 26; barrier(); note(3); REG(0xE000EF00) = 6; barrier(); note(4);
           ICSR = 1u << 31; barrier(); note(5);""",
        "",
        5,
    ),
    "supervisor calls, their numbers and answers": (
        """register uint32_t answer __asm("r0") = 5;
           __asm volatile("svc #42" : "+r"(answer) :: "memory"); note(answer);
           __asm volatile("svc #1" : "+r"(answer) :: "memory"); note(answer);""",
        """if (number == 11) { note(((uint8_t *)frame[6])[-2]); frame[0] = frame[0] * 3 + 1; }""",
        2,
    ),
    "flags, and calls within an IT block": (
        """uint32_t a = 0, b = 0;
           __asm volatile("movs r0, #1\\n cmp r0, #1\\n ittt eq\\n svceq #1\\n moveq %0, #7\\n"
                          "moveq %1, #8\\n adds r0, r0, #0\\n svc #2\\n"
                          "mvn r0, #0\\n adds r0, #1\\n svc #3\\n ite cs\\n movcs r0, #1\\n"
                          "movcc r0, #2\\n svc #4"
                          : "+r"(a), "+r"(b) :: "r0", "cc", "memory");
           note(a); note(b);""",
        "",
        4,
    ),
    "a stack that is no multiple of 8": (
        """__asm volatile("push {r3}\\n svc #1\\n pop {r3}\\n push {r2, r3}\\n svc #1\\n"
                          "pop {r2, r3}" ::: "r2", "r3", "memory");""",
        "",
        2,
    ),
    "nesting by priority": (
        """PRIORITY(5, 0xC0); PRIORITY(6, 0x40); PRIORITY(7, 0x80); PEND(5); barrier(); note(1);""",
        """static int times;
           if (number == 21 && times++ < 2) { PEND(7); barrier(); note(21); }
           if (number == 23) { PEND(6); PEND(5); barrier(); note(23); }""",
        4,
    ),
    "tail-chaining in the order of priority, then number": (
        """PRIORITY(5, 0x80); PRIORITY(6, 0x80); PRIORITY(7, 0x60);
           __asm volatile("cpsid i"); PEND(6); PEND(5); PEND(7); ICSR = 1u << 28; barrier();
           note(ICSR >> 12 & 0x1FF); __asm volatile("cpsie i\\n isb"); note(1);""",
        "",
        4,
    ),
    "groups of priorities": (
        """REG(0xE000ED0C) = 0x05FA0000u | 6u << 8; note(REG(0xE000ED0C) & 0x700);
           PRIORITY(5, 0x60); PRIORITY(6, 0x20); PRIORITY(7, 0x80); PEND(7); barrier(); note(1);""",
        """if (number == 23) { PEND(5); barrier(); note(23); }
           if (number == 21) { PEND(6); barrier(); note(21); }""",
        3,
    ),
    "masks": (
        """PRIORITY(5, 0x80); PRIORITY(6, 0x40);
           WRITE(basepri, 0x80); PEND(5); barrier(); note(1); PEND(6); barrier(); note(2);
           WRITE(basepri_max, 0xC0); note(READ(basepri)); WRITE(basepri_max, 0x40);
           note(READ(basepri)); PEND(6); barrier(); note(3); WRITE(basepri, 0); note(4);
           WRITE(primask, 1); PEND(5); barrier(); note(5); ICSR = 1u << 31; barrier(); note(6);
           WRITE(primask, 0); note(7);
           __asm volatile("cpsid f"); PEND(5); barrier(); note(READ(faultmask));
           __asm volatile("cpsie f\\n isb"); note(8);""",
        "if (number == 21) { WRITE(primask, 1); PEND(6); barrier(); note(9); WRITE(primask, 0); }",
        8,
    ),
    "pended again in its own handler": (
        "PEND(5); barrier(); note(1);",
        "static int times; if (times++ < 3) { PEND(5); barrier(); note(2); }",
        4,
    ),
    "disabled, enabled, cleared": (
        """REG(0xE000E180) = 1u << 5; PEND(5); barrier(); note(REG(0xE000E200));
           REG(0xE000E280) = 1u << 5; note(REG(0xE000E200)); PEND(5); barrier(); note(1);
           REG(0xE000E100) = 1u << 5; barrier(); note(2); note(REG(0xE000E100));""",
        "",
        1,
    ),
    "waiting with masks closed": (
        """__asm volatile("cpsid i"); ICSR = 1u << 28; barrier(); __asm volatile("wfi"); note(1);
           __asm volatile("cpsie i\\n isb"); note(2);
           REG(0xE000E014) = 20000; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
           while (REG(0xE000E010) & 1) { }""",
        """static int ticks;
           if (number == 15) {
               if (++ticks == 3) { REG(0xE000E010) = 0; }
               trail_length -= 17; note((uint32_t)ticks);
           }""",
        1,
    ),
    "another place to return to": (
        """uint32_t way;
           __asm volatile("movs %0, #1\\n svc #1\\n movs %0, #2\\n b 2f\\n nop\\n"
                          "movs %0, #3\\n 2: nop" : "=&l"(way) :: "memory"); note(way);""",
        "if (number == 11) frame[6] += 6;",
        1,
    ),
    "the FPU's registers in the frame": (
        """float values[16]; uint32_t status;
           __asm volatile("mov r4, %0\\n vmov.f32 s0, #1.0\\n vmov.f32 s1, #2.0\\n"
                          "vadd.f32 s15, s0, s1\\n vmov s7, r4\\n vcmp.f32 s0, s1\\n svc #1\\n"
                          "vstmia r4, {s0-s15}\\n vmrs r4, fpscr\\n str r4, [%1]"
                          :: "r"(values), "r"(&status) : "r4", "s0", "s1", "s7", "s15", "memory");
           const uint32_t *words = (const uint32_t *)values;
           note(words[0]); note(words[1]); note(words[15]); note(status); note(CONTROL);""",
        """__asm volatile("vmov.f32 s0, #3.0\\n vmov.f32 s1, s0\\n vmov.f32 s15, s0\\n"
                          "vcmp.f32 s0, s0" ::: "s0", "s1", "s15", "cc");
           note(CONTROL); uint32_t status; __asm volatile("vmrs %0, fpscr" : "=r"(status));
           note(status & 0x0FFFFFFF);
           note(frame[8]); note(frame[9]); note(frame[23]); note(frame[24]);""",
        1,
    ),
    "the FPU's rounding is the handler's own": (
        """__asm volatile("vmsr fpscr, %0\\n vmov.f32 s0, #1.0\\n svc #1"
                          :: "r"(3u << 22 | 1u << 24) : "s0", "memory");
           uint32_t status; __asm volatile("vmrs %0, fpscr" : "=r"(status)); note(status);
           __asm volatile("vmsr fpscr, %0" :: "r"(0));""",
        """uint32_t status;
           __asm volatile("vmov.f32 s1, #1.0\\n vmrs %0, fpscr" : "=r"(status) :: "s1");
           note(status); note(frame[24]);""",
        1,
    ),
    "nested handlers that use the FPU": (
        """PRIORITY(5, 0xC0); PRIORITY(6, 0x40); float x;
           __asm volatile("vmov.f32 s3, #1.0" ::: "s3"); PEND(5); barrier();
           __asm volatile("vmov %0, s3" : "=r"(x)); note(*(uint32_t *)&x); note(CONTROL);
           __asm volatile("mrs r0, control\\n bic r0, #12\\n msr control, r0\\n isb" ::: "r0");
           PEND(5); barrier(); note(CONTROL);""",
        """if (number == 21) {
               PEND(6); barrier(); __asm volatile("vmov.f32 s3, #2.0" ::: "s3");
               PEND(6); barrier(); uint32_t word; __asm volatile("vmov %0, s3" : "=r"(word));
               note(word);
           } else {
               __asm volatile("vmov.f32 s3, #3.0\\n vmov.f32 s15, s3" ::: "s3", "s15");
               note(CONTROL);
           }""",
        6,
    ),
    "the process stack": (
        """static uint32_t process[128];
           __asm volatile("mov r4, sp\\n msr psp, %0\\n movs r3, #2\\n msr control, r3\\n isb\\n"
                          "svc #1\\n vmov.f32 s0, #1.0\\n svc #2\\n push {r3}\\n"
                          "svc #3\\n pop {r3}\\n"
                          "mrs r3, control\\n bic r3, #6\\n msr control, r3\\n isb\\n mov sp, r4"
                          :: "r"(&process[120]) : "r3", "r4", "s0", "memory");
           note(CONTROL); note(READ(psp) - (uint32_t)process);""",
        "if (number == 11) { PEND(5); barrier(); note(READ(msp) & 7); }",
        6,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_trail_as_qemu(case: str, tmp_path: Path) -> None:
    main, inside, exceptions = CASES[case]
    body = f"""
    void inside(uint32_t *frame, uint32_t number)
    {{
        (void)frame; (void)number;
        {inside}
    }}
    void image_main(void)
    {{
        set_up(); REG(0xE000E100) = 0xFF;
        SYSTEM_PRIORITY(14, 0xE0);
        {main}
        finish();
    }}
    """
    trail = both(body, tmp_path)
    taken = sum(word >> 24 == 0xE0 for word in trail)
    assert taken >= exceptions


SWITCHING = """
/* Two threads on stacks of their own, switched by PendSV; one uses the FPU. */
static uint32_t stacks[2][256];
static uint32_t *tops[2];
static volatile uint32_t current, switches;
__attribute__((used)) uint32_t *switch_to(uint32_t *top);
__attribute__((used)) uint32_t *switch_to(uint32_t *top)
{
    note(place(top)); note(CONTROL); note(ICSR & 0x1FF);
    tops[current] = top; current ^= 1; switches++;
    return tops[current];
}
__attribute__((naked, used)) static void switching(void)
{
    __asm volatile("mrs r0, psp\\n tst lr, #16\\n it eq\\n vstmdbeq r0!, {s16-s31}\\n"
                   "stmdb r0!, {r4-r11, lr}\\n push {r3, lr}\\n bl switch_to\\n pop {r3, lr}\\n"
                   "ldmia r0!, {r4-r11, lr}\\n tst lr, #16\\n it eq\\n vldmiaeq r0!, {s16-s31}\\n"
                   "msr psp, r0\\n bx lr");
}
static void yield(void) { ICSR = 1u << 28; barrier(); }
__attribute__((noinline, noreturn)) static void first(void)
{
    for (uint32_t i = 0;; i++) { note(0x100 + i); yield(); if (switches > 20) { finish();
        __asm volatile("mov r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xAB"); } }
}
__attribute__((noinline, noreturn)) static void second(void)
{
    float x = 1.0f;
    for (uint32_t i = 0;; i++) {
        x = x * 1.5f;
        __asm volatile("vmov.f32 s20, %0\\n" :: "t"(x) : "s20");
        note(0x200 + i); if (i % 3) yield();
        uint32_t kept; __asm volatile("vmov %0, s20" : "=r"(kept)); note(kept);
        union { float f; uint32_t w; } u = {x}; note(u.w);
    }
}
void inside(uint32_t *frame, uint32_t number) { (void)frame; (void)number; }
void image_main(void)
{
    set_up(); table[14] = switching; SYSTEM_PRIORITY(14, 0xE0);
    uint32_t *top = &stacks[1][256 - 8];
    top[5] = 0; top[6] = (uint32_t)(uintptr_t)second & ~1u; top[7] = 1u << 24;
    for (int i = 1; i < 9; i++) top[-1 - i] = (uint32_t)i;
    top[-1] = 0xFFFFFFFDu; tops[1] = top - 9;
    WRITE(psp, (uint32_t)&stacks[0][256]);
    WRITE(control, 2);
    first();
}
"""


def test_threads_are_switched_as_in_qemu(tmp_path: Path) -> None:
    trail = both(SWITCHING, tmp_path)
    assert {0x100, 0x101, 0x105, 0x200, 0x205} <= set(trail)


RANDOM = """
enum { NOTHING, PEND_IRQ, UNPEND, ENABLE, DISABLE, SET_PRIORITY, BASE, PRIME, CALL, FLOAT, PENDSV,
       SYSTICK, NMI_, FLAGS, GROUP };
extern const uint8_t script[];
extern const uint32_t script_length;
static volatile uint32_t at;
static void step(uint32_t number)
{
    const uint32_t what = script[at], value = script[at + 1];
    at += 2;
    switch (what) {
    case PEND_IRQ: PEND(value & 7); break;
    case UNPEND: REG(0xE000E280) = 1u << (value & 7); break;
    case ENABLE: REG(0xE000E100) = value; break;
    case DISABLE: REG(0xE000E180) = value & 0x11; break;
    case SET_PRIORITY: PRIORITY(value & 7, (value & 0xE0) < 0x20 ? 0x20 : value & 0xE0); break;
    case BASE: WRITE(basepri, value & 0xE0); break;
    case PRIME: WRITE(primask, value & 1); break;
    case CALL:
        if (!(READ(primask) & 1) && number == 0 && READ(basepri) == 0) { /* else HardFault */
            __asm volatile("svc #1" ::: "memory");
        }
        break;
    case FLOAT: __asm volatile("vmov s5, %0\\n vmov s9, %0" :: "r"(value) : "s5", "s9"); break;
    case PENDSV: ICSR = 1u << 28; break;
    case SYSTICK: ICSR = 1u << 26; break;
    case NMI_: if (number != 2) ICSR = 1u << 31; break;
    case FLAGS:
        __asm volatile("subs r0, %0, #100\\n svc #2" :: "r"(value) : "r0", "cc", "memory");
        break;
    case GROUP: REG(0xE000ED0C) = 0x05FA0000u | (4 + (value & 3)) << 8; break;
    default: break;
    }
    barrier();
}
void inside(uint32_t *frame, uint32_t number)
{
    if (CONTROL & 4) note(frame[13]);
    const uint32_t steps = at < script_length ? script[at] % 4u : 0;
    for (uint32_t i = 0; i < steps && at + 2 < script_length; i++) step(number);
    WRITE(primask, 0);
}
void image_main(void)
{
    set_up(); REG(0xE000E100) = 0xFF;
    for (int i = 0; i < 8; i++) PRIORITY(i, 0x20 * (7 - i % 4));
    SYSTEM_PRIORITY(14, 0xE0); SYSTEM_PRIORITY(15, 0x60);
    while (at + 2 < script_length) {
        note(at << 16 | 0xFFFF);
        uint32_t kept = at * 77u, after = 0;
        if (at & 4) __asm volatile("vmov s5, %0" :: "r"(kept) : "s5");
        const uint32_t control = CONTROL;
        step(0);
        if (control & 4 && at & 4) { __asm volatile("vmov %0, s5" : "=r"(after)); note(after); }
    }
    finish();
}
"""


@pytest.mark.parametrize("seed", range(8))
def test_random_sequences_leave_the_same_trail_as_qemu(seed: int, tmp_path: Path) -> None:
    """Masks, priorities, calls and interrupts in any order, in threads and in handlers."""
    draw = random.Random(seed)
    kinds = [1, 1, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10, 11, 12, 14]
    script = [byte for _ in range(500) for byte in (draw.choice(kinds), draw.randrange(256))]
    data = ", ".join(map(str, script))
    text = f"const uint8_t script[] = {{{data}}};\nconst uint32_t script_length = {len(script)};\n"
    text = re.sub(r"((?:\d+, ){24})", r"\1\n", text)
    trail = both(RANDOM + text, tmp_path)
    assert sum(word >> 24 == 0xE0 for word in trail) > 50
