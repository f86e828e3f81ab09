"""The camera: frames that the driver in C reads from pins, against the pictures it was shown."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.bare import link_bare
from coincell.board import VirtualBoard
from coincell.board.emulator_worker.peripherals.ov7675 import yuv
from coincell.errors import BoardError
from coincell.firmware import device_sources
from coincell.toolchain import build_shared_library, find_cross_compiler

SECOND = 64_000_000
Picture = npt.NDArray[np.uint8]
STATUS = ("OK", "NO_ANSWER", "WRONG", "PIN_IS_NFC", "LOST")

PROGRAM = """
#include "sensors/camera.h"
#include "sensors/pins.h"
volatile int32_t status, identity;
volatile uint32_t frames;
uint8_t picture[CAMERA_BYTES(CAMERA_320, CAMERA_RGB565)];
void image_main(void);
void image_main(void)
{
    __asm volatile("cpsid i");
    status = BEGIN;
    identity = (int32_t)camera_identity();
    if (status == CAMERA_PIN_IS_NFC && TAKE) { camera_take_pins(); }
    if (status == CAMERA_OK) { BODY }
    for (;;) { wait_for_interrupt(); }
}
"""


def program(body: str, take: int = 1, begin: str = "camera_begin()") -> dict[str, str]:
    sources = device_sources("sensors")
    camera = {
        name: text
        for name, text in sources.items()
        if name.endswith(".h") or name in ("sensors/camera.c", "sensors/twim.c")
    }
    text = PROGRAM.replace("BODY", body).replace("TAKE", str(take)).replace("BEGIN", begin)
    headers = {"firmware/nrf52840.h": device_sources("firmware")["firmware/nrf52840.h"]}
    return {"main.c": text} | camera | headers


def seen(count: int) -> Picture:
    """Pictures (count, 480, 640) of noise: no two pixels are taken for each other."""
    pictures: Picture = np.random.default_rng(5).integers(0, 256, (count, 480, 640), np.uint8)
    return pictures


def shrunk(pictures: Picture) -> Picture:
    """(..., 120, 160): what a camera gives that takes means over blocks of 4 x 4."""
    blocks = pictures.reshape(-1, 120, 4, 160, 4).astype(np.int64)
    means: Picture = (blocks.sum(axis=(2, 4)) // 16).astype(np.uint8)
    return means


@pytest.fixture
def boards() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(
    boards: ExitStack,
    sources: dict[str, str],
    folder: Path,
    pictures: Picture | None,
    family: str = "",
    lasting: float = 0.3,
    **scene: Any,
) -> VirtualBoard:
    """A board with a camera before which `pictures` hang, or without a camera."""
    image = link_bare(sources, folder, find_cross_compiler(prefer=family))
    board = boards.enter_context(VirtualBoard(image))
    if pictures is not None:
        board.put_world("scene", pictures.tobytes(), **scene)
    board.restart()
    board.advance(int(lasting * SECOND))
    return board


def number(board: VirtualBoard, name: str) -> int:
    data = board.read_memory(board.elf.symbol(name).address, 4)
    return int.from_bytes(data, "little", signed=True)


def picture(board: VirtualBoard) -> Picture:
    data = board.read_memory(board.elf.symbol("picture").address, 120 * 160)
    return np.frombuffer(data, np.uint8).reshape(120, 160)


@pytest.mark.parametrize("family", ["gcc", "zig"])
def test_a_frame_is_the_scene_made_smaller(family: str, tmp_path: Path, boards: ExitStack) -> None:
    """Every pixel, after the pin of VSYNC was taken from NFC and the chip started anew."""
    if family == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("no arm-none-eabi-gcc")
    pictures = seen(1)
    board = run(boards, program("camera_read(picture);"), tmp_path, pictures, family)
    assert (STATUS[number(board, "status")], number(board, "identity")) == ("OK", 0x7673)
    assert np.array_equal(picture(board), shrunk(pictures)[0])
    cycles = board.activity()[0]["cycles"]
    assert cycles["camera"]["on"] > cycles["cpu"]["run"] * 3, "between rows the core sleeps"


def coloured() -> Picture:
    """One picture (480, 640, 3) of noise, of which a large mean of blocks is not all grey."""
    random = np.random.default_rng(9)
    coarse = random.integers(0, 256, (120, 160, 3), np.uint8)
    picture: Picture = coarse.repeat(4, axis=0).repeat(4, axis=1)
    return picture ^ random.integers(0, 16, picture.shape, np.uint8)


def blocks(picture: Picture, by: int) -> npt.NDArray[np.int64]:
    """(480, 640, 3) -> means over `by` x `by`, cut."""
    shape = (480 // by, by, 640 // by, by, 3)
    means: npt.NDArray[np.int64] = picture.reshape(shape).astype(np.int64).sum((1, 3)) // by**2
    return means


@pytest.mark.parametrize(
    ("size", "by", "colour", "family"),
    [
        ("160", 4, "RGB565", "gcc"),
        ("320", 2, "RGB565", "zig"),
    ],
)
def test_every_pixel_in_either_size_and_colour(
    size: str, by: int, colour: str, family: str, tmp_path: Path, boards: ExitStack
) -> None:
    if family == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("no arm-none-eabi-gcc")
    scene = coloured()
    begin = f"camera_begin_as(CAMERA_{size}, CAMERA_{colour})"
    sources = program("camera_read(picture);", begin=begin)
    board = run(boards, sources, tmp_path, scene, family, lasting=0.15 * 4 / by + 0.2, channels=3)
    assert STATUS[number(board, "status")] == "OK"
    red, green, blue = np.moveaxis(blocks(scene, by), -1, 0)
    if colour == "GREY":
        wanted = (77 * red + 150 * green + 29 * blue) // 256
        bytes_of, kind = 1, ">u1"
    else:
        wanted = (red >> 3 << 11) | (green >> 2 << 5) | (blue >> 3)
        bytes_of, kind = 2, ">u2"
    data = board.read_memory(board.elf.symbol("picture").address, wanted.size * bytes_of)
    assert np.array_equal(np.frombuffer(data, kind).reshape(wanted.shape), wanted)


@given(chroma_first=st.booleans(), v_first=st.booleans(), grey=st.booleans())
def test_yuv_gives_the_colours_back(chroma_first: bool, v_first: bool, grey: bool) -> None:
    """Against BT.601 in floats; pairs of like pixels, so that nothing is lost in 4:2:2."""
    rgb = np.random.default_rng(1).integers(0, 256, (40, 3))
    rgb = np.repeat(rgb[:, :1] * np.ones(3, int) if grey else rgb, 2, axis=0)
    planes = [bytes(rgb[:, 0].tolist())] if grey else [bytes(c.tolist()) for c in rgb.T]
    coded = np.frombuffer(yuv(planes, chroma_first, v_first), np.uint8).reshape(-1, 2, 2)
    light, chroma = coded[..., int(chroma_first)], coded[..., 1 - int(chroma_first)]
    weights = np.array([0.299, 0.587, 0.114])
    y = rgb @ weights
    u, v = 128 + (rgb[:, 2] - y) * 0.564, 128 + (rgb[:, 0] - y) * 0.713
    np.testing.assert_allclose(light.ravel(), y, atol=1.5)
    both = chroma[:, ::-1] if v_first else chroma
    np.testing.assert_allclose(both, np.stack([u, v], axis=1)[::2], atol=1.5)


def test_the_scene_changes_while_frames_are_left_out(tmp_path: Path, boards: ExitStack) -> None:
    """Four frames of 0.1 s from power on: the second picture, which hangs there from 0.4 s on."""
    pictures = seen(2)
    body = "camera_skip(4); frames = 4; camera_read(picture); camera_sleep(); frames = 5;"
    board = run(boards, program(body), tmp_path, pictures, lasting=0.7, seconds=0.4)
    assert number(board, "frames") == 5
    assert np.array_equal(picture(board), shrunk(pictures)[1])
    board.activity(restart=True)
    board.advance(SECOND // 10)
    assert board.activity()[0]["cycles"]["camera"] == {"standby": SECOND // 10}


@pytest.mark.parametrize(
    ("take", "scene", "status"),
    [(1, None, "NO_ANSWER"), (1, {"identity": 0x77}, "WRONG"), (0, {}, "PIN_IS_NFC")],
)
def test_what_is_wrong_with_a_camera_is_told(
    take: int, scene: dict[str, Any] | None, status: str, tmp_path: Path, boards: ExitStack
) -> None:
    pictures = None if scene is None else seen(1)
    board = run(boards, program("", take), tmp_path, pictures, **(scene or {}))
    assert STATUS[number(board, "status")] == status


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "twim_begin(&bus, TWIM_100_KHZ); twim_put(&bus, 0x21, 0x12, 4); camera_read(picture);",
            "other than 5:6:5",
        ),
        ("REGISTER(0x40002500) = 8; frames = PIN_IN(34);", "UARTE0, which has the same pins"),
        (
            "twim_begin(&bus, TWIM_100_KHZ); twim_put(&bus, 0x21, 0x12, 8);",
            "YUV 4:2:2 and RGB565 of the whole picture",
        ),
        (
            "twim_begin(&bus, TWIM_100_KHZ); twim_put(&bus, 0x21, 0x99, 4);",
            "register 0x99 of the OV7675",
        ),
    ],
)
def test_what_is_not_modelled_is_a_fault(
    body: str, message: str, tmp_path: Path, boards: ExitStack
) -> None:
    sources = program(body)
    bus = '#include "sensors/twim.h"\nextern const twim_bus bus;\n'
    sources["main.c"] = bus + sources["main.c"] + "const twim_bus bus = {TWIM1_BASE, 2, 31};\n"
    with pytest.raises(BoardError, match=message):
        run(boards, sources, tmp_path, seen(1))


@pytest.fixture(scope="module")
def fit() -> ctypes.CDLL:
    sources = device_sources("sensors")
    files = {name: sources[name] for name in ("sensors/camera.h", "sensors/picture.c")}
    return ctypes.CDLL(str(build_shared_library("picture", files)))


def fitted(fit: ctypes.CDLL, source: Picture, rows: int, columns: int) -> Picture:
    result = np.zeros((rows, columns), np.uint8)
    sizes = (*source.shape, *result.shape)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (source, result)]
    fit.picture_fit(pointers[0], *sizes[:2], pointers[1], *sizes[2:])
    return result


@given(rows=st.integers(1, 30), columns=st.integers(1, 30), data=st.data())
def test_a_colour_is_fitted_as_a_grey_of_its_own(
    fit: ctypes.CDLL, rows: int, columns: int, data: st.DataObject
) -> None:
    """Each of red, green, blue, spread to a byte by repeating its highest bits."""
    to = data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns))
    words = np.random.default_rng(rows).integers(0, 1 << 16, (rows, columns), dtype=np.uint16)
    source = words.astype(">u2")
    result = np.zeros((*to, 3), np.uint8)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (source, result)]
    fit.picture_fit_rgb565(pointers[0], rows, columns, pointers[1], *to)
    for channel, (shift, bits) in enumerate([(11, 5), (5, 6), (0, 5)]):
        value = words >> shift & (1 << bits) - 1
        spread = np.array((value << (8 - bits)) | (value >> (2 * bits - 8)), np.uint8)
        assert np.array_equal(result[..., channel], fitted(fit, spread, *to))


@given(factor=st.integers(1, 5), rows=st.integers(1, 12), columns=st.integers(1, 12))
def test_a_whole_factor_gives_the_means_of_blocks(
    fit: ctypes.CDLL, factor: int, rows: int, columns: int
) -> None:
    random = np.random.default_rng(rows * columns)
    source = random.integers(0, 256, (factor * rows, factor * columns), dtype=np.uint8)
    blocks = source.reshape(rows, factor, columns, factor).astype(np.int64).sum(axis=(1, 3))
    half = factor * factor // 2
    assert np.array_equal(fitted(fit, source, rows, columns), (blocks + half) // factor**2)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_the_middle_is_taken_and_no_value_is_invented(
    fit: ctypes.CDLL, rows: int, columns: int, data: st.DataObject
) -> None:
    """A picture bright only where its middle square is: the result knows nothing of the rest."""
    side = min(rows, columns)
    size = data.draw(st.integers(1, side))
    source = np.zeros((rows, columns), np.uint8)
    top, left = (rows - side) // 2, (columns - side) // 2
    source[top : top + side, left : left + side] = 201
    assert np.all(fitted(fit, source, size, size) == 201)
