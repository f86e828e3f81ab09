"""Images: both compilers, the same bytes each time, every byte accounted for, what does not fit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from coincell.errors import BoardError, GateError, ToolchainError
from coincell.firmware import STACK_BYTES, Board, DoesNotFit, Image, build_image, load_board
from coincell.firmware.description import Region
from coincell.toolchain import Compiler, find_cross_compiler
from stand_in import StandInNetwork, stand_in_application

COMPILERS = ["gcc", "zig"]


def cross_compiler(name: str) -> Compiler:
    try:
        return find_cross_compiler(prefer=name)
    except ToolchainError:
        pytest.skip(f"no {name} for Cortex-M4 on this computer")


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("nano33ble")


@pytest.fixture(scope="module", params=COMPILERS)
def image(
    request: pytest.FixtureRequest, board: Board, tmp_path_factory: pytest.TempPathFactory
) -> Image:
    folder = tmp_path_factory.mktemp("image")
    return build_image(stand_in_application(), board, folder, cross_compiler(request.param))


def test_every_byte_is_accounted_for(image: Image, board: Board) -> None:
    elf = image.parsed
    in_flash = sum(section.size for section in elf.sections if section.loaded)
    assert image.image_flash_bytes == in_flash, "no gap between what is flashed"
    in_ram = sum(section.size for section in elf.sections if section.address >= board.ram.origin)
    assert 0 <= image.image_ram_bytes - in_ram < 16
    assert image.stack_reserved == STACK_BYTES == 2048
    for memory, region in (("flash", board.flash), ("ram", board.ram)):
        spans = [span for span in image.memory_map if span.memory == memory]
        assert spans[0].address == region.origin
        assert spans[-1].address + spans[-1].bytes == region.end
        ends = [span.address + span.bytes for span in spans]
        gaps = [span.address - end for end, span in zip(ends, spans[1:], strict=False)]
        assert all(0 <= gap < 8 for gap in gaps)
    padding = next(span for span in image.memory_map if span.what == "padding")
    assert padding.bytes < 1024


def test_the_constants_lie_on_pages_of_their_own(image: Image) -> None:
    elf = image.parsed
    assert elf.entry == elf.symbol("image_reset").address
    assert elf.label("image_rodata_begin") % 1024 == 0
    weights = elf.symbol("first")
    assert elf.label("image_rodata_begin") <= weights.address < elf.label("image_rodata_end")


def test_the_samples_are_the_largest_buffers(image: Image) -> None:
    in_ram = [part for part in image.contributors if part.section in (".bss", ".data")]
    blocks = 640 * (3840 // 320 + 4)  # of the microphone, for a hop of 3,840 samples and more
    found = [(part.symbol, part.bytes) for part in in_ram[:2]]
    assert found == [("blocks", blocks), ("samples", 3200)]
    sizes = [part.bytes for part in image.contributors]
    assert sizes == sorted(sizes, reverse=True)


def test_the_same_sources_give_the_same_bytes(
    image: Image, board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "another place"))
    name = "zig" if image.compiler.startswith("zig") else "gcc"
    again = build_image(stand_in_application(), board, tmp_path, cross_compiler(name))
    for kind in ("elf", "hex", "bin"):
        assert getattr(again, kind).read_bytes() == getattr(image, kind).read_bytes(), kind


@pytest.mark.skipif(not shutil.which("arm-none-eabi-size"), reason="arm-none-eabi-size is absent")
def test_binutils_counts_the_same(image: Image) -> None:
    command = ["arm-none-eabi-size", "-A", "-d", str(image.elf)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split() for line in lines]
    told = {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}
    assert {section.name: section.size for section in image.parsed.sections}.items() <= told.items()


@pytest.mark.parametrize(
    ("compiler", "memory", "named"),
    [("gcc", "ram", "buffer_too_large"), ("zig", "flash", "weights_too_large")],
)
def test_what_does_not_fit_is_refused_with_its_largest_parts(
    board: Board, tmp_path: Path, compiler: str, memory: str, named: str
) -> None:
    network = StandInNetwork(
        invoke="return large_part(input[0]);",
        more_sources={
            "large.c": '#include <stdint.h>\n#include "tiny.h"\n'
            "static const int8_t weights_too_large[16384] = {1, 2, 3};\n"
            "static int8_t buffer_too_large[16384];\n"
            "int large_part(int i);\n"
            "int large_part(int i) { buffer_too_large[i & 1023] = weights_too_large[i & 1023];\n"
            "    return buffer_too_large[(i + 1) & 1023]; }\n"
        },
    )
    sources = network.sources
    header = sources["tiny.h"].replace("int tiny_init", "int large_part(int i);\nint tiny_init")
    network = StandInNetwork(
        invoke=network.invoke, more_sources=dict(network.more_sources) | {"tiny.h": header}
    )
    small = board.model_copy(
        update={memory: Region(origin=getattr(board, memory).origin, bytes=16384)}
    )
    with pytest.raises(DoesNotFit) as refusal:
        build_image(stand_in_application(network), small, tmp_path, cross_compiler(compiler))
    assert isinstance(refusal.value, GateError)
    assert f"{named} 16,384" in refusal.value.message
    assert "16,384 for it" in refusal.value.message
    assert refusal.value.hint
    assert refusal.value.image_flash_bytes > 16384
    assert not list(tmp_path.iterdir()), "an image that does not fit is not written"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_wide_arithmetic_links_without_a_c_library(
    board: Board, tmp_path: Path, compiler: str
) -> None:
    wide = """
        volatile int64_t a = input[0] * INT64_C(0x123456789), b = hidden[0] | 1;
        volatile uint64_t c = (uint64_t)a;
        volatile int32_t d = hidden[1] | 1;
        return (int)((a / b + a % b + (int64_t)(c / 7u % 5u) + (a << d) + a * b) & 0)
            + (input[0] / d & 0);
    """
    application = stand_in_application(StandInNetwork(invoke=wide))
    image = build_image(application, board, tmp_path, cross_compiler(compiler))
    assert image.image_flash_bytes > 0


def test_wrong_c_is_told_as_the_compiler_tells_it(board: Board, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no_such_function"):
        build_image(
            stand_in_application(StandInNetwork(invoke="no_such_function();")), board, tmp_path
        )


def test_an_unknown_label_is_a_clear_error(image: Image) -> None:
    with pytest.raises(BoardError, match="image_nothing"):
        image.parsed.label("image_nothing")
