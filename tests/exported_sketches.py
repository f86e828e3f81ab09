"""Exported sketches compiled as Arduino does, against a stand-in of its libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporting import HERE, WARNINGS, compile_folder, cpp_compiler, must

SHIM = HERE / "arduino_shim"
# The flags of the Nano's core, and all warnings.
SKETCH_FLAGS = ("-std=gnu++14", "-Os", "-fno-exceptions", "-fno-rtti", *WARNINGS)

BY_BLUETOOTH = "-DREPORTS_BY_BLUETOOTH=1"


class Bench:
    """An exported library, compiled once, and sketches that are linked with it."""

    def __init__(self, library: Path, source: Path, work: Path) -> None:
        self.library = library
        self.source = source
        self.work = work
        # Arduino compiles every .c below src/ with src/ on the path, and C as gnu11.
        self.objects = compile_folder(source, ("-std=gnu11", "-Os", *WARNINGS), (".",)).values()
        work.mkdir(exist_ok=True)

    def build(self, sketch: Path, *flags: str) -> Path:
        """The program of a sketch; an .ino has Arduino.h put before it."""
        text = sketch.read_text(encoding="utf-8")
        before = '#include <Arduino.h>\n#line 1 "sketch"\n' if sketch.suffix == ".ino" else ""
        unit = self.work / f"{sketch.stem}.cpp"
        unit.write_text(before + text, encoding="utf-8")
        program = self.work / f"{sketch.stem}{len(flags)}"
        command = [*cpp_compiler(), *SKETCH_FLAGS, *flags, "-I", SHIM, "-I", self.source]
        radio = [SHIM / "bluetooth.cpp"] if BY_BLUETOOTH in flags else []
        parts = [unit, SHIM / "shim.cpp", *radio, *self.objects]
        must([*command, *parts, "-o", program])
        return program


def example(bench: Bench, name: str) -> Path:
    return bench.library / "examples" / name / f"{name}.ino"


def scene() -> NDArray[Any]:
    """uint8 [144, 176, 2]: RGB565 as the camera gives it, the high byte first."""
    row, column = np.mgrid[0:144, 0:176]
    red = (16 + 12 * np.sin(row / 9)).astype(int)
    green = (32 + 25 * np.cos(column * row / 700)).astype(int)
    words = red << 11 | green << 5 | column * 31 // 175
    return np.stack([words >> 8, words & 255], axis=-1).astype(np.uint8)


def colour_of(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """RGB565 as above -> uint8 [rows, columns, 3], each colour spread over 0 to 255."""
    words = frame[..., 0].astype(int) << 8 | frame[..., 1]
    red, green, blue = words >> 11, words >> 5 & 63, words & 31
    spread = [red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2]
    return np.stack(spread, axis=-1).astype(np.uint8)
