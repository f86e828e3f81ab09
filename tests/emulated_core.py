"""Emitted C on every compiler, under the sanitizers and on an emulated Cortex-M4, for tests."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from coincell.errors import ToolchainError
from coincell.toolchain import (
    C_FLAGS,
    Compiler,
    compile_units,
    find_cross_compiler,
    host_compilers,
    write_files,
)

_LINKER_SCRIPT = """\
SECTIONS
{
    . = 0x10000;
    .text : { KEEP(*(.text*)) *(.rodata*) }
    . = 0x20000000;
    .data : { *(.data*) }
    .bss : { KEEP(*(.bss*)) KEEP(*(COMMON)) }
    /DISCARD/ : { *(.ARM.exidx*) }
}
"""

# What compilers make of loops that set or copy memory; the firmware has its own.
_MEMORY = """\
#include <stdint.h>

void *memset(void *to, int value, unsigned long size)
{
    for (unsigned long i = 0; i < size; i++) ((volatile uint8_t *)to)[i] = (uint8_t)value;
    return to;
}
void *memcpy(void *to, const void *from, unsigned long size)
{
    for (unsigned long i = 0; i < size; i++)
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}
void __aeabi_memclr4(void *to, unsigned long size) { memset(to, 0, size); }
void __aeabi_memclr8(void *to, unsigned long size) { memset(to, 0, size); }
void __aeabi_memcpy4(void *to, const void *from, unsigned long size) { memcpy(to, from, size); }
void __aeabi_memcpy(void *to, const void *from, unsigned long size) { memcpy(to, from, size); }
"""


def every_compiler() -> list[Compiler]:
    """Those of this computer, and those for a Cortex-M4 that are installed."""
    found = host_compilers()
    for family in ("gcc", "zig"):
        try:
            found.append(find_cross_compiler(prefer=family))
        except ToolchainError:
            continue
    return found


def check_freestanding(
    compiler: Compiler, folder: Path, sources: Mapping[str, str], level: str
) -> None:
    """`sources` compile without a warning at -O`level`, and want no function of a library."""
    units = sorted(path for path in sources if path.endswith(".c"))
    unwound = ["-fno-unwind-tables", "-fno-asynchronous-unwind-tables"]
    flags = [*C_FLAGS, level, "-ffreestanding", *unwound]
    objects = [str(path) for path in compile_units(units, sources, compiler, flags)]
    if nm := shutil.which("nm"):
        listed = subprocess.run([nm, "-P", *objects], capture_output=True, text=True, check=True)
        lines = [line.split()[:2] for line in listed.stdout.splitlines() if line[-1] != ":"]
        defined = {name for name, kind in lines if kind != "U"}
        wanted = {name for name, kind in lines if kind == "U"} - defined
        plain = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}
        arm_names = {name for name in wanted if name.startswith("__aeabi_mem")}
        assert wanted - plain - arm_names == set()


def run_sanitized(folder: Path, sources: Mapping[str, str], given: bytes) -> bytes:
    """What the program in `sources` writes to standard output for `given`, clean under sanitizers.

    Without a compiler that has them, the test is skipped.
    """
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler named cc with its sanitizers")
    compiler = host_compilers()[0]
    units = sorted(path for path in sources if path.endswith(".c"))
    sanitize = ["-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]
    flags = [*C_FLAGS, *sanitize]
    objects = compile_units(units, sources, compiler, flags)
    try:
        compiler.run([*flags, *objects, "-o", "program"], directory=folder)
    except ToolchainError as error:
        if "cannot find" in error.message and "san" in error.message:
            pytest.skip("the C compiler has no sanitizer libraries")
        raise
    done = subprocess.run([str(folder / "program")], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def cross_compiler(family: str) -> Compiler:
    """For a Cortex-M4, and the emulator there; else the test is skipped."""
    for package in ("unicorn", "elftools"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package} (the extra 'emulator')")
    try:
        return find_cross_compiler(prefer=family)
    except ToolchainError as error:
        pytest.skip(f"no cross compiler: {error}")


def run_on_cortex_m4(
    compiler: Compiler,
    level: str,
    folder: Path,
    sources: Mapping[str, str],
    calls: Sequence[str],
    windows: NDArray[Any],
    size: int,
) -> bytes:
    """Call every function `calls` on every window, on an emulated core.

    Args:
        compiler: of cross_compiler().
        level: of optimisation, as a flag.
        folder: where the program is built.
        sources: path -> C; no main() among it.
        calls: names of functions that take a window, and where up to `size` bytes are written.
        windows: [n, ...].
        size: bytes of every answer.

    Returns:
        [n, calls, size] bytes.
    """
    room = (
        "#include <stdint.h>\n"
        f"int64_t the_samples[{windows[0].nbytes // 8 + 1}];\n"
        f"int64_t the_answer[{size // 8 + 1}];\n"
    )
    given = {"room.c": room, "memory.c": _MEMORY}
    everything = {**given, **sources}
    write_files(folder, {"link.ld": _LINKER_SCRIPT})
    units = sorted(path for path in everything if path.endswith(".c"))
    flags = [*C_FLAGS, level, "-ffreestanding", "-fno-unwind-tables"]
    objects = compile_units(units, everything, compiler, flags)
    ends = ["-nostdlib", "-Wl,-T,link.ld", f"-Wl,--entry={calls[0]}", "-o", "program.elf"]
    compiler.run([*flags, *objects, *ends], directory=folder)
    symbols = _symbols(folder / "program.elf")
    order = {
        "elf": str(folder / "program.elf"),
        "samples": symbols["the_samples"],
        "features": symbols["the_answer"],
        "size": size,
        "window_bytes": windows[0].nbytes,
        "calls": [symbols[name] for name in calls],
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("cortex_m4_worker.py"))],
        input=json.dumps(order).encode() + b"\n" + windows.tobytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _symbols(program: Path) -> dict[str, int]:
    """Name -> address."""
    from elftools.elf.elffile import ELFFile

    with program.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] & ~1 for symbol in table.iter_symbols()}
