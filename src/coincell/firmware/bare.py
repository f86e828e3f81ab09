"""A compiled model alone: its image for a board, and what it adds to an otherwise empty one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from coincell.compiler import CompileOptions, Graph
from coincell.firmware.application import NetworkCode, device_sources
from coincell.firmware.description import Board, Region, load_board
from coincell.firmware.elf import Elf, sizes_by_section
from coincell.firmware.image import (
    STACK_BYTES,
    Image,
    compile_flags,
    compiler_title,
    link_cached,
    link_image,
)
from coincell.toolchain import Compiler, find_cross_compiler, find_host_compiler

_ROOMY = 8 << 20
_CHIP = ("firmware/nrf52840.h", "firmware/startup.c", "firmware/startup.h")
_START_UP = (*_CHIP, "firmware/memory.c")
_PLAIN_LINK_FLAGS = ("-nostdlib", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,--entry=main")
_HOST_LINK_FLAGS = ("-static", "-no-pie")
_NO_WAIT = """\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: this program is linked for its sizes, and never run.
 */
static inline void wait_for_interrupt(void) {}
"""


class BareCode(NetworkCode, Protocol):
    """A compiled network, or trees: what NAME_invoke runs by itself."""

    @property
    def options(self) -> CompileOptions:
        """What it was made with."""

    @property
    def graph(self) -> Graph:
        """Its inputs and outputs."""


@dataclass(frozen=True)
class ModelImage:
    """A model's image for a board, which the virtual board runs input by input.

    Attributes:
        image: start-up, the model, and a loop that waits for inputs.
        sizes: what the model adds to the image without it.
    """

    image: Image
    sizes: LibrarySizes

    @property
    def flash_bytes(self) -> int:
        """Code, constants, initial data, compiler helpers, memcpy and memset where needed."""
        return self.sizes.flash_bytes

    @property
    def ram_bytes(self) -> int:
        """.data, .bss and the arena, inputs and outputs included."""
        return self.sizes.ram_bytes


@dataclass(frozen=True)
class LibrarySizes:
    """What a model adds to a program for its target, as `ModelImage` has it.

    Attributes:
        flash_bytes, ram_bytes: see there.
        compiler: the one that built it, with version.
        flags: what its C was compiled with.
    """

    flash_bytes: int
    ram_bytes: int
    compiler: str
    flags: str


def build_model_image(
    compiled: BareCode,
    board: Board,
    directory: Path,
    compiler: Compiler | None = None,
    stack_bytes: int = STACK_BYTES,
) -> ModelImage:
    """Link `compiled` for `board`, and the same image without it; files go to `directory`.

    Args:
        compiled: made for the board's core, or for another Arm core whose `compiler` is given.
        board: where memories lie.
        directory: receives the files.
        compiler: arm-none-eabi-gcc when on PATH, else zig, unless given.
        stack_bytes: reserved for the stack.

    Raises:
        DoesNotFit: it is larger than the board.
        ToolchainError: there is no compiler, or it refused.
    """
    chosen = compiler or find_cross_compiler(board.core)
    whole, nothing = _programs(compiled)
    image = link_image(whole, board, directory, chosen, stack_bytes)
    empty = link_image(nothing, board, directory / "empty", chosen, stack_bytes)
    flash, ram = _held(image.parsed)
    empty_flash, empty_ram = _held(empty.parsed)
    sizes = LibrarySizes(flash - empty_flash, ram - empty_ram, image.compiler, _flags(chosen))
    return ModelImage(image, sizes)


def roomy_board() -> Board:
    """Memory for a processor that is on no board: far more than any microcontroller has."""
    board = load_board("nano33ble")
    flash = Region(origin=board.flash.origin, bytes=_ROOMY)
    return board.model_copy(
        update={"flash": flash, "ram": Region(origin=board.ram.origin, bytes=_ROOMY)}
    )


def library_sizes(compiled: BareCode, compiler: Compiler | None = None) -> LibrarySizes | None:
    """What `compiled` adds to a program for its target; None where the target names no processor.

    Raises:
        DoesNotFit: it is larger than any memory of a microcontroller.
        ToolchainError: there is no compiler for the target, or it refused.
    """
    core = compiled.options.target.core
    if not core:
        return None
    host = core == "host"
    chosen = compiler or (find_host_compiler() if host else find_cross_compiler(core))
    if core.startswith("cortex-m"):
        with TemporaryDirectory(prefix="coincell-sizes-") as folder:
            return build_model_image(compiled, roomy_board(), Path(folder), chosen).sizes
    flags = (*_PLAIN_LINK_FLAGS, *(_HOST_LINK_FLAGS if host else ()))
    sizes = []
    for sources in _programs(compiled):
        portable = {path: text for path, text in sources.items() if path not in _CHIP}
        elf = link_cached({**portable, "bare/wait.h": _NO_WAIT}, chosen, flags)
        sizes.append(sizes_by_section(elf.read_bytes()))
    (flash, ram), (empty_flash, empty_ram) = sizes
    title = compiler_title(chosen)
    return LibrarySizes(flash - empty_flash, ram - empty_ram, title, _flags(chosen))


def _flags(compiler: Compiler) -> str:
    return " ".join((*compiler.target_flags, *compile_flags(compiler)))


def _programs(compiled: BareCode) -> tuple[dict[str, str], dict[str, str]]:
    """The sources of the program with the model, and of the same one without."""
    counts = len(compiled.inputs), len(compiled.outputs)
    caller_arena = compiled.options.arena == "caller"
    header = _model_header(compiled.name, *counts, caller_arena)
    whole = {**_bare_sources(header), **compiled.sources}
    if caller_arena:
        whole["bare/arena.c"] = _arena(compiled.name)
    return whole, _bare_sources(_model_header("nothing", *counts, caller_arena))


def _bare_sources(model_header: str) -> dict[str, str]:
    """Start-up and the loop around a model; relative path -> text."""
    firmware = device_sources("firmware")
    return {
        **{path: firmware[path] for path in _START_UP},
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
