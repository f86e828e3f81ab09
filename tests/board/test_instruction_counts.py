"""Exact counts: against loops counted by hand, and against QEMU, a second emulator's trace."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from board.bare import board_at_zero, emulated, link_bare, link_one_window
from coincell.board.measurement import BlockRuns, block_costs, read_counts
from coincell.board.owners import (
    FIRST,
    OUTSIDE,
    chain_parts,
    model_owner_table,
    model_parts,
    owner_table,
)
from coincell.board.virtual import watched_pages
from coincell.compiler import TARGETS, CompileOptions, compile_model
from coincell.errors import ToolchainError
from coincell.firmware import Elf, Image
from coincell.toolchain import find_cross_compiler
from compiler.networks import Network
from stand_in import stand_in_application

PLENTY = 1 << 40

# 3 + 10 * (2 + 1000 * 4 + 2) + 1 instructions from the first nop to the last.
LOOPS = """
#include <stdint.h>
void image_main(void);
__attribute__((naked, noinline, used)) static void loops(void)
{
    __asm volatile("nop\\n nop\\n movs r0, #10\\n"
                   "1: movw r1, #1000\\n nop\\n"
                   "2: adds r2, r1, r0\\n eors r2, r0\\n subs r1, #1\\n bne 2b\\n"
                   "subs r0, #1\\n bne 1b\\n"
                   "bx lr\\n");
}
void image_main(void) { loops(); }
"""
LOOPS_INSTRUCTIONS = 3 + 10 * (2 + 1000 * 4 + 2) + 1
LOOPS_TAKEN = 10 * 999 + 9 + 1


def run_counted(image: Image, budget: int = PLENTY) -> list[BlockRuns]:
    """Every block that runs from reset to the end; stopped and resumed each `budget` bytes."""
    with emulated(image) as emulator:
        emulator.ask("count", on=True, owner=OUTSIDE)
        state = "budget"
        while state == "budget":
            state = emulator.ask("run", budget=budget)[0]["state"]
        assert state == "fault", "the end is a breakpoint"
        return read_counts(emulator)[0]


def instructions(elf: Elf, blocks: list[BlockRuns]) -> int:
    costs = block_costs(elf, blocks)
    return sum(costs[block.address, block.size].instructions * block.runs for block in blocks)


def within(elf: Elf, blocks: list[BlockRuns], name: str) -> list[BlockRuns]:
    symbol = elf.symbol(name)
    return [block for block in blocks if symbol.address <= block.address < symbol.end]


@pytest.mark.parametrize("budget", [PLENTY, 4096, 333], ids=["at once", "in slices", "in crumbs"])
def test_loops_counted_by_hand(tmp_path: Path, budget: int) -> None:
    image = link_bare({"main.c": LOOPS}, tmp_path)
    blocks = within(image.parsed, run_counted(image, budget), "loops")
    assert instructions(image.parsed, blocks) == LOOPS_INSTRUCTIONS
    assert sum(block.taken for block in blocks) == LOOPS_TAKEN


class Trace:
    """The program counter of every instruction that QEMU ran, one by one."""

    def __init__(self, image: Image, folder: Path) -> None:
        log = folder / "trace.log"
        command = (
            "qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting "
            f"-singlestep -d exec,nochain -D {log} -kernel {image.elf}"
        )
        subprocess.run(command.split(), check=True, timeout=120)
        pattern = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
        lines = log.read_text().splitlines()
        self.addresses = [int(found[1], 16) for line in lines if (found := pattern.match(line))]

    def during(self, elf: Elf, name: str, caller: str) -> list[int]:
        """From entering `name` to being back in `caller`."""
        begin = self.addresses.index(elf.symbol(name).address)
        back = elf.symbol(caller)
        end = next(
            i
            for i in range(begin, len(self.addresses))
            if back.address <= self.addresses[i] < back.end
        )
        return self.addresses[begin:end]


def jumps(elf: Elf, addresses: list[int]) -> int:
    """How often the next instruction is not the one behind."""

    def size(address: int) -> int:
        first = int.from_bytes(elf.code(address, 2), "little")
        return 4 if first >> 11 in (0b11101, 0b11110, 0b11111) else 2

    return sum(after != before + size(before) for before, after in pairwise(addresses))


@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="qemu-system-arm is absent")
@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_a_window_counts_as_in_qemu(tmp_path: Path, compiler: str) -> None:
    application = stand_in_application()
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    image = link_one_window(application, tmp_path, chosen)
    elf = image.parsed
    trace = Trace(image, tmp_path)
    with emulated(image) as emulator:
        emulator.ask("own", owner_table(elf, board_at_zero(), application))
        emulator.ask("count", on=True, owner=OUTSIDE)
        emulator.ask("run", budget=PLENTY)
        blocks = read_counts(emulator)[0]
    chain = [block for block in blocks if block.owner >= FIRST]
    traced = trace.during(elf, "application_process", "answer_process")
    assert instructions(elf, chain) == len(traced)
    assert sum(block.taken for block in chain) == jumps(elf, traced) + 1, "and the return"
    callers = {"tiny_features_run": "application_process", "tiny_layer_00_dense": "tiny_invoke"}
    callers |= {
        "tiny_layer_01_dense": "tiny_invoke",
        "coincell_decision_step": "application_process",
    }
    for owner, part in enumerate(chain_parts(application), FIRST):
        if part.symbol in callers:
            own = [block for block in chain if block.owner == owner]
            alone = trace.during(elf, part.symbol, callers[part.symbol])
            assert instructions(elf, own) == len(alone), part.name
    assert instructions(elf, blocks) == len(trace.addresses), "from reset to the end"


ONE_INVOKE = """
#include "net.h"
int main(void);
void image_main(void);
__attribute__((noinline)) int main(void)
{
    uint32_t seed = 1;
    (void)net_init();
    for (uint32_t i = 0; i < NET_INPUT_0_BYTES; i++) {
        seed = seed * 1664525u + 1013904223u;
        net_input(0)[i] = (int8_t)(seed >> 24);
    }
    return net_invoke() + 1;
}
void image_main(void) { (void)main(); }
"""


@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="qemu-system-arm is absent")
@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_a_model_with_dsp_kernels_counts_as_in_qemu(tmp_path: Path, compiler: str) -> None:
    network = Network(seed=21)
    x = network.conv_2d(network.input((1, 8, 8, 4)), 8, (3, 3), activation=1)
    x = network.depthwise_conv_2d(x, 1, (3, 3), activation=1)
    x = network.add(network.conv_2d(x, 8, (1, 1)), x)
    x = network.fully_connected(network.pool_2d(x, False, (8, 8), (8, 8)), 5)
    options = CompileOptions(target=TARGETS["cortex-m4"])
    model = compile_model(network.tflite(network.softmax(x)), "net", options)
    assert any(path.startswith("kernels/dsp/") for path in model.sources)
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    image = link_bare({**model.sources, "main.c": ONE_INVOKE}, tmp_path, chosen)
    elf = image.parsed
    trace = Trace(image, tmp_path)
    with emulated(image) as emulator:
        emulator.ask("own", model_owner_table(elf, board_at_zero(), model))
        emulator.ask("count", on=True, owner=OUTSIDE)
        emulator.ask("run", budget=PLENTY)
        blocks = read_counts(emulator)[0]
    inside = [block for block in blocks if block.owner >= FIRST]
    traced = trace.during(elf, "net_invoke", "main")
    assert instructions(elf, inside) == len(traced) > model.macs / 2
    assert sum(block.taken for block in inside) == jumps(elf, traced) + 1, "and the return"
    for owner, part in enumerate(model_parts(model)[:-1], FIRST):
        own = [block for block in inside if block.owner == owner]
        assert instructions(elf, own) == len(trace.during(elf, part.symbol, "net_invoke")), part
    assert instructions(elf, blocks) == len(trace.addresses), "from reset to the end"


LOADS = {
    "ldr r1, [r0]": 1,
    "ldrb r1, [r0, #3]": 1,
    "ldrsh r1, [r0, #2]": 1,
    "ldrd r1, r2, [r0]": 2,
    "ldmia r0, {r1, r2, r3}": 3,
    "vldr s0, [r0]": 1,
    "vldr d0, [r0]": 2,
    "vldmia r0, {s0-s3}": 4,
    "str r1, [sp, #-8]": 0,
    "ldr r1, [sp]": 0,
}


@pytest.mark.parametrize("instruction", LOADS)
def test_loads_of_constants_are_counted_one_by_one(tmp_path: Path, instruction: str) -> None:
    program = f"""
        #include <stdint.h>
        extern const uint32_t table[8];
        const uint32_t table[8] = {{1, 2, 3, 4, 5, 6, 7, 8}};
        void image_main(void);
        void image_main(void)
        {{
            register const uint32_t *place __asm("r0") = table;
            for (volatile int i = 0; i < 5; i++)
                __asm volatile("{instruction}" ::"r"(place)
                               : "r1", "r2", "r3", "s0", "s1", "s2", "s3", "memory");
        }}
    """
    image = link_bare({"main.c": program}, tmp_path)
    begin, end = watched_pages(image.parsed)
    with emulated(image) as emulator:
        emulator.ask("watch", begin=begin, end=end, on=True)
        emulator.ask("count", on=True, owner=OUTSIDE)
        emulator.ask("run", budget=PLENTY)
        _, loads = read_counts(emulator)
    assert loads.get(OUTSIDE, 0) == 5 * LOADS[instruction]
