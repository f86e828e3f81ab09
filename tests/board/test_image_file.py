"""An image on disk, read back."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from coincell.board import VirtualBoard, open_image
from coincell.board.image_file import parse_description, read_description
from coincell.errors import BoardError, UserError
from coincell.firmware import Image


def test_an_image_says_what_it_is(image: Image) -> None:
    file = open_image(image.elf)
    assert file.board == image.board == file.for_board()
    assert file.description["compiler"] == image.compiler
    assert file.description["labels"] == ["silence", "yes", "no"]
    assert len(file.description["build"]) == 16
    assert file.sha256(image.board) == hashlib.sha256(image.bin.read_bytes()).hexdigest()


def test_a_project_stands_for_its_image(image: Image, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image at") as refusal:
        open_image(tmp_path)
    assert "coincell run" in refusal.value.hint
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "firmware.elf").write_bytes(image.elf.read_bytes())
    assert open_image(tmp_path).path == tmp_path / "build" / "firmware.elf"


def test_files_that_say_nothing_of_themselves_name_the_one_that_does(tmp_path: Path) -> None:
    for name in ("firmware.bin", "firmware.HEX"):
        with pytest.raises(UserError) as refusal:
            open_image(tmp_path / name)
        assert "firmware.elf" in refusal.value.hint
    with pytest.raises(UserError, match="Cannot read"):
        open_image(tmp_path / "gone.elf")
    (tmp_path / "text.elf").write_text("text")
    with pytest.raises(BoardError, match="no ELF"):
        open_image(tmp_path / "text.elf")


def test_an_image_for_another_board_is_refused(image: Image) -> None:
    file = open_image(image.elf)
    with pytest.raises(BoardError, match="image for 'nano33ble', not for 'pico'"):
        file.for_board("pico")


@pytest.mark.parametrize("text", [b"", b"\xff", b"[1]", b"{", b"[" * 100_000, b"7"])
def test_a_hostile_description_is_refused(text: bytes) -> None:
    with pytest.raises(BoardError, match="JSON"):
        parse_description(text)


def test_another_source_is_another_build(image: Image, tmp_path: Path) -> None:
    from coincell.firmware import build_image, load_board
    from stand_in import StandInNetwork, stand_in_application

    other = stand_in_application(StandInNetwork(invoke="output[0] = 1;"))
    changed = build_image(other, load_board("nano33ble"), tmp_path)
    first, second = open_image(image.elf).description, open_image(changed.elf).description
    assert first.pop("build") != second.pop("build")
    assert first == second


def test_an_image_of_another_kind_is_told_what_it_lacks(image: Image) -> None:
    bare = replace(image.parsed, symbols=())
    with pytest.raises(BoardError, match="not one of Coincell's") as refusal:
        read_description(bare)
    assert "--board" in refusal.value.hint
    symbol = image.parsed.symbol("application_description")
    huge = replace(image.parsed, symbols=(replace(symbol, size=10 << 20),))
    with pytest.raises(BoardError, match="64 KiB are the most"):
        read_description(huge)
    beyond = replace(image.parsed, symbols=(replace(symbol, address=0x20000000),))
    with pytest.raises(BoardError, match="loads no"):
        read_description(beyond)


def test_a_pipe_is_no_image(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.elf"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="not a file"):
        open_image(pipe)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_rodata_begin", 0),
        ("image_rodata_begin", 0x10001),
        ("image_rodata_begin", 0x20000000),
        ("image_rodata_end", 0xFFFFFFFF),
        ("image_rodata_end", 0),
    ],
)
def test_constants_told_where_none_can_be(image: Image, name: str, value: int) -> None:
    elf = replace(image.parsed, labels=image.parsed.labels | {name: value})
    refused = pytest.raises(BoardError, match="The image tells constants from")
    with VirtualBoard(elf, image.board) as virtual, refused:
        virtual.watched_pages()
