"""Fuzzing in a child process: how it is started, watched, and what is kept of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzing.target import SECONDS_A_FILE

TESTS = Path(__file__).resolve().parents[1]
CORPUS = Path(__file__).resolve().parent / "corpus"


@dataclass(frozen=True)
class Outcome:
    """What came of some seconds of fuzzing.

    Attributes:
        refused, compiled: files that ended as they should.
        failures: text of each fault, by the name of the file in the folder of failures.
    """

    refused: int
    compiled: int
    failures: dict[str, str]


def seed_models(zoo: Path) -> list[Path]:
    """Files to damage: the zoo's smaller models and its broken ones, and the corpus."""
    small = [path for path in sorted(zoo.glob("*.tflite")) if path.stat().st_size < 60_000]
    return [*small, *sorted((zoo / "broken").glob("*.tflite")), *sorted(CORPUS.glob("*.tflite"))]


def fuzz(
    models: Sequence[Path],
    seed: int,
    seconds: float,
    keep: Path,
    tell: Callable[[str], None] | None = None,
) -> Outcome:
    """Fuzz for `seconds` in a child; a child that dies or hangs is a failure, and is replaced.

    Args:
        models: files to damage.
        seed: of the damage.
        seconds: about how long.
        keep: folder for files that failed.
        tell: called with each line of progress.
    """
    refused = compiled = 0
    failures: dict[str, str] = {}
    left, attempt = seconds, 0
    while left > 0 and attempt < 20:
        with tempfile.TemporaryDirectory(prefix="coincell-fuzz-") as folder:
            lines, code, error = _child(Path(folder), seed + 7919 * attempt, left, models, tell)
            attempt += 1
            last = json.loads(lines[-1]) if lines else {"seconds": 0, "refused": 0, "compiled": 0}
            refused, compiled = refused + last["refused"], compiled + last["compiled"]
            left -= max(1, last["seconds"])
            for text in sorted((Path(folder) / "failures").glob("*.txt")):
                failures[text.stem] = text.read_text()
                _keep(text.with_suffix(".tflite"), keep / f"{text.stem}.tflite")
            if code != 0:
                name = f"died-{seed}-{attempt}"
                failures[name] = f"the child ended with {code}: {error[-2000:]}"
                _keep(Path(folder) / "case.tflite", keep / f"{name}.tflite")
    return Outcome(refused, compiled, failures)


def _keep(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def _child(
    folder: Path,
    seed: int,
    seconds: float,
    models: Sequence[Path],
    tell: Callable[[str], None] | None,
) -> tuple[list[str], int, str]:
    words = [sys.executable, "-m", "fuzzing.target", str(folder), str(seed), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OPENBLAS_NUM_THREADS": "1"}
    lines: list[str] = []
    with (
        (folder / "stderr").open("w+") as errors,
        subprocess.Popen(
            [*words, *map(str, models)], stdout=subprocess.PIPE, stderr=errors, text=True,
            env=environment, cwd=folder,
        ) as child,
    ):  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line)
            if tell:
                tell(line.strip())
        try:
            code = child.wait(timeout=3 * SECONDS_A_FILE)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        errors.seek(0)
        return lines, code, errors.read()
