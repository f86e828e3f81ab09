"""ELF files are hostile until checked; HEX and binary are what objcopy would write."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from coincell.errors import BoardError
from coincell.firmware import Image, Segment, build_image, load_board, plain_binary, read_elf
from stand_in import stand_in_application


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(
        stand_in_application(), load_board("nano33ble"), tmp_path_factory.mktemp("i")
    )


def test_what_an_elf_tells(image: Image) -> None:
    elf = read_elf(image.elf.read_bytes())
    assert elf.entry == elf.symbol("image_reset").address
    assert elf.symbol("image_vectors").address == 0x10000
    process = elf.symbol("application_process")
    assert process.function
    assert elf.symbol_at(process.address) == "application_process"
    assert elf.symbol_at(process.address + 2) == "application_process+0x2"
    assert elf.symbol_at(0x30000000) == ""
    vectors = elf.code(0x10000, 8)
    assert int.from_bytes(vectors[:4], "little") == 0x20000000 + image.stack_reserved
    assert int.from_bytes(vectors[4:], "little") == elf.entry | 1
    with pytest.raises(BoardError, match="no symbol"):
        elf.symbol("absent")
    with pytest.raises(BoardError, match="loads no"):
        elf.code(0x20000000, 4)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "no ELF"),
        (b"RIFF" + bytes(100), "no ELF"),
        (b"\x7fELF", "no sound ELF"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "no"),
    ],
)
def test_no_elf_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(BoardError, match=match):
        read_elf(data)


def test_this_computers_own_program_is_refused() -> None:
    shell = shutil.which("sh")
    assert shell
    with pytest.raises(BoardError, match="Arm"):
        read_elf(Path(shell).read_bytes())


def test_damage_never_ends_in_another_error(image: Image) -> None:
    data = image.elf.read_bytes()
    generator = random.Random(1)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        if generator.random() < 0.25:
            del damaged[generator.randrange(len(damaged)) :]
        for _ in range(generator.choice((0, 1, 3, 30))):
            begin, end = generator.choice(((0, 200), (len(data) - 1200, len(data)), (0, len(data))))
            at = generator.randrange(begin, end)
            if at < len(damaged):
                damaged[at] = generator.choice((0, 255, generator.randrange(256)))
        try:
            read_elf(bytes(damaged))
        except BoardError:
            refused += 1
    assert 30 < refused < 150


def _decode_hex(text: str) -> dict[int, int]:
    """Intel HEX -> address -> byte, each record's checksum tested."""
    memory: dict[int, int] = {}
    upper = 0
    for line in text.splitlines():
        record = bytes.fromhex(line.removeprefix(":"))
        assert sum(record) & 0xFF == 0
        count, offset, kind = record[0], int.from_bytes(record[1:3], "big"), record[3]
        body = record[4:-1]
        assert len(body) == count
        if kind == 0:
            memory |= {upper + offset + i: byte for i, byte in enumerate(body)}
        elif kind in (2, 4):
            upper = int.from_bytes(body, "big") << (4 if kind == 2 else 16)
    return memory


def test_hex_and_binary_hold_the_same_bytes(image: Image) -> None:
    memory = _decode_hex(image.hex.read_text())
    binary = image.bin.read_bytes()
    assert len(binary) == image.image_flash_bytes
    assert all(binary[address - 0x10000] == byte for address, byte in memory.items())
    assert len(memory) == len(binary), "no gaps"


@pytest.mark.skipif(
    not shutil.which("arm-none-eabi-objcopy"), reason="arm-none-eabi-objcopy absent"
)
@pytest.mark.parametrize(("kind", "flag"), [("bin", "binary"), ("hex", "ihex")])
def test_objcopy_agrees(image: Image, tmp_path: Path, kind: str, flag: str) -> None:
    target = tmp_path / f"by_objcopy.{kind}"
    command = ["arm-none-eabi-objcopy", "-O", flag, image.elf, target]
    subprocess.run(command, check=True)
    if kind == "bin":
        assert target.read_bytes() == image.bin.read_bytes()
    else:
        assert _decode_hex(target.read_text()) == _decode_hex(image.hex.read_text())


def test_an_image_across_all_addresses_is_refused() -> None:
    with pytest.raises(BoardError, match="more than any board's flash"):
        plain_binary((Segment(0x10000, b"1234"), Segment(0xFFFF0000, b"1234")), 0x10000)


def test_an_image_over_the_bootloader_is_refused() -> None:
    with pytest.raises(BoardError, match="below"):
        plain_binary((Segment(0, b"1234"),), 0x10000)
