"""The cycle model on blocks whose cost is worked out by hand from the core's timing tables."""

from __future__ import annotations

import sys

import pytest

from board.assembly import assemble
from coincell.board.cycles import BlockCost, CortexM4
from coincell.errors import BoardError, MissingExtraError

# (assembly, instructions, cycles, literal loads, how the cycles come about)
BLOCKS = [
    ("adds r0, r1, r2; subs r3, #1; mul r4, r5, r6", 3, 3, 0, "1 + 1 + 1"),
    ("smlad r0, r1, r2, r3; mla r4, r5, r6, r7; smull r0, r1, r2, r3", 3, 3, 0, "one each"),
    ("ldr r0, [r1]", 1, 2, 0, "a load alone: 2"),
    ("ldr r0, [r1]; ldr r2, [r3]", 2, 3, 0, "2 + 1: pipelined"),
    ("ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]", 3, 4, 0, "Arm's own example: four"),
    ("ldr r0, [r1]; ldr r2, [r0]", 2, 4, 0, "2 + 2: the address waits for the load"),
    ("ldr r0, [r1], #4; ldr r2, [r1], #4", 2, 3, 0, "2 + 1: write-back is no loaded result"),
    ("ldr r0, [r1, r2]; str r0, [r3, #20]", 2, 3, 0, "Arm's own example: three"),
    ("ldr r0, [r1, r2]; str r1, [r3, r2]", 2, 3, 0, "Arm's own example: three"),
    ("str r0, [r1, #4]", 1, 1, 0, "the write buffer takes it"),
    ("str r0, [r1, r2]", 1, 2, 0, "three registers to read"),
    ("strb r0, [r1, #1]; ldrb r2, [r3]", 2, 3, 0, "1 + 2: nothing pipelines after a store"),
    ("add r1, r2, r3; ldr r0, [r1]", 2, 4, 0, "1 + 2 + 1: the address was just computed"),
    ("add r1, r2, r3; str r0, [r1]", 2, 3, 0, "1 + 1 + 1"),
    ("add r1, r2, r3; mov r4, r5; ldr r0, [r1]", 3, 4, 0, "1 + 1 + 2: one between"),
    ("add r1, r2, r3; str r1, [r4]", 2, 2, 0, "a stored value is no address"),
    ("push {r4, r5, r6, lr}", 1, 5, 0, "1 + 4"),
    ("pop {r4, pc}", 1, 3, 0, "1 + 2; the jump is counted as taken"),
    ("ldmia r0!, {r1, r2, r3}", 1, 4, 0, "1 + 3"),
    ("stmia r0!, {r1, r2}", 1, 3, 0, "1 + 2"),
    ("ldrd r0, r1, [r2]", 1, 3, 0, "1 + 2"),
    ("strd r0, r1, [r2]", 1, 3, 0, "1 + 2"),
    ("ldr r0, [r1]; ldrd r2, r3, [r4]; ldr r5, [r6]", 3, 7, 0, "2 + 3 + 2: pairs stand alone"),
    ("udiv r0, r1, r2; sdiv r3, r4, r5", 2, 14, 0, "7 + 7"),
    ("ldr r0, [pc, #4]", 1, 2, 1, "a literal"),
    ("ldr r0, [pc, #4]; ldr r1, [pc, #4]", 2, 3, 2, "two literals, pipelined"),
    ("ldrd r0, r1, [pc, #8]", 1, 3, 2, "a literal of two words"),
    ("tbb [pc, r0]", 1, 3, 1, "a load and an addition; the jump is counted as taken"),
    ("it eq; addeq r0, r1, r2", 2, 2, 0, "1 + 1"),
    ("itte ne; ldrne r0, [r1]; addne r2, #1; moveq r2, #0", 4, 5, 0, "1 + 2 + 1 + 1"),
    ("cmp r0, r1; bne .", 2, 2, 0, "not taken"),
    ("bl .", 1, 1, 0, "the jump is counted as taken"),
    ("bx lr", 1, 1, 0, "the jump is counted as taken"),
    ("vldr s0, [r0]; vadd.f32 s0, s0, s1; vmla.f32 s0, s1, s2", 3, 6, 0, "2 + 1 + 3"),
    ("vdiv.f32 s0, s1, s2; vsqrt.f32 s3, s4", 2, 28, 0, "14 + 14"),
    ("vpush {d8, d9}", 1, 5, 0, "1 + 4 words"),
    ("vldr d0, [r0]", 1, 3, 0, "a double"),
    ("vldr s0, [pc, #8]", 1, 2, 1, "a literal of the VFP"),
    ("ssat r0, #8, r1; sxtb16 r2, r3, ror #8; ubfx r4, r5, #3, #4", 3, 3, 0, "one each"),
    ("nop; dsb; isb; wfi; cpsid i; mrs r0, primask", 6, 6, 0, "one each"),
]


@pytest.fixture(scope="module")
def model() -> CortexM4:
    return CortexM4()


@pytest.fixture(scope="module")
def code() -> list[bytes]:
    """All blocks, assembled at once and cut apart at markers."""
    marker = "udf #0xAB"
    text = assemble(
        ".fpu fpv4-sp-d16\n.cpu cortex-m4\n"
        + "\n".join(f".balign 4\n{block[0].replace('; ', chr(10))}\n{marker}" for block in BLOCKS)
    )
    parts, rest = [], text
    for _ in BLOCKS:
        end = rest.index(b"\xab\xde")
        parts.append(rest[:end])
        rest = rest[end + 2 :]
        if (len(text) - len(rest)) % 4:
            rest = rest[2:]
    return parts


@pytest.mark.parametrize("index", range(len(BLOCKS)), ids=[block[0] for block in BLOCKS])
def test_block_costs_what_the_tables_say(model: CortexM4, code: list[bytes], index: int) -> None:
    _, instructions, cycles, literals, reason = BLOCKS[index]
    cost = model.block_cost(code[index], 0x10000)
    assert cost == BlockCost(instructions, cycles, literals), reason


def test_what_is_no_instruction_is_refused(model: CortexM4) -> None:
    with pytest.raises(BoardError, match="0x00010002"):
        model.block_cost(bytes.fromhex("00bf ffff ffff"), 0x10000)
    with pytest.raises(BoardError, match="0x00010000"):
        model.block_cost(b"\x4f", 0x10000)


def test_an_empty_block_costs_nothing(model: CortexM4) -> None:
    assert model.block_cost(b"", 0x10000) == BlockCost(0, 0, 0)


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "capstone", None)
    with pytest.raises(MissingExtraError, match="capstone"):
        CortexM4()
