"""The virtual board runs the image: the same bytes as the host library, and every fault named."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from coincell.board import BoardClient, StackOverflowError, VirtualBoard
from coincell.errors import BoardError, MissingExtraError
from coincell.firmware import (
    Application,
    Image,
    build_host_library,
    build_image,
    load_board,
)
from coincell.toolchain import find_cross_compiler
from stand_in import StandInNetwork, random_windows, stand_in_application


def test_board_and_host_library_give_the_same_bytes(
    application: Application, virtual: VirtualBoard
) -> None:
    windows = random_windows(25)
    expected = build_host_library(application).process(windows)
    client = BoardClient(virtual)
    for i, window in enumerate(windows):
        client.reset()
        result = client.process(window)
        np.testing.assert_array_equal(result.features, expected.features[i])
        np.testing.assert_array_equal(result.scores, expected.scores[i])
        assert result.label == expected.labels[i]
        assert result.decision_score == expected.decision_scores[i]


def test_without_reset_the_board_smooths_over_windows(
    application: Application, virtual: VirtualBoard
) -> None:
    from coincell.runtime import Decision

    windows = random_windows(8)
    scores = build_host_library(application).process(windows).scores
    labels, means = Decision(3, 3, application.threshold).run(scores)
    client = BoardClient(virtual)
    results = [client.process(window) for window in windows]
    assert [result.label for result in results] == labels.tolist()
    assert [result.decision_score for result in results] == means.tolist()


def test_both_compilers_images_agree(application: Application, tmp_path: Path) -> None:
    windows = random_windows(5)
    expected = build_host_library(application).process(windows)
    image = build_image(
        application, load_board("nano33ble"), tmp_path, find_cross_compiler(prefer="zig")
    )
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        for i, window in enumerate(windows):
            client.reset()
            np.testing.assert_array_equal(client.process(window).scores, expected.scores[i])


def test_the_image_tells_what_it_is(
    application: Application, image: Image, virtual: VirtualBoard
) -> None:
    info = BoardClient(virtual).info()
    assert info.description["labels"] == list(application.labels)
    assert info.description["model_sha256"] == "0" * 64
    assert (info.window_values, info.features, info.scores) == (1600, 32, 3)
    assert info.flash_bytes == image.image_flash_bytes
    assert info.ram_bytes == image.image_ram_bytes
    assert info.stack_bytes == image.stack_reserved
    assert 0 < info.stack_peak < 512


def test_the_stack_is_seen_to_grow(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    before = client.info().stack_peak
    client.process(random_windows(1)[0])
    assert before < client.info().stack_peak < 1024


def test_a_window_of_another_length_is_refused(virtual: VirtualBoard) -> None:
    with pytest.raises(BoardError, match="1600 values"):
        BoardClient(virtual).process(random_windows(1)[0][:-1])


def test_restart_forgets_everything(virtual: VirtualBoard) -> None:
    client = BoardClient(virtual)
    window = random_windows(1)[0]
    first = client.process(window)
    client.process(random_windows(3)[2])
    virtual.restart()
    assert client.process(window).decision_score == first.decision_score


def test_the_instruction_cache_is_on_before_anything_runs(tmp_path: Path) -> None:
    """It is off after reset; whoever looks at its register sees what start-up wrote."""
    plain = StandInNetwork(invoke="output[0] = (int8_t)*(volatile uint32_t *)0x4001E540;")
    image = build_image(stand_in_application(plain), load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as virtual:
        assert BoardClient(virtual).process(random_windows(1)[0]).scores[0] == 1


FAULTS = {
    "null": ("*(volatile int *)0 = 1;", r"tiny_invoke.*write to 0x00000000"),
    "hole": ("(void)*(volatile int *)0x30000000;", r"tiny_invoke.*read from 0x30000000"),
    "flash": ("*(volatile int *)0x10000 = 1;", r"tiny_invoke.*write to flash"),
    "undefined": ('__asm volatile("udf #3");', r"tiny_invoke.*[Ii]nvalid instruction"),
    "supervisor": (
        '__asm volatile("svc #3");',
        r"reset itself.*image_fault.*began anew",
    ),
    "hang": ("for (volatile int i = 0;; i = i + 1) {}", r"hangs in tiny_invoke"),
    "register": (
        "*(volatile uint32_t *)0x40001504 = 1;",
        r"tiny_invoke.*0x40001504.*does not model",
    ),
    "offset": (
        "*(volatile uint32_t *)0x40002800 = 1;",
        r"tiny_invoke.*0x40002800 \(UARTE0\).*does not model",
    ),
    "profile": (
        "(void)*(volatile uint32_t *)0x4001E548;",
        r"tiny_invoke.*0x4001e548 \(NVMC\).*does not model",
    ),
    "erase": (
        "*(volatile uint32_t *)0x4001E504 = 4;",
        r"tiny_invoke.*NVMC.CONFIG = 4",
    ),
    "narrow": ("*(volatile uint8_t *)0x40002500 = 1;", r"1-byte write.*does not model"),
    "system": ("(void)*(volatile uint32_t *)0xE000ED90;", r"read.*0xe000ed90.*does not model"),
    "far": ("((void (*)(void))(uintptr_t)0x60000001)();", r"tiny_invoke.*jump to 0x60000000"),
    "reset": (
        "*(volatile uint32_t *)0xE000ED0C = 0x05FA0004;",
        r"reset itself.*tiny_invoke.*began anew",
    ),
    "dma": (
        """*(volatile uint32_t *)0x40002544 = 0x10000; *(volatile uint32_t *)0x40002548 = 4;
           *(volatile uint32_t *)0x40002008 = 1;""",
        r"tiny_invoke.*EasyDMA of 4 bytes at 0x00010000.*RAM only",
    ),
    "short": ("*(volatile uint32_t *)0x40002200 = 1;", r"0x40002200 \(UARTE0\).*not model"),
    "pins": (
        "*(volatile uint32_t *)0x4000250C = 7; *(volatile uint32_t *)0x40002008 = 1;",
        r"tiny_invoke.*board's pins",
    ),
    "off": (
        "*(volatile uint32_t *)0x40002500 = 0; *(volatile uint32_t *)0x40002000 = 1;",
        r"tiny_invoke.*not enabled",
    ),
    "interrupt": (
        "*(volatile uint32_t *)0xE000E104 = 16; *(volatile uint32_t *)0xE000E204 = 16;",
        r"reset itself.*image_fault.*began anew",
    ),
    "sleep": ('__asm volatile("wfi");', r"waits, but 6 bytes"),
    "code": ("if (input[0] != 99) return 7;", r"failed with code 7"),
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBoard]:
    """A board whose network does what `chosen_fault` says."""
    cases = "\n".join(
        f"case {number}: {{ {code} }} break;" for number, (code, _) in enumerate(FAULTS.values())
    )
    plain = StandInNetwork(invoke=f"switch (chosen_fault) {{ {cases} }}")
    source = plain.sources["tiny.c"].replace(
        "int tiny_init", "volatile int32_t chosen_fault = -1;\nint tiny_init", 1
    )
    network = StandInNetwork(invoke=plain.invoke, more_sources={"tiny.c": source})
    folder = tmp_path_factory.mktemp("faulty")
    application, board = stand_in_application(network), load_board("nano33ble")
    image = build_image(application, board, folder, link="uart")  # whose registers some cases write
    with VirtualBoard(image, budget=20_000_000) as virtual:
        yield virtual


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_function(fault: str, faulty: VirtualBoard) -> None:
    faulty.restart()
    client = BoardClient(faulty)
    choice = faulty.elf.symbol("chosen_fault").address
    faulty.emulator.ask("write", struct.pack("<i", list(FAULTS).index(fault)), address=choice)
    with pytest.raises(BoardError) as refusal:
        client.process(random_windows(1)[0])
    assert re.search(FAULTS[fault][1], refusal.value.message)
    faulty.restart()
    assert client.info().scores == 3, "a restart mends it"


def test_a_stack_that_overflows_is_called_so(tmp_path: Path) -> None:
    recursion = (
        "int tiny_recurse(volatile int *level);\n"
        "__attribute__((noinline)) int tiny_recurse(volatile int *level)\n"
        "{ volatile int room[16]; room[0] = *level + 1; if (*level == 9999) return 1;\n"
        "  return tiny_recurse(room) + room[0]; }\n"
    )
    plain = StandInNetwork(invoke="volatile int zero = 0; return tiny_recurse(&zero);")
    source = recursion + plain.sources["tiny.c"]
    network = StandInNetwork(invoke=plain.invoke, more_sources={"tiny.c": source})
    image = build_image(stand_in_application(network), load_board("nano33ble"), tmp_path)
    overflow = pytest.raises(StackOverflowError, match="stack overflowed in tiny_recurse")
    with VirtualBoard(image) as virtual, overflow:
        BoardClient(virtual).process(random_windows(1)[0])


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    from importlib import util

    found = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "unicorn" else found(name))
    with pytest.raises(MissingExtraError, match="unicorn"):
        VirtualBoard(image)


def test_the_worker_imports_nothing_of_coincell() -> None:
    folder = Path(str(resources.files("coincell.board") / "emulator_worker"))
    files = sorted(folder.rglob("*.py"))
    assert files
    for path in files:
        text = path.read_text()
        assert "import coincell" not in text, path
        assert "from coincell" not in text, path
        assert text.startswith("# SPDX-License-Identifier:"), path


def test_a_dead_worker_is_told(image: Image) -> None:
    with VirtualBoard(image) as virtual:
        virtual.emulator._process.kill()
        virtual.emulator._process.wait()
        with pytest.raises(BoardError, match="ended unexpectedly"):
            virtual.send(b"")


def test_importing_the_package_imports_no_emulator() -> None:
    code = "import sys, coincell.board, coincell.firmware; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"unicorn", "capstone", "elftools", "tensorflow"} & set(loaded)
