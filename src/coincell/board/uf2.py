"""UF2: an image as a file that a bootloader's drive takes, and the drive.

The format is Microsoft's (github.com/microsoft/uf2): blocks of 512 bytes that each say where their
payload goes, so that a drive may get them in any order.
"""

from __future__ import annotations

import errno
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

from coincell.errors import BoardError
from coincell.firmware import Board

PAYLOAD_BYTES = 256
"""Of a block: what the bootloaders of flash in pages of 256 bytes want."""

_BLOCK_BYTES = 512
_MAGIC = (0x0A324655, 0x9E5D5157)
_END_MAGIC = 0x0AB16F30
_HAS_FAMILY = 0x2000
_INFO = "INFO_UF2.TXT"
_MOST_INFO = 4096
_MOUNTS = Path("/proc/self/mounts")
_BOARD_ID = re.compile(r"^Board-ID:\s*(\S+)", re.MULTILINE)
_CHUNK = 16 * _BLOCK_BYTES
_GONE = (errno.EIO, errno.ENODEV, errno.ENOENT, errno.ENXIO)


def uf2_file(data: bytes, address: int, family: int) -> bytes:
    """`data`, which belongs at `address`, as UF2 blocks; the last page is filled with zeros.

    Args:
        data: the image's bytes, at least one.
        address: of the first, a multiple of 256.
        family: of chips, as Microsoft's list of families numbers it.
    """
    if not data or address % PAYLOAD_BYTES:
        raise ValueError("UF2 takes whole pages from the begin of one")
    pages = [data[at : at + PAYLOAD_BYTES] for at in range(0, len(data), PAYLOAD_BYTES)]
    blocks = []
    for number, page in enumerate(pages):
        head = struct.pack(
            "<8I", *_MAGIC, _HAS_FAMILY, address + number * PAYLOAD_BYTES, PAYLOAD_BYTES, number,
            len(pages), family,
        )  # fmt: skip
        blocks.append((head + page).ljust(_BLOCK_BYTES - 4, b"\0") + struct.pack("<I", _END_MAGIC))
    return b"".join(blocks)


def board_id(drive: Path) -> str:
    """What the bootloader that shows `drive` calls its board; "" where none does."""
    try:
        with (drive / _INFO).open("rb") as stream:
            text = stream.read(_MOST_INFO).decode("ascii", errors="replace")
    except OSError:
        return ""
    found = _BOARD_ID.search(text)
    return found[1] if found else ""


def find_drive(board: Board) -> Path | None:
    """Where the drive of the board's bootloader is mounted; None if it is not.

    Raises:
        BoardError: there are several.
    """
    wanted = board.flashing.uf2
    if wanted is None:
        return None
    found = [place for place in _mounted() if board_id(place) in wanted.board_ids]
    if len(found) > 1:
        raise BoardError(
            f"{len(found)} drives of {board.board.title} are mounted: "
            f"{', '.join(map(str, found))}.",
            hint=f"Say which is meant: --drive {found[0]}",
        )
    return found[0] if found else None


def _mounted() -> list[Path]:
    """Every folder at which a FAT file system is mounted, as bootloaders show one."""
    try:
        lines = _MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return []
    fields = [line.split(" ") for line in lines]
    places = [words[1] for words in fields if len(words) > 2 and words[2] in ("vfat", "msdos")]
    return [Path(re.sub(r"\\([0-7]{3})", lambda byte: chr(int(byte[1], 8)), at)) for at in places]


def check_drive(drive: Path, board: Board) -> None:
    """Refuse a folder that is not the drive of the board's bootloader.

    Raises:
        BoardError: the message says what it is.
    """
    told, wanted = board_id(drive), board.flashing.uf2
    if wanted and told in wanted.board_ids:
        return
    what = f"is the drive of a board {told!r}" if told else f"holds no {_INFO} with a Board-ID"
    raise BoardError(
        f"{drive} {what}: {board.board.title} was meant.",
        hint=f"Its bootloader's drive: {board.usb.enter or 'see its manual'}.",
    )


def copy_to_drive(data: bytes, target: Path, progress: Callable[[int, int, str], None]) -> None:
    """Write a UF2 file to a drive. The board starts with the last block, and the drive goes.

    Raises:
        BoardError: the drive went before, or takes no more.
    """
    written = 0
    try:
        with target.open("wb", buffering=0) as stream:
            while written < len(data):
                written += stream.write(data[written : written + _CHUNK])
                progress(100 * written // len(data), 100, "writing")
            os.fsync(stream.fileno())
    except OSError as error:
        if written == len(data) and error.errno in _GONE and not target.parent.is_dir():
            return  # the board has all and runs: whether it runs this image it is asked
        raise BoardError(
            f"Cannot write {target}: {error.strerror}.",
            hint="The bootloader itself is untouched: start it again, and run the same command.",
        ) from error
