"""An exported library on the board's own core: the self-test and a stream, on the virtual board."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

import pytest

from coincell.toolchain import find_cross_compiler
from exporting import NAME, export, must, permille, sound, wanted_events

pytest.importorskip("unicorn", reason="the extra `emulator` is not installed")

WINDOWS = 16

MAIN = """
#include "NAME.h"
void image_main(void);
volatile int32_t trail[256];
volatile uint32_t trail_length;
static const int16_t sound[] = {SOUND};
void image_main(void)
{
    const int16_t *samples = sound;
    int32_t count = sizeof sound / sizeof *sound;
    trail[trail_length++] = NAME_self_test();
    while (count > 0) {
        int32_t taken = 0;
        NAME_decision decision;
        const int32_t block = count < 100 ? count : 100;
        if (NAME_take(samples, block, &taken, &decision) == 1) {
            trail[trail_length++] = (int32_t)decision.position;
            trail[trail_length++] = decision.label;
            trail[trail_length++] = NAME_permille(&decision);
        }
        samples += taken;
        count -= taken;
    }
}
"""


def on_the_board(source: Path, folder: Path) -> list[int]:
    """What MAIN left: the self-test's result, then position, label and permille of decisions."""
    from board.bare import emulated, link_bare

    samples = sound(WINDOWS)
    files = {
        path.relative_to(source).as_posix(): path.read_text() for path in source.rglob("*.[ch]")
    }
    text = ", ".join(map(str, samples.tolist()))
    main = MAIN.replace("NAME", NAME).replace("SOUND", text)
    image = link_bare({**files, "main.c": main}, folder)
    with emulated(image) as emulator:
        answer, _ = emulator.ask("run", budget=1 << 40, until=None)
        assert answer["state"] == "fault"
        assert answer["fault"] == "a breakpoint"  # the program's end
        place, length = (image.parsed.symbol(name).address for name in ("trail", "trail_length"))
        data = emulator.ask("read", address=place, count=1024)[1]
        count = int.from_bytes(emulator.ask("read", address=length, count=4)[1], "little")
    return list(struct.unpack("<256i", data))[:count]


def test_self_test_and_stream_on_the_boards_core(tmp_path: Path) -> None:
    source = export("arduino", tmp_path / NAME) / "src"
    wanted = [
        value
        for event in wanted_events(sound(WINDOWS))
        for value in (event.samples, event.label, permille(event.score))
    ]
    assert len(wanted) > 20
    assert on_the_board(source, tmp_path) == [0, *wanted]


def test_a_changed_table_fails_on_the_boards_core(tmp_path: Path) -> None:
    source = export("arduino", tmp_path / NAME) / "src"
    path = source / "core" / "tiny_features.c"
    text = path.read_text()
    changed = re.sub(r"(uint32_t rising\[\d+\] = \{)[^}]*", r"\g<1>0u", text, count=1)
    assert changed != text
    path.write_text(changed)
    assert on_the_board(source, tmp_path)[0] == 2


def test_the_library_asks_for_exact_arithmetic(tmp_path: Path) -> None:
    """A sketch's flags allow a product and a sum in one rounding; names.h does not."""
    compiler = find_cross_compiler("cortex-m4f")
    if compiler.name == "zig" or not shutil.which("arm-none-eabi-objdump"):
        pytest.skip("no arm-none-eabi-gcc")
    names = export("c", tmp_path / NAME) / "core" / "names.h"
    code = "float f(float a, float b, float c) { return a * b + c; }\n"
    found = []
    for before in ("", f'#include "{names}"\n'):
        (tmp_path / "unit.c").write_text(before + code)
        compiler.run(["-std=gnu11", "-Os", "-c", "unit.c", "-o", "unit.o"], tmp_path)
        listing = must(["arm-none-eabi-objdump", "-d", tmp_path / "unit.o"])
        found.append("vfma" in listing)
    assert found == [True, False]
