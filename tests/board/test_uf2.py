"""UF2 files, read back block by block as Microsoft's specification has them, and drives."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from attached_boards import Attach, bridged, usb
from coincell.board import VirtualBoard, choose_tool, flash, flashing, open_image, uf2
from coincell.cli.main import cli
from coincell.errors import BoardError
from coincell.firmware import Application, Image, build_image, load_board

pytest.importorskip("serial", reason="the extra `hardware` is not installed")

XIAO = load_board("xiao-sense")
SENSE, NEWER = "nRF52840-SeeedXiaoSense-v1", "Seeed_XIAO_nRF52840_Sense"
RUNNING, BOOTLOADER = "2886:8045", "2886:0045"


def quiet(done: int, total: int, message: str) -> None:
    assert 0 <= done <= total, message


def decoded(file: bytes) -> tuple[dict[int, bytes], set[int]]:
    """Address -> 256 bytes, and the families: each block checked as a bootloader checks it."""
    assert len(file) % 512 == 0
    count = len(file) // 512
    pages, families = {}, set()
    for number in range(count):
        block = file[512 * number : 512 * (number + 1)]
        begin, second, flags, address, size, index, blocks, family = struct.unpack_from(
            "<8I", block
        )
        assert (begin, second) == (0x0A324655, 0x9E5D5157)
        assert struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
        assert (flags, size, index, blocks) == (0x2000, 256, number, count)
        assert address % 256 == 0
        assert not any(block[32 + 256 : 508])
        pages[address] = block[32 : 32 + 256]
        families.add(family)
    assert len(pages) == count
    return pages, families


@pytest.mark.parametrize("size", [1, 255, 256, 257, 5000])
def test_blocks_hold_the_bytes_where_they_belong(size: int) -> None:
    data = bytes(range(1, 256)) * 20
    pages, families = decoded(uf2.uf2_file(data[:size], 0x27000, 0xADA52840))
    assert families == {0xADA52840}
    assert sorted(pages) == list(range(0x27000, 0x27000 + size, 256))
    whole = b"".join(pages[address] for address in sorted(pages))
    assert whole[:size] == data[:size]
    assert not any(whole[size:])


def test_families_are_those_of_the_list() -> None:
    assert XIAO.flashing.uf2 is not None
    assert XIAO.flashing.uf2.family == 0xADA52840
    pico = load_board("pico").flashing.uf2
    assert pico is not None
    assert pico.family == 0xE48BFF56
    assert load_board("nano33ble").flashing.uf2 is None


@pytest.fixture(scope="module")
def xiao(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(application, XIAO, tmp_path_factory.mktemp("xiao"), link="usb")


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """As Adafruit's bootloader shows one."""
    folder = tmp_path / "XIAO SENSE"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_bytes(
        f"UF2 Bootloader 0.6.1\r\nModel: Seeed XIAO nRF52840\r\nBoard-ID: {SENSE}\r\n".encode()
    )
    return folder


def mount(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *drives: Path) -> None:
    """Let the system say that FAT is mounted there."""
    places = [str(at).replace(" ", r"\040") for at in drives]
    lines = [f"/dev/sdb1 {place} vfat rw 0 0\n" for place in places]
    table = tmp_path / "mounts"
    table.write_text("proc /proc proc rw 0 0\nbroken\n" + "".join(lines))
    monkeypatch.setattr(uf2, "_MOUNTS", table)


def test_an_image_is_copied_to_the_drive_that_is_mounted(
    xiao: Image, drive: Path, attach: Attach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    mount(monkeypatch, tmp_path, stick, drive)
    done = flash(open_image(xiao.elf), XIAO, choose_tool("", XIAO), "", quiet)
    assert (done.tool, done.verified) == ("uf2", None)
    copied = (drive / "firmware.uf2").read_bytes()
    assert copied == xiao.elf.with_suffix(".uf2").read_bytes()
    pages, families = decoded(copied)
    assert families == {0xADA52840}
    content = xiao.bin.read_bytes()
    whole = b"".join(pages[address] for address in sorted(pages))
    assert min(pages) == XIAO.flash.origin
    assert whole[: len(content)] == content
    assert not list(stick.iterdir())


def test_the_board_is_asked_when_it_runs_again(xiao: Image, drive: Path, attach: Attach) -> None:
    with VirtualBoard(xiao) as virtual, bridged(virtual) as bridge:
        attach([usb("/dev/ttyACM7", BOOTLOADER)], [], [usb(bridge.name, RUNNING)])
        done = flash(open_image(xiao.elf), XIAO, choose_tool("uf2", XIAO), "", quiet, drive)
    assert done.verified
    assert done.port == bridge.name


def test_a_running_board_is_sent_into_its_bootloader(
    xiao: Image, drive: Path, attach: Attach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount(monkeypatch, tmp_path)
    touched = []

    def touch(port: object) -> None:
        touched.append(port)
        mount(monkeypatch, tmp_path, drive)

    monkeypatch.setattr(flashing, "touch", touch)
    attach([usb("/dev/ttyACM3", RUNNING)], [])
    done = flash(open_image(xiao.elf), XIAO, choose_tool("", XIAO), "", quiet)
    assert len(touched) == 1
    assert done.verified is None
    assert (drive / "firmware.uf2").is_file()


def test_without_a_drive_the_double_tap_is_explained(
    xiao: Image, attach: Attach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount(monkeypatch, tmp_path)
    with pytest.raises(BoardError, match=r"No drive .* is mounted.*firmware\.uf2") as refusal:
        flash(open_image(xiao.elf), XIAO, choose_tool("", XIAO), "", quiet)
    assert "press its reset button twice" in refusal.value.hint
    assert decoded(xiao.elf.with_suffix(".uf2").read_bytes())


@pytest.mark.parametrize(
    ("info", "match"),
    [
        (b"UF2 Bootloader v3.0\r\nBoard-ID: RPI-RP2\r\n", "board 'RPI-RP2'"),
        (b"\xff\x00" * 4000 + b"\nBoard-ID: " + SENSE.encode(), "holds no INFO_UF2.TXT"),
        (None, "holds no INFO_UF2.TXT"),
    ],
)
def test_another_drive_is_refused(
    info: bytes | None, match: str, xiao: Image, attach: Attach, tmp_path: Path
) -> None:
    if info:
        (tmp_path / "INFO_UF2.TXT").write_bytes(info)
    with pytest.raises(BoardError, match=match):
        flash(open_image(xiao.elf), XIAO, choose_tool("uf2", XIAO), "", quiet, tmp_path)
    assert not (tmp_path / "firmware.uf2").exists()


def test_two_drives_are_told(drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "INFO_UF2.TXT").write_text(f"Board-ID: {NEWER}\n")
    mount(monkeypatch, tmp_path, drive, other)
    with pytest.raises(BoardError, match="2 drives") as refusal:
        uf2.find_drive(XIAO)
    assert "--drive" in refusal.value.hint


def test_a_full_drive_is_told(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this computer")
    with pytest.raises(BoardError, match="No space left"):
        uf2.copy_to_drive(bytes(1024), Path("/dev/full"), quiet)


@pytest.mark.parametrize("goes", [True, False])
def test_a_drive_that_goes_with_the_last_block_is_no_failure(
    goes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()

    def fsync(handle: int) -> None:
        if goes:
            drive.rename(tmp_path / "gone")
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    if goes:
        uf2.copy_to_drive(bytes(1024), drive / "firmware.uf2", quiet)
        assert (tmp_path / "gone" / "firmware.uf2").stat().st_size == 1024
        return
    with pytest.raises(BoardError, match="Input/output error") as refusal:
        uf2.copy_to_drive(bytes(1024), drive / "firmware.uf2", quiet)
    assert "start it again" in refusal.value.hint


def test_the_command_takes_the_drive(xiao: Image, drive: Path, attach: Attach) -> None:
    words = ["flash", str(xiao.elf), "--force", "--drive", str(drive), "--json"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["tool"], told["board"], told["verified"]) == ("uf2", "xiao-sense", None)
    assert (drive / "firmware.uf2").is_file()


def test_the_nano_has_no_such_drive() -> None:
    with pytest.raises(BoardError, match="uf2 cannot flash"):
        choose_tool("uf2", load_board("nano33ble"))
