"""What the tests of exports share: an export of the stand-in, a C++ compiler, sounds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.firmware import (
    Application,
    ExportRequest,
    HostStream,
    StreamEvent,
    export_application,
    load_board,
)
from coincell.project import DecisionSettings
from coincell.toolchain import compile_units, find_host_compiler
from stand_in import StandInNetwork, random_windows, stand_in_application

NAME = "tiny_words"
WARNINGS = ("-Wall", "-Wextra", "-Werror")
HERE = Path(__file__).resolve().parent / "firmware"


def listening_application() -> Application:
    """The stand-in with scores between their limits; it decides more than twice a window."""
    source = StandInNetwork().sources["tiny.c"]
    softer = source.replace("32, 7);", "32, 9);").replace("8, 5);", "8, 8);")
    assert softer != source
    network = StandInNetwork(more_sources={"tiny.c": softer})
    decision = DecisionSettings(smoothing_windows=2, threshold=0.6, hop_ms=40)
    return replace(stand_in_application(network), decision=decision)


def request(
    name: str = NAME, application: Application | None = None, board: str = "nano33ble"
) -> ExportRequest:
    return ExportRequest(
        application=application or listening_application(),
        name=name,
        version="1.2.3",
        project="tiny words",
        board=load_board(board),
        facts={"tools": {"for the board": "a compiler"}},
    )


def export(
    form: str,
    out: Path,
    name: str = NAME,
    application: Application | None = None,
    board: str = "nano33ble",
) -> Path:
    """The folder of an export of the stand-in."""
    return export_application(request(name, application, board), form, out).folder


def sound(windows: int = 20) -> NDArray[np.int16]:
    """int16 [n]: noise of all loudnesses, one after the other, and a part of a window more."""
    return np.concatenate([random_windows(windows, seed=9).ravel(), np.zeros(333, np.int16)])


def wanted_events(samples: NDArray[np.int16]) -> list[StreamEvent]:
    """What the host library decides on the stream."""
    events = HostStream(listening_application()).process(samples)
    assert len({event.label for event in events}) > 2, "the decisions must not all be alike"
    return events


def permille(score: int) -> int:
    """A decision's score of 1/256 of the output's unit, as the interface tells it; exact."""
    output = listening_application().model.outputs[0]
    share = (Fraction(score, 256) - output.zero_point) * Fraction(output.scale)
    return max(0, min(1000, int(share * 1000 + Fraction(1, 2))))


def score_text(score: int) -> str:
    """The same as a sketch prints it."""
    return f"{permille(score) / 1000:.3f}"


def label_of(event: StreamEvent) -> str | None:
    return None if event.label < 0 else listening_application().labels[event.label]


def wanted_lines(samples: NDArray[np.int16]) -> list[str]:
    """What a sketch prints of the stream."""
    return [
        f"{label_of(event) or '-'} {score_text(event.score)}" for event in wanted_events(samples)
    ]


def run(command: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def must(command: Sequence[object], **options: Any) -> str:
    """Run what must succeed without a word on standard error; what it printed."""
    done = run(command, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr.lower(), done.stderr
    return done.stdout


def cpp_compiler() -> list[str]:
    """g++, else the C++ compiler of zig."""
    found = shutil.which("g++")
    return [found] if found else [sys.executable, "-m", "ziglang", "c++"]


def compile_folder(
    folder: Path, flags: Sequence[str], roots: Sequence[str] = ()
) -> dict[str, Path]:
    """Every .c below `folder` by itself, as build systems do: relative path -> object.

    What was compiled before is taken from the cache, so that a test that changes one file of an
    export compiles that one only.

    Args:
        folder: of an export.
        flags: of the compiler.
        roots: folders on the include path, relative to `folder`.
    """
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.[ch]")
    }
    units = sorted(path for path in files if path.endswith(".c"))
    objects = compile_units(units, files, find_host_compiler(), flags, roots)
    return dict(zip(units, objects, strict=True))


def link_folder(folder: Path, program: Path, flags: Sequence[str]) -> Path:
    """The program of all that is C below `folder`."""
    objects = compile_folder(folder, flags).values()
    find_host_compiler().run([*flags, *objects, "-o", program])
    return program


def sanitizers() -> tuple[str, ...]:
    """Flags of the address and undefined-behaviour sanitizers; none where there are none."""
    if find_host_compiler().name == "zig":
        return ()
    return ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def write(path: Path, samples: NDArray[np.generic]) -> Path:
    path.write_bytes(samples.tobytes())
    return path


def environment(**values: object) -> Mapping[str, str]:
    return {name: str(value) for name, value in values.items()}
