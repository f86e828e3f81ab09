"""Golden windows through the chain of an attached board, beside the virtual one: bytes, cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board.client import BoardClient, BoardResult, Transport
from coincell.board.flashing import check_identity
from coincell.board.image_file import ImageFile
from coincell.board.virtual import VirtualBoard
from coincell.errors import BoardError
from coincell.firmware import Board

_LEARNED = 2
"""Windows from which the virtual board learns how long its code waits for constants."""

_SEED = 20260


@dataclass(frozen=True)
class WindowResult:
    """One golden window on both boards.

    Attributes:
        window: its name.
        different: what differs: "features", "scores", "decision"; nothing when all is equal.
        label: index of the class decided for, -1 for none.
        cycles: counted by the attached board's core; 0 when it cannot.
        modelled_cycles: of the virtual board's, waits for flash included.
    """

    window: str
    different: tuple[str, ...]
    label: int
    cycles: int
    modelled_cycles: int


@dataclass(frozen=True)
class SelfTest:
    """Whether an attached board does what the virtual one does, and how fast.

    Attributes:
        passed: whether every byte of every window is equal.
        windows: in the order in which they ran.
        cycles, modelled_cycles: the middle ones.
        ratio: cycles over modelled_cycles; None without a count.
        latency_ms: cycles at the board's clock.
        in_range: whether the ratio lies in what the board's description claims for its model.
        range_factor: that range.
        source: of the windows: "synthetic", or "recordings" of the project's test split.
    """

    passed: bool
    windows: tuple[WindowResult, ...]
    cycles: int
    modelled_cycles: int
    ratio: float | None
    latency_ms: float | None
    in_range: bool | None
    range_factor: tuple[float, float]
    source: str = "synthetic"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def golden_windows(samples: int) -> dict[str, NDArray[np.int16]]:
    """Name -> int16 [samples]: silence, both ends of the range, tones, noise; always the same."""
    generator = np.random.default_rng(_SEED)
    time = np.arange(samples)
    windows: dict[str, NDArray[np.floating] | NDArray[np.integer]] = {
        "silence": np.zeros(samples),
        "noise": generator.standard_normal(samples) * 3000,
        "quiet noise": generator.standard_normal(samples) * 20,
        "tone": 12000 * np.sin(2 * np.pi * time / 16),
        "rising tone": 20000 * np.sin(np.pi * 0.4 * time * time / max(1, samples)),
        "full scale": np.where(time // 20 % 2, 32767, -32768),
        "clicks": np.where(time % 997 == 0, 32767, 0),
        "lowest": np.full(samples, -32768),
    }
    return {
        name: np.clip(np.round(wave), -32768, 32767).astype(np.int16)
        for name, wave in windows.items()
    }


def self_test(
    line: Transport,
    image: ImageFile,
    board: Board,
    progress: Callable[[int, int, str], None],
    recordings: Mapping[str, NDArray[np.int16]] | None = None,
) -> SelfTest:
    """Run golden windows, or recordings, on the board behind `line`, and on the virtual one.

    Args:
        line: to the attached board.
        image: what it runs.
        board: what the image was linked for.
        progress: is called with (done, total, what is going on).
        recordings: name -> int16 [window_values], in place of the golden windows.

    Raises:
        BoardError: one of them does not answer, or faults, or a recording is of another length.
        GateError: the board runs another image.
        MissingExtraError: the extra "emulator" is not installed.
    """
    client = BoardClient(line)
    client.synchronize()
    info = client.info()
    check_identity(info, image)
    windows = _chosen(info.window_values, recordings)
    total = 2 * len(windows)
    results = []
    with VirtualBoard(image.elf, board) as virtual:
        expected = _virtual_results(virtual, windows, lambda done: progress(done, total, "virtual"))
        for done, (name, window) in enumerate(windows.items(), len(windows)):
            progress(done, total, name)
            wanted, modelled = expected[name]
            client.reset()
            found = client.process(window)
            results.append(
                WindowResult(
                    name, _different(found, wanted), found.label, client.cycles(), modelled
                )
            )
    progress(total, total, "")
    source = "recordings" if recordings else "synthetic"
    return replace(_summary(results, board), source=source)


def _chosen(
    samples: int, recordings: Mapping[str, NDArray[np.int16]] | None
) -> dict[str, NDArray[np.int16]]:
    if not recordings:
        return golden_windows(samples)
    for name, window in recordings.items():
        if window.shape != (samples,):
            raise BoardError(
                f"The image takes windows of {samples:,} samples; {name} gives {window.size:,}.",
                hint="`coincell run` makes an image of the project as it is now.",
            )
    return dict(recordings)


def learn_waits(virtual: VirtualBoard) -> None:
    """Let the virtual board count its waits for constants in flash, as those of golden windows."""
    client = BoardClient(virtual)
    windows = golden_windows(client.info().window_values)
    with virtual.learning_waits():
        for window in list(windows.values())[:_LEARNED]:
            client.reset()
            client.process(window)


def _virtual_results(
    virtual: VirtualBoard,
    windows: dict[str, NDArray[np.int16]],
    tell: Callable[[int], None],
) -> dict[str, tuple[BoardResult, int]]:
    """What the virtual board makes of each window, and in how many cycles."""
    client = BoardClient(virtual)
    learn_waits(virtual)
    results = {}
    for done, (name, window) in enumerate(windows.items()):
        tell(done)
        client.reset()
        results[name] = (client.process(window), client.cycles())
    return results


def _different(found: BoardResult, wanted: BoardResult) -> tuple[str, ...]:
    pairs = {
        "features": np.array_equal(found.features, wanted.features),
        "scores": np.array_equal(found.scores, wanted.scores),
        "decision": (found.label, found.decision_score) == (wanted.label, wanted.decision_score),
    }
    return tuple(name for name, equal in pairs.items() if not equal)


def _summary(results: list[WindowResult], board: Board) -> SelfTest:
    cycles = int(np.median([result.cycles for result in results]))
    modelled = int(np.median([result.modelled_cycles for result in results]))
    low, high = board.latency.range_factor if board.latency else (1.0, 1.0)
    ratio = cycles / modelled if cycles and modelled else None
    return SelfTest(
        passed=not any(result.different for result in results),
        windows=tuple(results),
        cycles=cycles,
        modelled_cycles=modelled,
        ratio=ratio,
        latency_ms=1000 * cycles / board.clock_hz if cycles else None,
        in_range=low <= ratio <= high if ratio else None,
        range_factor=(low, high),
    )
