"""Exported sketches compiled as Arduino does, against a stand-in of its libraries."""

from __future__ import annotations

from pathlib import Path

from exporting import HERE, WARNINGS, compile_units, cpp_compiler, must

SHIM = HERE / "arduino_shim"
# The flags of the Nano's core, and all warnings.
SKETCH_FLAGS = ("-std=gnu++14", "-Os", "-fno-exceptions", "-fno-rtti", *WARNINGS)


class Bench:
    """An exported library, compiled once, and sketches that are linked with it."""

    def __init__(self, library: Path, source: Path, work: Path) -> None:
        self.library = library
        self.source = source
        self.work = work
        # Arduino compiles every .c below src/ with src/ on the path, and C as gnu11.
        flags = ("-std=gnu11", "-Os", *WARNINGS, "-I", str(source))
        self.objects = compile_units(source, work / "objects", flags)

    def build(self, sketch: Path, *flags: str) -> Path:
        """The program of a sketch; an .ino has Arduino.h put before it."""
        text = sketch.read_text(encoding="utf-8")
        before = '#include <Arduino.h>\n#line 1 "sketch"\n' if sketch.suffix == ".ino" else ""
        unit = self.work / f"{sketch.stem}.cpp"
        unit.write_text(before + text, encoding="utf-8")
        program = self.work / f"{sketch.stem}{len(flags)}"
        command = [*cpp_compiler(), *SKETCH_FLAGS, *flags, "-I", SHIM, "-I", self.source]
        must([*command, unit, SHIM / "shim.cpp", *self.objects, "-o", program])
        return program


def example(bench: Bench, name: str) -> Path:
    return bench.library / "examples" / name / f"{name}.ino"
