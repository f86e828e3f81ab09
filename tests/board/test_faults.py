"""Every fault is told with function, file, line and callers, and with what to try."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from board.bare import board_at_zero, link_bare
from board.programs import PRELUDE
from coincell.board import StackOverflowError, VirtualBoard
from coincell.board.faults import SourceMap, hint_for
from coincell.errors import BoardError
from coincell.firmware import Image, read_elf

# Each fault's own line is the one with the mark.
CASES = {
    "read from nowhere": (
        "chosen = REG(0x30000000);",
        r"4-byte read from 0x30000000",
        "neither memory nor a peripheral",
    ),
    "write to flash": (
        "REG((uint32_t)chosen_pointer + 0x400) = 1;",
        "4-byte write to flash at 0x00000400",
        "NVMC",
    ),
    "null": (
        "chosen = *(volatile uint32_t *)(uintptr_t)(chosen_pointer + 0x200000);",
        "read from 0x00200000",
        "neither memory",
    ),
    "undefined": ('__asm volatile("udf #3");', "an invalid instruction, 0xde03", "trap"),
    "undefined in 32 bits": (
        '__asm volatile("nop\\n .short 0xf7f0\\n .short 0xa000");',
        "an invalid instruction, 0xf7f0 0xa000",
        "core",
    ),
    "a register without a model": (
        "REG(0x40002800) = 1;",
        r"write to 0x40002800 \(UARTE0\), a register that the virtual board does not model",
        "coincell flash",
    ),
    "a peripheral without a model": (
        "chosen = REG(0x4000E504);",
        "read from 0x4000e504, a register that the virtual board does not model",
        "coincell flash",
    ),
    "division": (
        "REG(0xE000ED14) |= 16; chosen = chosen / (chosen_pointer * 2);",
        r"division by zero, which CCR.DIV_0_TRP makes a fault",
        "divisor",
    ),
    "unaligned LDRD": (
        '__asm volatile("nop\\n ldrd r2, r3, [%0, #4]" :: "r"((uintptr_t)table | 1) : "r2", "r3");',
        "unaligned LDRD at 0x200[0-9a-f]{5}: 2 words at once",
        "memcpy",
    ),
    "unaligned LDM": (
        '__asm volatile("ldm %0, {r2, r3, r4}" :: "r"((uintptr_t)table | 2) : "r2", "r3", "r4");',
        "unaligned LDM at 0x200[0-9a-f]{5}: 3 words at once",
        "memcpy",
    ),
    "unaligned STM, its base from the same block": (
        """__asm volatile("str %0, [%1]\\n ldr r12, [%1]\\n stm r12!, {r2, r3}"
                          :: "r"((uintptr_t)table | 2), "r"(trail) : "r12", "memory");""",
        "unaligned STM at 0x200[0-9a-f]{5}: 2 words at once",
        "memcpy",
    ),
    "unaligned STM, its base set and overwritten in the block": (
        """__asm volatile("mov r12, %0\\n add r12, #2\\n stm r12!, {r2, r3}\\n mov r12, r2"
                          :: "r"((uintptr_t)trail) : "r12", "cc", "memory");""",
        "unaligned STM at 0x200[0-9a-f]{5}: 2 words at once",
        "memcpy",
    ),
    "unaligned LDRD under a condition": (
        """__asm volatile("cmp r1, r1\\n ite ne\\n movne r2, #1\\n ldrdeq r2, r3, [%0, #4]"
                          :: "r"((uintptr_t)table | 1) : "r2", "r3", "cc");""",
        "unaligned LDRD at 0x200[0-9a-f]{5}: 2 words at once",
        "memcpy",
    ),
    "unaligned LDREX": (
        '__asm volatile("ldrex r2, [%0]" :: "r"((uintptr_t)table | 2) : "r2");',
        "unaligned LDREX at 0x200[0-9a-f]{5}: it needs a multiple of 4",
        "memcpy",
    ),
    "unaligned LDREXH": (
        '__asm volatile("ldrexh r2, [%0]" :: "r"((uintptr_t)table | 1) : "r2");',
        "an unaligned exclusive load",
        "memcpy",
    ),
    "jump to data": (
        "((handler)((uintptr_t)trail | 1))();",
        r"jump to data at 0x200[0-9a-f]{5} \(trail\)",
        "function pointer",
    ),
    "jump to constants": (
        "((handler)((uintptr_t)constants | 1))();",
        r"jump to data at 0x[0-9a-f]{8} \(constants\)",
        "function pointer",
    ),
    "jump to nowhere": (
        "((handler)0x60000001)();",
        "jump to 0x60000000",
        "function pointer",
    ),
    "jump to an even address": (
        "((handler)((uintptr_t)image_main & ~1u))();",
        "jump to the even address 0x[0-9a-f]{8}",
        "function pointer",
    ),
    "watchdog": (
        "REG(0x40010504) = 327; REG(0x40010000) = 1; while (!chosen_pointer) { }",
        r"the watchdog bit: nobody reloaded it for 0.01 s",
        "Reload it",
    ),
    "hang": ("while (!chosen_pointer) { }", "ran 30,000,000 bytes of code without waiting", "loop"),
    "breakpoint": ('__asm volatile("bkpt #1");', "a breakpoint", "assertion"),
    "DMA from flash": (
        """REG(0x4000250C) = 35; REG(0x40002514) = 42; REG(0x40002524) = 0x10000000;
           REG(0x40002500) = 8; REG(0x40002544) = 64; REG(0x40002548) = 4; REG(0x40002008) = 1;""",
        "UARTE0's EasyDMA of 4 bytes at 0x00000040",
        "RAM first",
    ),
    "DMA beyond RAM": (
        """REG(0x4000250C) = 35; REG(0x40002514) = 42; REG(0x40002524) = 0x10000000;
           REG(0x40002500) = 8; REG(0x40002008) = 1; /* no bytes from nowhere */
           REG(0x40002544) = 0x2003FFFE; REG(0x40002548) = 4; REG(0x40002008) = 1;""",
        "UARTE0's EasyDMA of 4 bytes at 0x2003fffe, beyond the end of RAM at 0x20040000",
        "MAXCNT",
    ),
    "no handler": (
        'REG(0xE000ED08) = 0x800; REG(0xE000ED04) = 1u << 26; __asm volatile("isb"); chosen++;',
        r"exception 15 \(SysTick\) is taken.*no handler",
        "vector table",
    ),
}
_PAIRS = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]
_OPPOSITE = {name: _PAIRS[i ^ 1] for i, name in enumerate(_PAIRS)}
UNALIGNED_READS = (
    '__asm volatile("ldr r2, [%0]\\n ldrh r2, [%0]" :: "r"((uintptr_t)table | 1) : "r2");'
)


def source(body: str) -> str:
    return (
        PRELUDE
        + "extern const uint32_t constants[2];\nconst uint32_t constants[2] = {1, 2};\n"
        + "volatile uint32_t chosen;\nvolatile int32_t chosen_pointer;\n"
        + "void leaf(void); void middle(void);\n"
        + "__attribute__((noinline)) void leaf(void)\n{\n"
        + " ".join(body.split("\n"))
        + " /* here */\n}\n"
        + "__attribute__((noinline)) void middle(void)\n{\n    leaf();\n    chosen++;\n}\n"
        + "void image_main(void)\n{\n    trail_length = constants[0];\n    middle();\n"
        + "    chosen++;\n}\n"
    )


def line_of(text: str, mark: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if mark in line)


def fault_of(image: Image) -> BoardError:
    with pytest.raises(BoardError) as refusal:
        VirtualBoard(image, budget=30_000_000)
    return refusal.value


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_with_line_callers_and_advice(case: str, tmp_path: Path) -> None:
    body, what, advice = CASES[case]
    text = source(body)
    error = fault_of(link_bare({"main.c": text}, tmp_path))
    assert re.search(what, error.message), error.message
    assert re.search(rf"in leaf\S* \(main\.c:{line_of(text, '/* here */')}, pc 0x", error.message)
    callers = rf"Called from middle \(main.c:{line_of(text, '    leaf();')}\), from image_main"
    assert re.search(callers, error.message), error.message
    assert advice in error.hint


def test_what_may_be_unaligned_is(tmp_path: Path) -> None:
    error = fault_of(link_bare({"main.c": source(UNALIGNED_READS)}, tmp_path))
    assert "a breakpoint" in error.message, "the program's end"


@pytest.mark.parametrize("condition", range(14))
def test_what_is_unaligned_under_a_condition_faults_where_it_holds(
    condition: int, tmp_path: Path
) -> None:
    """For all flags: the condition is counted by moves, which the emulator runs by itself."""
    name = _PAIRS[condition]
    body = f"""
        __asm volatile("movs r0, #0\\n movs r4, #0\\n mov r5, %1\\n"
            "1: lsl r1, r0, #28\\n msr apsr_nzcvq, r1\\n"
            "ite {name}\\n mov{name} r2, %0\\n addeq r2, %0, #2\\n"
            "msr apsr_nzcvq, r1\\n it {name}\\n ldrd{name} r6, r3, [r2]\\n"
            "adds r0, #1\\n cmp r0, #16\\n bne 1b"
            :: "r"(table), "r"(trail) : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "cc");
    """.replace("addeq", f"add{_OPPOSITE[name]}")
    error = fault_of(link_bare({"main.c": source(body)}, tmp_path / "runs"))
    assert "a breakpoint" in error.message, "aligned wherever it runs"
    wrong = body.replace(f"it {name}", f"it {_OPPOSITE[name]}")
    wrong = wrong.replace(f"ldrd{name}", f"ldrd{_OPPOSITE[name]}")
    error = fault_of(link_bare({"main.c": source(wrong)}, tmp_path / "faults"))
    assert "unaligned LDRD" in error.message


def test_division_by_zero_is_zero_where_it_does_not_trap(tmp_path: Path) -> None:
    body = "chosen = 5; chosen = chosen / (chosen_pointer * 2); if (chosen) for (;;) { }"
    assert "a breakpoint" in fault_of(link_bare({"main.c": source(body)}, tmp_path)).message


def test_a_fault_in_an_interrupt_tells_what_it_interrupted(tmp_path: Path) -> None:
    text = source("set_handler(15, failing); REG(0xE000ED04) = 1u << 26; barrier(); chosen++;")
    text = text.replace(
        "void leaf(void);",
        "static void failing(void)\n{\n    chosen = REG(0x30000000);\n}\nvoid leaf(void);",
        1,
    )
    error = fault_of(link_bare({"main.c": text}, tmp_path))
    where = rf"in failing\S* \(main\.c:{line_of(text, '    chosen = REG')}, pc"
    assert re.search(where, error.message), error.message
    chain = rf"Called from leaf \(main.c:{line_of(text, '/* here */')}\), from middle"
    assert re.search(chain, error.message), error.message


def test_an_interrupt_that_is_never_cleared_is_told_with_its_handler(tmp_path: Path) -> None:
    text = source("set_handler(24, tick); REG(0x40008304) = 1 << 16; REG(0x40008540) = 3; "
                  "REG(0xE000E100) = 1 << 8; REG(0x40008000) = 1; for (;;) { }")  # fmt: skip
    text = text.replace(
        "void leaf(void);", "static void tick(void)\n{\n    chosen++;\n}\nvoid leaf(void);", 1
    )
    error = fault_of(link_bare({"main.c": text}, tmp_path))
    where = rf"in tick\S* \(main\.c:{line_of(text, '    chosen++;') + 1}, pc"
    assert re.search(where, error.message), error.message
    assert "exception 24 (TIMER0) is taken again and again" in error.message
    assert f"Called from leaf (main.c:{line_of(text, '/* here */')}), from middle" in error.message
    assert "Clear the event" in error.hint


def test_a_stack_overflow_tells_the_line_that_recurses(tmp_path: Path) -> None:
    text = source("chosen = (uint32_t)recurse((int)chosen);").replace(
        "void leaf(void);",
        "int recurse(int n);\n__attribute__((noinline)) int recurse(int n)\n{\n"
        "    volatile int room[16];\n    room[n & 15] = n;\n"
        "    if (n == -1) return 0;\n"
        "    return recurse(n + 1) + room[3]; /* recursion */\n}\nvoid leaf(void);",
        1,
    )
    image = link_bare({"main.c": text}, tmp_path)
    with pytest.raises(StackOverflowError) as refusal:
        VirtualBoard(image)
    message = refusal.value.message
    assert re.search(r"The stack overflowed in recurse\S* \(main\.c:\d+, pc", message), message
    assert f"Called from recurse (main.c:{line_of(text, '/* recursion */')}), from" in message
    assert "board.stack_bytes" in refusal.value.hint


NESTED = """
static void deeper(void)
{
    volatile uint32_t room[150];
    room[chosen & 7] = chosen;
    REG(0xE000E200) = 1u << ++chosen; /* the next, more urgent */
    barrier();
    trail[0] = room[3];
}
"""


def test_nested_exceptions_that_spend_the_stack_are_told_as_that(tmp_path: Path) -> None:
    """Each handler with a frame of its own, and interrupted by the next: five levels."""
    text = source("for (int i = 0; i < 5; i++) { set_handler(16 + i, deeper); "
                  "*(volatile uint8_t *)(0xE000E400 + i) = (uint8_t)(0xC0 - 0x20 * i); } "
                  "REG(0xE000E100) = 31; REG(0xE000E200) = 1; barrier();")  # fmt: skip
    text = text.replace("void leaf(void);", NESTED + "void leaf(void);", 1)
    with pytest.raises(StackOverflowError) as refusal:
        VirtualBoard(link_bare({"main.c": text}, tmp_path))
    message = refusal.value.message
    assert re.search(r"The stack overflowed in deeper\S* \(main\.c:\d+, pc", message), message
    behind = line_of(text, "    barrier();") + 1
    assert message.count(f"from deeper (main.c:{behind})") == 3, message
    after = line_of(text, "/* here */") + 1  # the barrier was its last instruction
    assert f"from leaf (main.c:{after})" in message
    assert "board.stack_bytes" in refusal.value.hint


def test_an_exception_that_finds_no_room_for_its_frame_is_a_stack_overflow(tmp_path: Path) -> None:
    """The code below it still has a word; what the core stacks at entry has not."""
    text = source("set_handler(14, deeper); "
                  "register uint32_t kept __asm(\"r4\"); "
                  '__asm volatile("mov %0, sp\\n mov sp, %1" : "=&r"(kept) : "r"(0x20000008u)); '
                  "REG(0xE000ED04) = 1u << 28; barrier(); "
                  '__asm volatile("mov sp, %0" :: "r"(kept));')  # fmt: skip
    text = text.replace("void leaf(void);", NESTED + "void leaf(void);", 1)
    with pytest.raises(StackOverflowError, match=r"The stack overflowed in leaf"):
        VirtualBoard(link_bare({"main.c": text}, tmp_path))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return link_bare({"main.c": source("chosen++;")}, tmp_path_factory.mktemp("image"))


def test_lines_agree_with_addr2line(image: Image) -> None:
    """Every function's every instruction, against binutils."""
    import shutil
    import subprocess

    tool = shutil.which("arm-none-eabi-addr2line")
    if tool is None:
        pytest.skip("arm-none-eabi-addr2line is absent")
    sources = SourceMap(image.parsed)
    addresses = [
        address
        for symbol in image.parsed.symbols
        if symbol.function
        for address in range(symbol.address, symbol.end, 2)
    ]
    command = [tool, "-e", str(image.elf), *map(hex, addresses)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    mine = [sources.place(address).line for address in addresses]
    theirs = [re.sub(r" \(discriminator \d+\)$", "", line) for line in told]
    theirs = [re.sub(r"^(\./)+", "", line) for line in theirs]
    assert len(mine) > 100
    different = [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
    # Instructions that come from no line are told as line 0 there, and not at all here.
    assert not [pair for pair in different if not pair[1].endswith((":0", ":?"))]


def test_damaged_debug_data_never_end_in_an_error(image: Image) -> None:
    """Bytes of the debug sections overwritten: places go on, with or without lines."""
    data = bytearray(image.elf.read_bytes())
    symbol = image.parsed.symbol("leaf")
    registers = dict.fromkeys((*(f"r{i}" for i in range(13)), "sp", "lr", "pc"), symbol.address)
    begin = data.index(b"main.c") - 600
    for step in range(40):
        damaged = bytearray(data)
        at = begin + 61 * step
        damaged[at : at + 16] = bytes((step * 37 + i * 11) & 0xFF for i in range(16))
        try:
            elf = read_elf(bytes(damaged))
        except BoardError:
            continue
        sources = SourceMap(elf)
        assert sources.place(symbol.address).address == symbol.address
        sources.callers(registers, lambda _address, count: bytes(count))


def test_a_chain_that_turns_in_a_circle_ends(image: Image) -> None:
    sources = SourceMap(image.parsed)
    symbol = image.parsed.symbol("middle")
    registers = dict.fromkeys((*(f"r{i}" for i in range(13)), "sp", "lr", "pc"), 0)
    registers |= {"sp": 0x20000100, "lr": symbol.address + 5, "pc": symbol.address + 4}
    word = struct.pack("<I", symbol.address + 5)
    places = sources.callers(registers, lambda _address, count: word * (count // 4))
    assert len(places) <= 12


def stripped(image: Image, folder: Path) -> Iterator[Path]:
    import shutil
    import subprocess

    tool = shutil.which("arm-none-eabi-strip")
    if tool is None:
        pytest.skip("arm-none-eabi-strip is absent")
    target = folder / "stripped.elf"
    subprocess.run([tool, "-s", "-o", str(target), str(image.elf)], check=True, timeout=60)
    yield target


def test_a_stripped_image_faults_by_address(tmp_path: Path) -> None:
    image = link_bare({"main.c": source("chosen = REG(0x30000000);")}, tmp_path)
    for path in stripped(image, tmp_path):
        with pytest.raises(BoardError) as refusal:
            VirtualBoard(read_elf(path.read_bytes()), board_at_zero())
        assert re.search(
            r"in an image without symbols \(pc 0x[0-9a-f]{8}\): 4-byte read.*from 0x000",
            refusal.value.message,
        ), refusal.value.message


def test_every_hint_is_reached_by_its_own_pattern() -> None:
    assert "null pointer" in hint_for("4-byte read from 0x00000004")
    assert "did this" in hint_for("something else")
