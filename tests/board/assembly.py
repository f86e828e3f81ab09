"""Assembling Thumb code for tests, by whichever cross compiler there is."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from elftools.elf.elffile import ELFFile

from coincell.toolchain import find_cross_compiler

HEADER = ".syntax unified\n.thumb\n.text\n"


def assemble(text: str) -> bytes:
    """The .text of `text`; it must not need linking."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "code.s"
        source.write_text(HEADER + text + "\n")
        target = Path(folder) / "code.o"
        find_cross_compiler().run(["-c", str(source), "-o", str(target)])
        section = ELFFile(io.BytesIO(target.read_bytes())).get_section_by_name(".text")
        return bytes(section.data())
