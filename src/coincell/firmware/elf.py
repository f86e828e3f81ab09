"""Reading ELF images, hostile until checked, and writing them as Intel HEX and plain binary."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from coincell.errors import BoardError

_MAX_BYTES = 64 << 20
_MAX_SEGMENTS = 64
_MAX_SYMBOLS = 100_000
ARCHITECTURES = {
    10: "Armv7",
    11: "Armv6-M",
    12: "Armv6S-M",
    13: "Armv7E-M",
    14: "Armv8-A",
    15: "Armv8-R",
    16: "Armv8-M.base",
    17: "Armv8-M.main",
    21: "Armv8.1-M.main",
}
"""Names of Tag_CPU_arch (Arm IHI 0045, section 3.3.5.2)."""
_MAX_LOADED = 16 << 20
_MAX_SPAN = 64 << 20
_HINT = "Give a firmware image for Cortex-M that `coincell run` or an Arm linker has written."
_RECORD_BYTES = 16


@dataclass(frozen=True)
class Segment:
    """Bytes that are flashed: `data` at `address`."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + len(self.data)


@dataclass(frozen=True)
class Symbol:
    """A function or an object. The Thumb bit of a function's address is taken off."""

    name: str
    address: int
    size: int
    section: str
    function: bool

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.size


@dataclass(frozen=True)
class Section:
    """A section that takes memory; `loaded` when its bytes are in flash."""

    name: str
    address: int
    size: int
    loaded: bool


@dataclass(frozen=True)
class Elf:
    """What an image says of itself.

    Attributes:
        entry: address of the first instruction, without the Thumb bit.
        segments: what is flashed, by rising address.
        sections: what takes memory, by rising address.
        symbols: functions and objects of more than no bytes, by rising address.
        labels: every defined global name -> value, those that a linker script sets included.
        executable: ranges [begin, end) that hold instructions when they run.
        architecture: the processor that the compiler made it for, as Arm numbers them
            (`ARCHITECTURES`); None where it does not tell.
        file: the whole of it, for what debuggers read.
    """

    entry: int
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    labels: dict[str, int]
    executable: tuple[tuple[int, int], ...] = ()
    architecture: int | None = None
    file: bytes = field(default=b"", repr=False, compare=False)

    def symbol(self, name: str) -> Symbol:
        """The function or object called `name`.

        Raises:
            BoardError: there is none.
        """
        for symbol in self.symbols:
            if symbol.name == name:
                return symbol
        raise BoardError(f"The image has no symbol {name!r}.", _HINT)

    def label(self, name: str) -> int:
        """The value of a global name, such as one that the linker script sets.

        Raises:
            BoardError: there is none.
        """
        if name not in self.labels:
            raise BoardError(f"The image does not tell its {name!r}.", _HINT)
        return self.labels[name]

    def code(self, address: int, size: int) -> bytes:
        """Bytes of flash.

        Raises:
            BoardError: the image does not load them.
        """
        for segment in self.segments:
            if segment.address <= address and address + size <= segment.end:
                begin = address - segment.address
                return segment.data[begin : begin + size]
        raise BoardError(f"The image loads no {size} bytes at {address:#010x}.", _HINT)

    def symbol_at(self, address: int) -> str:
        """Name of the function or object that holds `address`, with its offset; "" if none does."""
        for symbol in self.symbols:
            if symbol.address <= address < symbol.end:
                offset = address - symbol.address
                return f"{symbol.name}+{offset:#x}" if offset else symbol.name
        return ""


def read_elf(data: bytes) -> Elf:
    """Check `data` and take from it what an image needs.

    Raises:
        BoardError: it is no 32-bit little-endian Arm executable, or a part of it lies outside it.
    """
    from elftools.common.exceptions import ELFError

    if len(data) > _MAX_BYTES:
        raise BoardError(f"The image has {len(data)} bytes; more than 64 MiB is none.", _HINT)
    try:
        return _read(data)
    except BoardError:
        raise
    except (ELFError, ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise BoardError(f"The image is no sound ELF file: {error}.", _HINT) from error
    except (OverflowError, MemoryError, RecursionError, AssertionError) as error:
        raise BoardError("The image is no sound ELF file.", _HINT) from error


def sizes_by_section(data: bytes) -> tuple[int, int]:
    """Bytes that a program of any processor takes in flash, and in RAM without a stack.

    Initial data count twice, once in each. Meant for what our own linkers have written.
    """
    from elftools.elf.elffile import ELFFile

    writable, allocated = 1, 2  # SHF_WRITE, SHF_ALLOC
    flash = ram = 0
    for section in ELFFile(io.BytesIO(data)).iter_sections():
        if not section["sh_flags"] & allocated:
            continue
        if section["sh_type"] != "SHT_NOBITS":
            flash += section["sh_size"]
        if section["sh_flags"] & writable:
            ram += section["sh_size"]
    return flash, ram


def _read(data: bytes) -> Elf:
    from elftools.elf.elffile import ELFFile

    if data[:4] != b"\x7fELF":
        raise BoardError("The image is no ELF file: it does not begin as one.", _HINT)
    elf = ELFFile(io.BytesIO(data))
    kind = (elf.elfclass, elf.little_endian, elf["e_machine"], elf["e_type"])
    if kind != (32, True, "EM_ARM", "ET_EXEC"):
        raise BoardError(
            "The image is no 32-bit little-endian Arm executable. "
            f"Received: {elf['e_machine']}, {elf['e_type']}, {elf.elfclass} bits.",
            _HINT,
        )
    labels, symbols = _symbols(elf)
    return Elf(
        entry=elf["e_entry"] & ~1,
        segments=_segments(elf, data),
        sections=_sections(elf),
        symbols=symbols,
        labels=labels,
        executable=_executable(elf),
        architecture=_architecture(elf),
        file=data,
    )


def _executable(elf: object) -> tuple[tuple[int, int], ...]:
    """By sections; by segments where a tool has taken the sections off."""
    runs = 4  # SHF_EXECINSTR
    found = [
        (section["sh_addr"], section["sh_addr"] + section["sh_size"])
        for section in elf.iter_sections()  # type: ignore[attr-defined]
        if section["sh_flags"] & runs and section["sh_size"]
    ]
    if not found:
        found = [
            (segment["p_vaddr"], segment["p_vaddr"] + segment["p_memsz"])
            for segment in elf.iter_segments()  # type: ignore[attr-defined]
            if segment["p_type"] == "PT_LOAD" and segment["p_flags"] & 1  # PF_X
        ]
    return tuple(sorted(found))


def _architecture(elf: object) -> int | None:
    section = elf.get_section_by_name(".ARM.attributes")  # type: ignore[attr-defined]
    if section is None:
        return None
    for vendor in section.iter_subsections():
        for part in vendor.iter_subsubsections():
            for attribute in part.iter_attributes("TAG_CPU_ARCH"):
                return int(attribute.value)
    return None


def _segments(elf: object, data: bytes) -> tuple[Segment, ...]:
    found: list[Segment] = []
    count = elf.num_segments()  # type: ignore[attr-defined]
    if count > _MAX_SEGMENTS:
        raise BoardError(f"The image has {count} segments; more than {_MAX_SEGMENTS}.", _HINT)
    for index in range(count):
        header = elf.get_segment(index).header  # type: ignore[attr-defined]
        if header["p_type"] != "PT_LOAD" or header["p_filesz"] == 0:
            continue
        begin, size = header["p_offset"], header["p_filesz"]
        if begin + size > len(data) or header["p_paddr"] + size > 1 << 32:
            raise BoardError("A segment of the image lies outside the file. Is it cut short?")
        found.append(Segment(header["p_paddr"], data[begin : begin + size]))
    found.sort(key=lambda segment: segment.address)
    for lower, upper in itertools.pairwise(found):
        if lower.end > upper.address:
            raise BoardError("Two segments of the image overlap in flash.", _HINT)
    if not found or found[-1].end - found[0].address > _MAX_LOADED:
        raise BoardError("The image loads nothing, or more than 16 MiB.", _HINT)
    return tuple(found)


def _sections(elf: object) -> tuple[Section, ...]:
    allocated = 2  # SHF_ALLOC
    found = [
        Section(
            section.name,
            section["sh_addr"],
            section["sh_size"],
            loaded=section["sh_type"] != "SHT_NOBITS",
        )
        for section in elf.iter_sections()  # type: ignore[attr-defined]
        if section["sh_flags"] & allocated and section["sh_size"]
    ]
    return tuple(sorted(found, key=lambda section: section.address))


def _symbols(elf: object) -> tuple[dict[str, int], tuple[Symbol, ...]]:
    table = elf.get_section_by_name(".symtab")  # type: ignore[attr-defined]
    if table is None:
        return {}, ()
    names = [section.name for section in elf.iter_sections()]  # type: ignore[attr-defined]
    labels: dict[str, int] = {}
    found: dict[tuple[int, str], Symbol] = {}
    if table.num_symbols() > _MAX_SYMBOLS:
        raise BoardError(f"The image has more than {_MAX_SYMBOLS:,} symbols.", _HINT)
    for entry in table.iter_symbols():
        index, info, value = entry["st_shndx"], entry["st_info"], entry["st_value"]
        if index == "SHN_UNDEF" or not entry.name:
            continue
        if info["bind"] == "STB_GLOBAL":
            labels[entry.name] = value
        if info["type"] not in ("STT_FUNC", "STT_OBJECT") or not entry["st_size"]:
            continue
        function = info["type"] == "STT_FUNC"
        section = names[index] if isinstance(index, int) and index < len(names) else ""
        address = value & ~1 if function else value
        symbol = Symbol(entry.name, address, entry["st_size"], section, function)
        found[(address, entry.name)] = symbol
    return labels, tuple(found[key] for key in sorted(found))


def intel_hex(segments: Iterable[Segment], entry: int) -> str:
    """The segments as Intel HEX: 16 bytes a line, extended linear addresses, start address."""
    lines: list[str] = []
    upper = -1
    for segment in segments:
        position = segment.address
        while position < segment.end:
            if position >> 16 != upper:
                upper = position >> 16
                lines.append(_record(0, 4, upper.to_bytes(2, "big")))
            room = min(_RECORD_BYTES - position % _RECORD_BYTES, segment.end - position)
            begin = position - segment.address
            lines.append(_record(position & 0xFFFF, 0, segment.data[begin : begin + room]))
            position += room
    lines.append(_record(0, 5, (entry | 1).to_bytes(4, "big")))
    lines.append(_record(0, 1, b""))
    return "\n".join(lines) + "\n"


def _record(offset: int, kind: int, data: bytes) -> str:
    body = bytes([len(data)]) + offset.to_bytes(2, "big") + bytes([kind]) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()


def plain_binary(segments: tuple[Segment, ...], origin: int) -> bytes:
    """The segments as they lie in flash from `origin` on; gaps hold 0xFF, as erased flash does."""
    end = max(segment.end for segment in segments)
    if end - origin > _MAX_SPAN:
        raise BoardError(
            f"The image reaches from {origin:#x} to {end:#x}, more than any board's flash.",
            hint="It was linked for another board, or is damaged.",
        )
    image = bytearray(b"\xff" * (end - origin))
    for segment in segments:
        if segment.address < origin:
            raise BoardError(
                f"The image begins at {segment.address:#x}, below the board's {origin:#x}.",
                hint="It was linked for another board, or over the bootloader.",
            )
        image[segment.address - origin : segment.end - origin] = segment.data
    return bytes(image)
