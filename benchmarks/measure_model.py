"""One .tflite model on the virtual board, layer by layer: a quick look for who works on kernels.

Compiles MODEL, runs it alone on the virtual Nano 33 BLE, compares every output byte with the
oracle, and prints sizes, cycles and the table of layers. `coincell bench` is the command for users;
this prints what it takes to make a layer faster.

    python benchmarks/measure_model.py MODEL.tflite [--compiler zig] [--target generic] [--hot 5]

`--hot N` shows the N blocks of code that cost most, instruction by instruction.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from coincell.board import ModelBoard, ModelMeasurement, PartCost, measure_model
from coincell.board.cycles import TAKEN_CYCLES
from coincell.board.measurement import BlockRuns, block_costs
from coincell.compiler import TARGETS, CompiledModel, CompileOptions, Oracle, compile_model
from coincell.firmware import ModelImage
from coincell.toolchain import find_cross_compiler

Arrays = list[np.ndarray[Any, Any]]


def samples(compiled: CompiledModel, count: int, seed: int = 1) -> Arrays:
    """Uniform over the type of each input: [count, *shape]."""
    generator = np.random.default_rng(seed)
    made = []
    for info in compiled.inputs:
        if np.issubdtype(np.dtype(info.dtype), np.integer):
            limits = np.iinfo(info.dtype)
            values = generator.integers(limits.min, limits.max, (count, *info.shape), endpoint=True)
            made.append(values.astype(info.dtype))
        else:
            made.append(generator.normal(size=(count, *info.shape)).astype(info.dtype))
    return made


def options(target: str, words: list[str]) -> CompileOptions:
    """CompileOptions from a target's name and "field=value" words."""
    known = {field.name for field in dataclasses.fields(CompileOptions)} - {"target"}
    given = dict(word.split("=", 1) for word in words)
    if unknown := set(given) - known:
        sys.exit(f"unknown options {sorted(unknown)}; known: {sorted(known)}")
    return CompileOptions(target=TARGETS[target], **given)  # type: ignore[arg-type]


def table(measured: ModelMeasurement) -> str:
    """The layers, widest cost last."""
    head = f"{'layer':34}{'MACs':>11}{'instr':>11}{'cycles':>11}{'cyc/MAC':>9}{'%':>6}{'loads':>9}"
    total = measured.cost.cycles
    return "\n".join([head, *(_row(part, total) for part in measured.cost.layers)])


def _row(part: PartCost, total: int) -> str:
    ratio = f"{part.cycles / part.macs:9.2f}" if part.macs else f"{'-':>9}"
    return (
        f"{part.name[:33]:34}{part.macs:11,}{part.instructions:11,}{part.cycles:11,}{ratio}"
        f"{100 * part.cycles / total:6.1f}{part.flash_loads:9,}"
    )


def hot_blocks(compiled: CompiledModel, image: ModelImage, inputs: Arrays, most: int) -> str:
    """The blocks that cost most: where, how often, and their instructions."""
    import capstone

    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    with ModelBoard(compiled, image) as board:
        counts = board.count(inputs)
    elf = image.image.parsed
    costs = block_costs(elf, counts.blocks)

    def cycles(block: BlockRuns) -> int:
        cost = costs[block.address, block.size]
        return cost.cycles * block.runs + TAKEN_CYCLES * block.taken

    lines = []
    for block in sorted(counts.blocks, key=cycles, reverse=True)[:most]:
        once = costs[block.address, block.size]
        lines.append(
            f"{cycles(block):,} cycles in {elf.symbol_at(block.address)}, owner {block.owner - 2}: "
            f"{block.runs:,} runs of {once.instructions} instructions, {once.cycles} cycles; "
            f"{block.taken:,} jumps"
        )
        code = elf.code(block.address, block.size)
        lines += [f"    {i.mnemonic:8} {i.op_str}" for i in decoder.disasm(code, block.address)]
    return "\n".join(lines)


def figures(measured: ModelMeasurement) -> dict[str, Any]:
    """Everything of the design's figures for a library and its image."""
    cost, image = measured.cost, measured.image
    return {
        "instructions": cost.instructions,
        "cycles": cost.cycles,
        "flash_loads": cost.flash_loads,
        "cycles_flash": cost.cycles_flash,
        "latency_ms": round(cost.latency_ms, 3),
        "flash_bytes": image.flash_bytes,
        "ram_bytes": image.ram_bytes,
        "stack_bytes": cost.stack_bytes,
        "image_flash_bytes": image.image.image_flash_bytes,
        "image_ram_bytes": image.image.image_ram_bytes,
        "compiler": image.image.compiler,
    }


def main() -> None:
    """Measure and print; exit 1 when a byte differs from the oracle."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--compiler", choices=["gcc", "zig"], default="gcc")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--target", choices=sorted(TARGETS), default="cortex-m4")
    parser.add_argument("--hot", type=int, default=0, metavar="N")
    parser.add_argument("--option", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    tflite = chosen.model.read_bytes()
    start = time.perf_counter()
    compiled = compile_model(tflite, "model", options(chosen.target, chosen.option))
    compiling = time.perf_counter() - start
    inputs = samples(compiled, chosen.samples)
    measured = measure_model(compiled, inputs, compiler=find_cross_compiler(prefer=chosen.compiler))
    expected = Oracle(tflite).run_many(inputs)
    wrong = sum(
        int((ours != theirs).any(axis=tuple(range(1, ours.ndim))).sum())
        for ours, theirs in zip(measured.outputs, expected, strict=True)
    )
    facts = {**figures(measured), "compile_seconds": round(compiling, 2), "wrong_samples": wrong}
    if chosen.json:
        layers = [dataclasses.asdict(part) for part in measured.cost.layers]
        print(json.dumps({**facts, "layers": layers}, indent=2))
    else:
        print(table(measured))
        for name, value in facts.items():
            print(f"{name:20} {value:,}" if isinstance(value, int) else f"{name:20} {value}")
        if chosen.hot:
            print(hot_blocks(compiled, measured.image, inputs, chosen.hot))
    if wrong:
        sys.exit(f"NOT EXACT: {wrong} of {chosen.samples} samples differ from the oracle")


if __name__ == "__main__":
    main()
