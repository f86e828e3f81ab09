"""What one inference costs on the virtual board: instructions, cycles, time, stack, by part."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.board.client import BoardClient
from coincell.board.cycles import TAKEN_CYCLES, BlockCost, CortexM4
from coincell.board.emulator import Emulator
from coincell.board.owners import (
    FIRST,
    KEEP,
    OUTSIDE,
    Part,
    chain_parts,
    image_owner_table,
    image_parts,
    owner_table,
)
from coincell.board.virtual import VirtualBoard
from coincell.errors import InternalError
from coincell.firmware import Application, Elf

_PAINT = b"\xc0\xc0\xc0\xc0"
_RECORD = struct.Struct("<IHHQQ")


@dataclass(frozen=True)
class PartCost:
    """One part of the chain: a layer, or features, decision, dispatch.

    Attributes:
        name, symbol: for people, and the function.
        ops: operators of the network, if it is a layer.
        instructions: exact.
        cycles: the Cortex-M4 model at zero wait states.
        flash_loads: data loads from flash.
        cycles_flash: cycles and the waits for flash_loads.
        macs: multiply-accumulates.
    """

    name: str
    symbol: str
    ops: tuple[str, ...]
    instructions: int
    cycles: int
    flash_loads: int
    cycles_flash: int
    macs: int


@dataclass(frozen=True)
class Measurement:
    """One inference, from samples complete to the decision.

    Attributes:
        instructions: exact.
        cycles: the Cortex-M4 model at zero wait states.
        flash_loads: data loads from flash, exact: constants (.rodata) and literals in the code.
        cycles_flash: cycles and the waits for flash_loads.
        latency_ms: cycles_flash at the board's clock.
        latency_range_ms: how far to trust that, as the board's description says.
        stack_bytes: the deepest use of the stack, from its top.
        inferences_per_second: at latency_ms, with nothing else to do.
        layers: the parts, in the order in which they run; their sums are the totals.
    """

    instructions: int
    cycles: int
    flash_loads: int
    cycles_flash: int
    latency_ms: float
    latency_range_ms: tuple[float, float]
    stack_bytes: int
    inferences_per_second: float
    layers: tuple[PartCost, ...]


@dataclass(frozen=True)
class BlockRuns:
    """How often a block ran, and how often it was left by a jump."""

    address: int
    size: int
    owner: int
    runs: int
    taken: int


def measure(
    virtual: VirtualBoard, application: Application, window: NDArray[np.int16]
) -> Measurement:
    """Measure one inference on `window`, int16 [window_values]; smoothing is emptied before.

    `application` is the one in the image that `virtual` runs.

    The window is run twice: once for instructions, cycles and stack, once with the constants
    watched for loads. That both agree to the last instruction is checked.

    Raises:
        BoardError: the image faults, hangs, or lacks a function of the chain.
    """
    table = owner_table(virtual.elf, virtual.board, application)
    return _measured(virtual, window, table, chain_parts(application))


def measure_image(virtual: VirtualBoard, name: str, window: NDArray[np.int16]) -> Measurement:
    """The same of an image of which its application's name is known alone: the network as one.

    Raises:
        BoardError: as `measure`.
    """
    table = image_owner_table(virtual.elf, virtual.board, name)
    return _measured(virtual, window, table, image_parts(virtual.elf, name))


def _measured(
    virtual: VirtualBoard, window: NDArray[np.int16], table: bytes, parts: list[Part]
) -> Measurement:
    client = BoardClient(virtual)
    client.put_samples(window)
    virtual.emulator.ask("own", table)
    counts = count_run(virtual, prepare=client.reset, run=client.run)
    return total_cost(parts, counts, virtual, stack_peak(virtual))


@dataclass(frozen=True)
class Counts:
    """What one run executed: its blocks, and its loads of constants by owner."""

    blocks: list[BlockRuns]
    loads: dict[int, int]


def count_run(
    virtual: VirtualBoard, prepare: Callable[[], object], run: Callable[[], object]
) -> Counts:
    """Count `run` twice, `prepare` before each: for blocks, then for loads of constants.

    The stack is painted before `run` begins, for `stack_peak`.

    Raises:
        InternalError: the two runs differ.
    """
    blocks, _ = _count_once(virtual, prepare, run)
    begin, end = virtual.watched_pages()
    virtual.emulator.ask("watch", begin=begin, end=end, on=True)
    try:
        again, loads = _count_once(virtual, prepare, run)
    finally:
        if virtual.emulator.alive:
            virtual.emulator.ask("watch", begin=begin, end=end, on=False)
    if again != blocks:
        raise InternalError("Two runs on one window differ: the emulator is not to be trusted.")
    return Counts(blocks, loads)


def _count_once(
    virtual: VirtualBoard, prepare: Callable[[], object], run: Callable[[], object]
) -> tuple[list[BlockRuns], dict[int, int]]:
    prepare()
    paint_stack(virtual)
    virtual.emulator.ask("count", on=True, owner=OUTSIDE)
    run()
    return read_counts(virtual.emulator)


def read_counts(emulator: Emulator) -> tuple[list[BlockRuns], dict[int, int]]:
    """Stop counting: every block that ran, and watched loads by owner."""
    answer, data = emulator.ask("count", on=False, owner=KEEP)
    blocks = sorted(
        (
            BlockRuns(address, size, owner, runs, taken)
            for address, size, owner, runs, taken in _RECORD.iter_unpack(data)
        ),
        key=lambda block: (block.owner, block.address, block.size),
    )
    return blocks, {int(owner): count for owner, count in answer["loads"].items()}


def paint_stack(virtual: VirtualBoard) -> None:
    """Fill all of the stack that is not in use now."""
    registers = virtual.emulator.ask("registers")[0]["registers"]
    origin = virtual.board.ram.origin
    words = (registers["sp"] - origin) // 4
    virtual.emulator.ask("write", _PAINT * words, address=origin)


def stack_peak(virtual: VirtualBoard) -> int:
    """Bytes from the stack's top to the deepest word that no longer holds the paint."""
    stack = virtual.read_memory(virtual.board.ram.origin, virtual.elf.label("image_stack_bytes"))
    untouched = 0
    while untouched < len(stack) and stack[untouched : untouched + 4] == _PAINT:
        untouched += 4
    return len(stack) - untouched


def _part_costs(parts: list[Part], counts: Counts, virtual: VirtualBoard) -> tuple[PartCost, ...]:
    costs = block_costs(virtual.elf, counts.blocks)
    instructions: Counter[int] = Counter()
    cycles: Counter[int] = Counter()
    flash_loads: Counter[int] = Counter(counts.loads)
    for block in counts.blocks:
        cost = costs[(block.address, block.size)]
        instructions[block.owner] += cost.instructions * block.runs
        cycles[block.owner] += cost.cycles * block.runs + TAKEN_CYCLES * block.taken
        flash_loads[block.owner] += cost.literal_loads * block.runs
    wait = virtual.board.flash_wait_cycles
    return tuple(
        PartCost(
            part.name,
            part.symbol,
            part.ops,
            instructions[owner],
            cycles[owner],
            flash_loads[owner],
            cycles[owner] + wait * flash_loads[owner],
            part.macs,
        )
        for owner, part in enumerate(parts, FIRST)
    )


def block_costs(elf: Elf, blocks: list[BlockRuns]) -> dict[tuple[int, int], BlockCost]:
    """(address, size) -> the cost of one run, for every distinct block."""
    model = CortexM4()
    costs: dict[tuple[int, int], BlockCost] = {}
    for block in blocks:
        key = (block.address, block.size)
        if key not in costs:
            costs[key] = model.block_cost(elf.code(block.address, block.size), block.address)
    return costs


def total_cost(named: list[Part], counts: Counts, virtual: VirtualBoard, stack: int) -> Measurement:
    """The costs of `counts` by part, and their sums; `stack` as measured."""
    parts = _part_costs(named, counts, virtual)
    board = virtual.board
    cycles_flash = sum(part.cycles_flash for part in parts)
    latency_ms = 1000 * cycles_flash / board.clock_hz
    low, high = board.latency.range_factor if board.latency else (1.0, 1.0)
    return Measurement(
        instructions=sum(part.instructions for part in parts),
        cycles=sum(part.cycles for part in parts),
        flash_loads=sum(part.flash_loads for part in parts),
        cycles_flash=cycles_flash,
        latency_ms=latency_ms,
        latency_range_ms=(low * latency_ms, high * latency_ms),
        stack_bytes=stack,
        inferences_per_second=1000 / latency_ms,
        layers=parts,
    )
