"""The emitted C on an emulated Cortex-M4, where its products are single instructions."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.errors import ToolchainError
from coincell.toolchain import C_FLAGS, Compiler, find_cross_compiler
from features.hard_windows import (
    QUANTIZATION,
    SETTINGS,
    block_of,
    largest_windows,
    write_sources,
)
from features.signals import synthetic_windows

SIZE = 40000

MAIN = f"""\
#include <stdint.h>
int16_t the_samples[16000];
int8_t the_features[{SIZE}];
"""

LINKER_SCRIPT = """\
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


def _cross_compiler(family: str) -> Compiler:
    for package in ("unicorn", "elftools"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package} (the extra 'emulator')")
    try:
        return find_cross_compiler(prefer=family)
    except ToolchainError as error:
        pytest.skip(f"no cross compiler: {error}")


def _link(compiler: Compiler, folder: Path, level: str) -> dict[str, int]:
    """A program of all blocks in folder/program.elf; the addresses of its symbols."""
    from elftools.elf.elffile import ELFFile

    sources = {"main.c": MAIN, "link.ld": LINKER_SCRIPT}
    for name in SETTINGS:
        sources |= block_of(name).c_sources(name, QUANTIZATION)
    units = write_sources(folder, sources)
    flags = [*C_FLAGS, level, "-ffreestanding", "-fno-unwind-tables", "-nostdlib", "-I", "."]
    ends = ["-Wl,-T,link.ld", "-Wl,--entry=plain_features_run", "-o", "program.elf"]
    compiler.run([*flags, *units, *ends], directory=folder)
    with (folder / "program.elf").open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] & ~1 for symbol in table.iter_symbols()}


def _emulate(folder: Path, symbols: dict[str, int], windows: NDArray[np.int16]) -> bytes:
    order = {
        "elf": str(folder / "program.elf"),
        "samples": symbols["the_samples"],
        "features": symbols["the_features"],
        "size": SIZE,
        "window_bytes": windows[0].nbytes,
        "calls": [symbols[f"{name}_features_run"] for name in SETTINGS],
    }
    worker = Path(__file__).with_name("cortex_m4_worker.py")
    done = subprocess.run(
        [sys.executable, str(worker)],
        input=json.dumps(order).encode() + b"\n" + windows.tobytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize(("family", "level"), [("gcc", "-O2"), ("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_bytes(tmp_path: Path, family: str, level: str) -> None:
    symbols = _link(_cross_compiler(family), tmp_path, level)
    made = synthetic_windows()
    some = np.stack([made[name] for name in ("chirp", "one-bit noise", "silence")])
    windows = np.concatenate([some, largest_windows()[[0, 2, 5]]])
    answers = np.frombuffer(_emulate(tmp_path, symbols, windows), np.int8)
    answers = answers.reshape(len(windows), len(SETTINGS), SIZE)
    for place, name in enumerate(SETTINGS):
        expected = block_of(name).run(windows, QUANTIZATION).reshape(len(windows), -1)
        assert np.array_equal(answers[:, place, : expected.shape[1]], expected), name
