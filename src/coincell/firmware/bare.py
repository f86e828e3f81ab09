"""An image of a compiled model alone, and what the model adds to an otherwise empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coincell.compiler import CompiledModel
from coincell.firmware.application import device_sources
from coincell.firmware.description import Board
from coincell.firmware.elf import Elf
from coincell.firmware.image import STACK_BYTES, Image, link_image
from coincell.toolchain import Compiler


@dataclass(frozen=True)
class ModelImage:
    """A model's image for a board, which the virtual board runs input by input.

    Attributes:
        image: start-up, the model, and a loop that waits for inputs.
        flash_bytes: what the model adds to the image without it: code, constants, initial data,
            compiler helpers, memcpy and memset where it needs them.
        ram_bytes: what it adds in RAM: .data, .bss and the arena, inputs and outputs included.
    """

    image: Image
    flash_bytes: int
    ram_bytes: int


def build_model_image(
    compiled: CompiledModel,
    board: Board,
    directory: Path,
    compiler: Compiler | None = None,
    stack_bytes: int = STACK_BYTES,
) -> ModelImage:
    """Link `compiled` for `board`, and the same image without it; files go to `directory`.

    Raises:
        DoesNotFit: it is larger than the board.
        ToolchainError: there is no compiler, or it refused.
    """
    counts = len(compiled.inputs), len(compiled.outputs)
    caller_arena = compiled.options.arena == "caller"
    header = _model_header(compiled.name, *counts, caller_arena)
    sources = {**bare_sources(header), **compiled.sources}
    if caller_arena:
        sources["bare/arena.c"] = _arena(compiled.name)
    nothing = bare_sources(_model_header("nothing", *counts, caller_arena))
    image = link_image(sources, board, directory, compiler, stack_bytes)
    empty = link_image(nothing, board, directory / "empty", compiler, stack_bytes)
    flash, ram = _held(image.parsed)
    empty_flash, empty_ram = _held(empty.parsed)
    return ModelImage(image, flash - empty_flash, ram - empty_ram)


def bare_sources(model_header: str) -> dict[str, str]:
    """Start-up and the loop around a model; relative path -> text."""
    firmware = device_sources("firmware")
    needed = ("memory.c", "nrf52840.h", "startup.c", "startup.h")
    sources: Mapping[str, str] = {
        f"firmware/{name}": firmware[f"firmware/{name}"] for name in needed
    }
    return {
        **sources,
        **device_sources("bare", "freestanding"),
        "bare/model.h": model_header,
    }


def _held(elf: Elf) -> tuple[int, int]:
    """Bytes in flash and RAM, without the stack and the gap before the constants."""
    text = next(section.address for section in elf.sections if section.name == ".text")
    data = elf.label("image_data_end") - elf.label("image_data_begin")
    constants = elf.label("image_rodata_end") - elf.label("image_rodata_begin")
    code = elf.label("image_text_end") - text
    zeroed = elf.label("image_bss_end") - elf.label("image_bss_begin")
    return code + constants + data, data + zeroed


def _model_header(name: str, inputs: int, outputs: int, caller_arena: bool) -> str:
    memory = "void *" if caller_arena else "void"
    arena = "extern int8_t bare_arena[] __attribute__((weak));\n" if caller_arena else ""
    return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: the functions of the model in this image, and how many inputs and outputs it has.
 */
#ifndef COINCELL_BARE_MODEL_H
#define COINCELL_BARE_MODEL_H

#include <stdint.h>

#define MODEL(function) {name}_##function
#define MODEL_INIT {name}_init({"bare_arena" if caller_arena else ""})
#define MODEL_INPUTS {inputs}
#define MODEL_OUTPUTS {outputs}

{arena}int {name}_init({memory}) __attribute__((weak));
int {name}_invoke(void) __attribute__((weak));
void *{name}_input(int index) __attribute__((weak));
const void *{name}_output(int index) __attribute__((weak));

#endif
"""


def _arena(name: str) -> str:
    upper = name.upper()
    return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: the memory that the model is given.
 */
#include "{name}.h"

extern int8_t bare_arena[];
_Alignas({upper}_ARENA_ALIGNMENT) int8_t bare_arena[{upper}_ARENA_BYTES];
"""
