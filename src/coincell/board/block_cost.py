"""What a feature block alone costs on the virtual board: linked behind a loop, run and counted."""

from __future__ import annotations

import math
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board.measurement import Measurement, count_run, stack_peak, total_cost
from coincell.board.owners import model_owner_table, model_parts
from coincell.board.virtual import VirtualBoard
from coincell.errors import InternalError
from coincell.features import FeatureBlock, choose_quantization
from coincell.firmware import Board, Image, device_sources, link_image
from coincell.toolchain import Compiler

_START_UP = ("nrf52840.h", "startup.c", "startup.h", "memory.c")

_HEADER = """\
#include <stdint.h>
#define MODEL(function) part_##function
#define MODEL_INIT part_init()
#define MODEL_INPUTS 1
#define MODEL_OUTPUTS 1
int part_init(void) __attribute__((weak));
int part_invoke(void) __attribute__((weak));
void *part_input(int index) __attribute__((weak));
const void *part_output(int index) __attribute__((weak));
"""

_AROUND = """\
#include "bare/model.h"
#include "part_features.h"
static {kind} samples[PART_WINDOW_VALUES] __attribute__((aligned(4)));
static int8_t features[PART_FEATURES_SIZE] __attribute__((aligned(4)));
int part_init(void) {{ return 0; }}
int part_invoke(void) {{ return part_features_run(samples, features); }}
void *part_input(int index) {{ return index ? 0 : samples; }}
const void *part_output(int index) {{ return index ? 0 : features; }}
"""


@dataclass(frozen=True)
class BlockCost:
    """One window's features on the board.

    Attributes:
        instructions: exact.
        cycles: by the cycle model, with waits for constants in flash.
        milliseconds: those cycles at the board's clock.
        flash_bytes: code and tables.
        ram_bytes: without the window and the int8 features, which the application holds.
        stack_bytes: deepest use.
    """

    instructions: int
    cycles: int
    milliseconds: float
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int


class BlockBench:
    """Costs of blocks on one board.

    Args:
        board: of a kind that the virtual board emulates.
        compiler: for its core.
    """

    def __init__(self, board: Board, compiler: Compiler) -> None:
        self._board, self._compiler = board, compiler
        with tempfile.TemporaryDirectory() as folder:
            self._empty = link_image(_sources(), board, Path(folder), compiler)

    @property
    def compiler(self) -> str:
        """Name and version of what the blocks were compiled with."""
        return self._empty.compiler

    def cost(self, block: FeatureBlock, windows: NDArray[Any]) -> BlockCost:
        """The cost of the first of some windows [n, form.values], which must be like real ones.

        Raises:
            InternalError: the board's features are not the host's.
        """
        quantization = choose_quantization(block.compute(windows), block.fixed_point_scale)
        sources = {
            **_sources(),
            **block.c_sources("part", quantization),
            "around.c": _AROUND.format(kind=f"{block.form.dtype}_t"),
        }
        size = math.prod(block.shape)
        with tempfile.TemporaryDirectory() as folder:
            image = link_image(sources, self._board, Path(folder), self._compiler)
            cost, features = _run_once(image, windows[0], size)
        if features != block.run(windows[:1], quantization).tobytes():
            raise InternalError(f"The board's features differ from the host's: {block.form}.")
        held = -(-windows[0].nbytes // 4) * 4 + -(-size // 4) * 4
        return BlockCost(
            instructions=cost.instructions,
            cycles=cost.cycles_flash,
            milliseconds=round(cost.latency_ms, 3),
            flash_bytes=image.image_flash_bytes - self._empty.image_flash_bytes,
            ram_bytes=image.image_ram_bytes - self._empty.image_ram_bytes - held,
            stack_bytes=cost.stack_bytes,
        )


def _sources() -> dict[str, str]:
    """Start-up and the loop around a part, which may be missing."""
    start_up = device_sources("firmware")
    return {
        **{f"firmware/{name}": start_up[f"firmware/{name}"] for name in _START_UP},
        **device_sources("bare", "freestanding"),
        "bare/model.h": _HEADER,
    }


def _run_once(image: Image, window: NDArray[Any], size: int) -> tuple[Measurement, bytes]:
    """The cost of one window, and its int8 features."""
    part = SimpleNamespace(name="part", layers=[])
    with VirtualBoard(image) as virtual:
        exchange = virtual.elf.symbol("exchange").address
        table = model_owner_table(virtual.elf, virtual.board, part)
        virtual.emulator.ask("own", table)

        def prepare() -> None:
            virtual.restart()
            (place,) = struct.unpack("<I", virtual.read_memory(exchange + 4, 4))
            virtual.emulator.ask("write", np.ascontiguousarray(window).tobytes(), address=place)

        counts = count_run(virtual, prepare, virtual.resume)
        (place,) = struct.unpack("<I", virtual.read_memory(exchange + 8, 4))
        parts = model_parts(part)
        cost = total_cost(parts, counts, virtual, stack_peak(virtual))
        return cost, virtual.read_memory(place, size)
