"""What an export takes of its board: the library compiled for the core, beside what is there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from coincell.errors import GateError, UserError
from coincell.firmware.application import device_sources
from coincell.firmware.description import Board
from coincell.firmware.export.library import units
from coincell.firmware.image import MEMORY_HELP, compile_flags
from coincell.toolchain import compile_units, find_cross_compiler


@dataclass(frozen=True)
class Sizes:
    """Bytes of flash (code, constants, initial values) and of static RAM."""

    flash_bytes: int = 0
    ram_bytes: int = 0

    def __add__(self, other: Sizes) -> Sizes:
        return Sizes(self.flash_bytes + other.flash_bytes, self.ram_bytes + other.ram_bytes)

    def to_json(self) -> dict[str, int]:
        """Plain values."""
        return {"flash_bytes": self.flash_bytes, "ram_bytes": self.ram_bytes}


@dataclass(frozen=True)
class SystemShare:
    """What a board's own system takes beside the library: see targets.toml."""

    size: Sizes
    source: str


def targets() -> dict[str, dict[str, Any]]:
    """Board -> format -> what that format calls it."""
    text = (resources.files(__package__) / "targets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def target_of(board: Board, kind: str) -> dict[str, Any]:
    """What `kind`, such as "platformio", calls `board`.

    Raises:
        UserError: it is not known; names the boards for which it is.
    """
    known = targets()
    found: dict[str, Any] | None = known.get(board.name, {}).get(kind)
    if found is None:
        names = ", ".join(sorted(name for name, kinds in known.items() if kind in kinds))
        raise UserError(
            f"Exports for {kind} are not known for the board {board.name!r}. Known: {names}.",
            hint="Try --format c or cmake, which fit every board.",
        )
    return found


def arduino_share(board: Board) -> SystemShare | None:
    """What Arduino's core takes on `board`, or None where nobody has told."""
    entry = targets().get(board.name, {}).get("arduino")
    if entry is None or "flash_bytes" not in entry:
        return None
    size = Sizes(entry["flash_bytes"], entry["ram_bytes"] + entry["margin_bytes"])
    return SystemShare(size, entry["source"])


def unit_sizes(files: Mapping[str, str], board: Board) -> dict[str, Sizes]:
    """Unit -> what it takes on the board's core, before the linker leaves out what is not called.

    Raises:
        ToolchainError: there is no compiler for the core, or it refused.
    """
    named = units(files)
    compiler = find_cross_compiler(board.core)
    tree = {**files, **device_sources("freestanding")}
    objects = compile_units(named, tree, compiler, compile_flags(compiler), ("freestanding",))
    return {unit: _object_size(path) for unit, path in zip(named, objects, strict=True)}


def _object_size(path: Path) -> Sizes:
    from elftools.elf.constants import SH_FLAGS
    from elftools.elf.elffile import ELFFile

    flash = ram = 0
    with path.open("rb") as stream:
        for section in ELFFile(stream).iter_sections():
            flags, size = section["sh_flags"], section["sh_size"]
            if not flags & SH_FLAGS.SHF_ALLOC:
                continue
            stored = section["sh_type"] != "SHT_NOBITS"
            flash += size if stored else 0
            ram += size if flags & SH_FLAGS.SHF_WRITE else 0
    return Sizes(flash, ram)


def check_memory(what: str, needed: Sizes, board: Board, forced: bool) -> None:
    """Whether `needed` fits the board.

    Raises:
        GateError: it does not, and `forced` is not set.
    """
    limits = {
        "flash": (needed.flash_bytes, board.flash.bytes, MEMORY_HELP["flash"]),
        "RAM": (needed.ram_bytes, board.ram.bytes, MEMORY_HELP["ram"]),
    }
    for memory, (bytes_, limit, help_) in limits.items():
        if bytes_ > limit and not forced:
            raise GateError(
                f"{what} needs {bytes_:,} bytes of {memory}, its system's included; "
                f"{board.board.title} has {limit:,}.",
                hint=f"{help_} --force exports it all the same.",
            )
