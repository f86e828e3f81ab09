"""Small projects and recordings for the tests of the data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from coincell.project import Project, parse_configuration

MakeProject = Callable[..., Project]
WriteTone = Callable[..., Path]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """make_project("yes", "no", extra=TOML) -> a project in a folder of its own."""
    made = 0

    def make(*labels: str, extra: str = "", data: str = "", name: str = "") -> Project:
        nonlocal made
        made += 1
        directory = tmp_path / (name or f"project-{made}")
        directory.mkdir(exist_ok=True)
        names = ", ".join(f'"{label}"' for label in labels or ("yes", "no"))
        text = f'[project]\nname = "test"\n[data]\nlabels = [{names}]\n{data}\n{extra}\n'
        return Project(directory, parse_configuration(text))

    return make


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """An empty folder for a user's recordings."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def write_tone() -> WriteTone:
    """write_tone(path, hertz=440, ...) writes a sine, whose content differs with its numbers."""

    def write(
        path: Path,
        hertz: float = 440.0,
        seconds: float = 0.5,
        rate_hz: int = 16000,
        channels: int = 1,
        subtype: str = "PCM_16",
        amplitude: float = 0.25,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = tone(hertz, seconds, rate_hz, amplitude)
        container = "FLAC" if path.suffix == ".flac" else "WAV"
        soundfile.write(
            path, np.repeat(samples[:, None], channels, axis=1), rate_hz, subtype, format=container
        )
        return path

    return write


def tone(
    hertz: float, seconds: float, rate_hz: int, amplitude: float = 0.25
) -> NDArray[np.float64]:
    """A sine that begins at phase zero, float64 [n]."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return amplitude * np.sin(2 * np.pi * hertz * time)


@pytest.fixture
def golden(repository: Path) -> Path:
    """The folder of expected texts."""
    return repository / "tests" / "golden" / "data"
