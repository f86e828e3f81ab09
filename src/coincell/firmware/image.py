"""C sources -> a linked image for a board, with the size of everything in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Literal

from coincell.errors import GateError, ToolchainError
from coincell.files import write_atomic
from coincell.firmware.application import Application, application_sources, device_sources
from coincell.firmware.board_header import board_header
from coincell.firmware.description import Board, need_firmware
from coincell.firmware.elf import Elf, intel_hex, plain_binary, read_elf
from coincell.firmware.live_source import SENSES_NOTHING, live_sources, why_no_source
from coincell.firmware.telemetry import LOG_BYTES
from coincell.firmware.usb_identity import Link, link_of, usb_sources
from coincell.project import BoardSettings
from coincell.runtime import c_sources
from coincell.toolchain import (
    C_FLAGS,
    Compiler,
    build_cached,
    compile_units,
    find_cross_compiler,
    write_files,
)

STACK_BYTES = BoardSettings().stack_bytes
"""Reserved for the stack unless the caller says otherwise."""

RODATA_ALIGN = 1024
"""The virtual board's page: constants begin at a multiple of it, so that loads can be watched."""

# On the keyword model -Os of gcc takes twice the time of -O2, and saves 1 KiB of 43.
_OPTIMISATION = ("-O2",)
_FLAGS = (
    *C_FLAGS,
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-g1",
)
_LINK_FLAGS = (
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,--build-id=none",
    "-Wl,--entry=image_reset",
    "-T",
    "image.ld",
)
_PLAIN_UNITS = ("firmware/memory.c", "firmware/startup.c")
_UNBOUNDED = 1 << 27


@dataclass(frozen=True)
class Contributor:
    """Something that takes memory: a function, a table, a buffer, the stack's reserve."""

    symbol: str
    section: str
    bytes: int


@dataclass(frozen=True)
class Span:
    """A piece of the memory map: bytes [address, address + bytes) of `memory` hold `what`."""

    memory: str
    what: str
    address: int
    bytes: int


MEMORY_HELP = {
    "flash": "A smaller architecture, or fewer channels a layer, shrinks the weights.",
    "ram": "A shorter window, fewer frames or bands, or a smaller architecture, shrinks it.",
}
"""What makes an image take less of each memory."""

_HELD = {"flash": (".text", ".rodata", ".data"), "ram": (".data", ".bss", ".stack")}
_NAMED = 4


def largest_of(memory: Literal["flash", "ram"], contributors: Sequence[Contributor]) -> str:
    """The first few of `contributors` (by falling size) that lie in `memory`, in words."""
    held = [item for item in contributors if item.section in _HELD[memory]]
    return ", ".join(f"{item.symbol} {item.bytes:,}" for item in held[:_NAMED])


class DoesNotFit(GateError):  # noqa: N818, the name says what is the matter
    """The linked image is larger than the board.

    Attributes:
        image_flash_bytes, image_ram_bytes: what it would take.
        contributors: the largest, by falling size.
    """

    def __init__(
        self,
        message: str,
        hint: str,
        image_flash_bytes: int,
        image_ram_bytes: int,
        contributors: tuple[Contributor, ...],
    ) -> None:
        super().__init__(message, hint)
        self.image_flash_bytes = image_flash_bytes
        self.image_ram_bytes = image_ram_bytes
        self.contributors = contributors


@dataclass(frozen=True)
class Image:
    """What would be flashed, and its sizes after linking.

    Attributes:
        elf, hex, bin: the files.
        board: what it was linked for.
        compiler: the one that built it, with version.
        image_flash_bytes: from the first byte of the vectors to the last of initial data.
        image_ram_bytes: data, zeroed data and the stack's reserve.
        stack_reserved: bytes of that reserve.
        contributors: the largest, by falling size.
        memory_map: sections and free room, by memory and address.
        parsed: the ELF file's content.
    """

    elf: Path
    hex: Path
    bin: Path
    board: Board
    compiler: str
    image_flash_bytes: int
    image_ram_bytes: int
    stack_reserved: int
    contributors: tuple[Contributor, ...]
    memory_map: tuple[Span, ...]
    parsed: Elf = field(repr=False)


def linker_script(board: Board, stack_bytes: int, bounded: bool = True, log_bytes: int = 0) -> str:
    """The linker script of an image for `board`; unbounded ones only serve to size what fails.

    `log_bytes` at the end of flash are not the image's.
    """
    template = resources.files(__package__) / "device" / "image.ld"
    text = template.read_text(encoding="utf-8")
    values = {
        "FLASH_ORIGIN": board.flash.origin,
        "FLASH_BYTES": board.flash.bytes - log_bytes if bounded else _UNBOUNDED,
        "RAM_ORIGIN": board.ram.origin,
        "RAM_BYTES": board.ram.bytes if bounded else _UNBOUNDED,
        "STACK_BYTES": stack_bytes,
        "RODATA_ALIGN": RODATA_ALIGN,
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", f"{value:#x}")
    return text


def build_image(
    application: Application,
    board: Board,
    directory: Path,
    compiler: Compiler | None = None,
    stack_bytes: int = STACK_BYTES,
    link: Link = "uart",
    microphone_gain_db: float = 0.0,
    imu_configuration: bytes | None = None,
) -> Image:
    """The firmware of `application` for `board`: the chain, the protocol, the start-up.

    An image that senses nothing by itself tells why in its description, under SENSES_NOTHING.

    `link` is the line to the computer: the chip's own USB, a UART on the board's pins, or "auto",
    as `link_of` has it; every board has the UART. `microphone_gain_db`, -20 to 20, is what the
    microphone's interface adds; `imu_configuration` is what a BMI270 needs, if it is there.

    Raises:
        BoardError: there is no firmware for the board's chip, the board has no such line, or its
            sensor cannot give what the application takes.
        DoesNotFit: it is larger than the board; names the largest contributors and what would help.
        ToolchainError: there is no compiler, or it refused.
    """
    need_firmware(board)
    chosen = compiler or find_cross_compiler(board.core)
    device = device_sources("firmware", "freestanding") | board_header(board, microphone_gain_db)
    line = link_of(board, link)
    if line == "usb":
        del device["firmware/transport_uarte.c"]
        device |= usb_sources(board)
    device |= live_sources(application, board, line, imu_configuration)
    log_bytes = 0
    if application.counting:
        device |= c_sources("digest", "flash_log")
        log_bytes = LOG_BYTES
    sources = application_sources(application) | device
    script = linker_script(board, stack_bytes, log_bytes=log_bytes)
    marks = {
        "board": board.name,
        "link": line,
        "compiler": compiler_title(chosen),
        "build": _digest({**sources, "image.ld": script}, chosen),
    }
    if deaf := why_no_source(application, board, line):
        marks[SENSES_NOTHING] = deaf
    marked = replace(application, manifest={**application.manifest, **marks})
    linked = application_sources(marked) | device
    return link_image(linked, board, directory, chosen, stack_bytes, log_bytes)


def _digest(files: Mapping[str, str], compiler: Compiler) -> str:
    """16 hexadecimal digits that stand for all that an image is built from."""
    digest = hashlib.sha256(compiler.identity.encode())
    for path, text in sorted(files.items()):
        digest.update(f"\0{path}\0{text}".encode())
    return digest.hexdigest()[:16]


def link_image(
    sources: Mapping[str, str],
    board: Board,
    directory: Path,
    compiler: Compiler | None = None,
    stack_bytes: int = STACK_BYTES,
    log_bytes: int = 0,
) -> Image:
    """Compile and link `sources` for `board`; write firmware.elf, .hex and .bin.

    Args:
        sources: relative path -> text; the device's own sources are the caller's to include.
        board: what to link for.
        directory: receives the three files, each whole or not at all.
        compiler: arm-none-eabi-gcc when on PATH, else zig, unless given.
        stack_bytes: reserved for the stack, a multiple of 8.
        log_bytes: at the end of flash, left to what the image writes there.

    Raises:
        DoesNotFit: it is larger than the board; names the largest contributors and what would help.
        ToolchainError: the compiler refused.
    """
    chosen = compiler or find_cross_compiler(board.core)
    try:
        script = linker_script(board, stack_bytes, log_bytes=log_bytes)
        built = _build(sources, chosen, script)
    except ToolchainError as error:
        if "overflowed by" not in error.message:
            raise
        oversized = _build(sources, chosen, linker_script(board, stack_bytes, bounded=False))
        raise _does_not_fit(read_elf(oversized.read_bytes()), board, log_bytes) from error
    data = built.read_bytes()
    parsed = read_elf(data)
    paths = {kind: directory / f"firmware.{kind}" for kind in ("elf", "hex", "bin")}
    write_atomic(paths["elf"], data)
    write_atomic(paths["hex"], intel_hex(parsed.segments, parsed.entry))
    write_atomic(paths["bin"], plain_binary(parsed.segments, board.flash.origin))
    return Image(
        elf=paths["elf"],
        hex=paths["hex"],
        bin=paths["bin"],
        board=board,
        compiler=compiler_title(chosen),
        image_flash_bytes=parsed.label("image_flash_bytes"),
        image_ram_bytes=parsed.label("image_ram_bytes"),
        stack_reserved=stack_bytes,
        contributors=_contributors(parsed),
        memory_map=_memory_map(parsed, board, log_bytes),
        parsed=parsed,
    )


def compiler_title(compiler: Compiler) -> str:
    """The compiler as reports name it, with its version."""
    return f"zig {compiler.version}" if compiler.name == "zig" else compiler.version


def _build(sources: Mapping[str, str], compiler: Compiler, script: str) -> Path:
    return link_cached({**sources, "image.ld": script}, compiler, _LINK_FLAGS)


def link_cached(files: Mapping[str, str], compiler: Compiler, link_flags: Sequence[str]) -> Path:
    """The ELF file of `files`, relative path -> text, kept by their content."""
    parts: dict[str, str | bytes] = {f"file:{path}": text for path, text in files.items()}
    parts["flags"] = " ".join((*compile_flags(compiler), *link_flags))
    parts["plain"] = " ".join(_PLAIN_UNITS)
    parts["compiler"] = compiler.identity

    def build(folder: Path) -> None:
        linked = {path: text for path, text in files.items() if path.endswith(".ld")}
        write_files(folder, linked)
        objects = _compile(compiler, files)
        library = "-lcompiler_rt" if compiler.name == "zig" else "-lgcc"
        flags = compile_flags(compiler)
        words: list[str | Path] = [*flags, *objects, library, *link_flags, "-o", "firmware.elf"]
        compiler.run(words, directory=folder)

    return build_cached("image", parts, build) / "firmware.elf"


def compile_flags(compiler: Compiler) -> tuple[str, ...]:
    """What every unit of an image is compiled with, beside the flags of the core."""
    # gcc: two layers alike stay two functions, each with its own cost. clang: unrolling makes code
    # up to twice as large, and 4 % faster at the most.
    own = "-fno-unroll-loops" if compiler.name == "zig" else "-fno-ipa-icf"
    return (*_FLAGS, *_OPTIMISATION, own)


def _compile(compiler: Compiler, files: Mapping[str, str]) -> list[Path]:
    """The objects of an image, in the order in which they are linked."""
    # Left alone, a compiler sees memcpy in the loop of memcpy, and calls it; start-up would bring
    # memset into images that need none.
    zig = compiler.name == "zig"
    unlike = "-fno-builtin" if zig else "-fno-tree-loop-distribute-patterns"
    units = sorted(path for path in files if path.endswith(".c"))
    others = [unit for unit in units if unit not in _PLAIN_UNITS]
    plain = [unit for unit in _PLAIN_UNITS if unit in units]
    flags = compile_flags(compiler)
    roots = (".", "freestanding")
    made = compile_units(others, files, compiler, flags, roots)
    made_plain = compile_units(plain, files, compiler, [*flags, unlike], roots)
    # Where code lies is what the proved images have: zig links them in front of the others.
    return [*made_plain, *made] if zig else [*made, *made_plain]


def _contributors(parsed: Elf) -> tuple[Contributor, ...]:
    found = [Contributor(item.name, item.section, item.size) for item in parsed.symbols]
    found += [
        Contributor("the stack's reserve", section.name, section.size)
        for section in parsed.sections
        if section.name == ".stack"
    ]
    found.sort(key=lambda item: (-item.bytes, item.symbol))
    return tuple(found)


def _does_not_fit(parsed: Elf, board: Board, log_bytes: int) -> DoesNotFit:
    needs: dict[Literal["flash", "ram"], tuple[int, int]] = {
        "flash": (parsed.label("image_flash_bytes"), board.flash.bytes - log_bytes),
        "ram": (parsed.label("image_ram_bytes"), board.ram.bytes),
    }
    contributors = _contributors(parsed)
    messages: list[str] = []
    hints: list[str] = []
    for memory, (needed, available) in needs.items():
        if needed <= available:
            continue
        name = {"flash": "flash", "ram": "RAM"}[memory]
        messages.append(
            f"The image needs {needed:,} bytes of {name}; {board.board.title} has "
            f"{available:,} for it. Largest: {largest_of(memory, contributors)}."
        )
        hints.append(MEMORY_HELP[memory])
    sizes = [needed for needed, _ in needs.values()]
    return DoesNotFit(" ".join(messages), " ".join(hints), sizes[0], sizes[1], contributors)


def _memory_map(parsed: Elf, board: Board, log_bytes: int) -> tuple[Span, ...]:
    """What lies where, in flash as loaded and in RAM as run; what is left is "free".

    "padding" lies before the constants, under `RODATA_ALIGN` bytes: the price of counting loads.
    """
    spans: list[Span] = []
    for section in parsed.sections:
        in_ram = board.ram.origin <= section.address < board.ram.end
        size = section.size
        if section.name == ".text":
            size = parsed.label("image_text_end") - section.address
            padding = section.size - size
            spans.append(Span("flash", "padding", section.address + size, padding))
        spans.append(Span("ram" if in_ram else "flash", section.name, section.address, size))
        if in_ram and section.loaded:
            load = parsed.label("image_data_load")
            spans.append(Span("flash", f"{section.name} (initial)", load, section.size))
    if log_bytes:
        spans.append(Span("flash", "telemetry log", board.flash.end - log_bytes, log_bytes))
    for memory, region, used, kept in (
        ("flash", board.flash, parsed.label("image_flash_bytes"), log_bytes),
        ("ram", board.ram, parsed.label("image_ram_bytes"), 0),
    ):
        if used < region.bytes - kept:
            spans.append(Span(memory, "free", region.origin + used, region.bytes - kept - used))
    return tuple(sorted(spans, key=lambda span: (span.memory, span.address, span.bytes)))
