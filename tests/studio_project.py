"""Small projects of each sense that a studio can open, and one that is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data import Sample, open_store
from coincell.project import Project, load_project
from coincell.studio import Opened, open_studio
from motion_project import motion_toml

TONES = """
[project]
name = "tones"
[data]
labels = ["low", "middle", "high"]
[augmentation]
copies = 0
[features]
bands = 16
hop_ms = 40
[model]
architecture = "random-forest"
yardstick = false
[model.classical]
trees = 8
[decision]
threshold = 0.4
"""
SHAKEN = motion_toml(
    "gesture",
    {"x": ("g", 2.0), "y": ("g", 2.0), "z": ("g", 2.0)},
    rate_hz=100,
    window_ms=640,
    data='labels = ["still", "fast"]',
    rest="""\
[augmentation]
copies = 0
[features]
block = "statistics"
[model]
architecture = "random-forest"
yardstick = false
[decision]
threshold = 0.4
""",
)
_HERTZ = {"low": 300.0, "middle": 900.0, "high": 2700.0}
_SPLITS = ("train", "train", "train", "validation", "test", "test")


def tones(folder: Path, clips: int = 72, splits: Sequence[str] = _SPLITS) -> Project:
    """Sounds of three pitches by six people, each in one of `splits`; every second is a woman."""
    project = _project(folder, TONES)
    generator = np.random.default_rng(5)
    time = np.arange(16000) / 16000
    rows = []
    for number in range(clips):
        label, person = tuple(_HERTZ)[number % 3], number // 3 % 6
        pitch = _HERTZ[label] * (1 + 0.02 * person)
        wave = np.sin(2 * np.pi * pitch * time) * 0.3 * np.hanning(16000)
        wave += 0.003 * generator.standard_normal(16000)
        groups = {"speaker": f"p{person}", "gender": ("woman", "man")[person % 2]}
        rows.append((f"{label}/{number:05}.wav", label, person, groups, wave * 32768))
    _keep(project, [(*row[:4], row[4].astype(np.int16)) for row in rows], splits)
    return project


def shaken(folder: Path) -> Project:
    """Readings of a board that lies still or is shaken."""
    project = _project(folder, SHAKEN)
    generator = np.random.default_rng(6)
    time = np.arange(64) / 100
    rows = []
    for number in range(48):
        label, person = ("still", "fast")[number % 2], number // 2 % 6
        moved = 0.02 * generator.standard_normal((64, 3))
        moved[:, 2] += 1.0
        if label == "fast":
            moved[:, 0] += 0.8 * np.sin(2 * np.pi * 12 * time + number)
        groups = {"speaker": f"p{person}"}
        rows.append((f"{label}/{number:03}.npy", label, person, groups, moved.astype(np.float32)))
    _keep(project, rows)
    return project


def leaning(folder: Path) -> Project:
    """Readings of three movements that are easily mistaken, by 36 people of two hands and three
    ages; those of the left hand are told less well, and two people do not say their age."""
    labels = SHAKEN.replace('"still", "fast"', '"still", "slow", "fast"')
    project = _project(folder, labels + '[audit]\nperson = "person"\nsmallest_group = 3\n')
    generator = np.random.default_rng(8)
    time = np.arange(64) / 100
    rows = []
    for number in range(432):
        at, person = number % 3, number // 3 % 36
        hand = ("left", "right")[person % 2]
        noise = 0.4 if hand == "left" else 0.2
        moved = noise * generator.standard_normal((64, 3))
        moved[:, 2] += 1.0
        strength = generator.uniform(0.0, 0.6) + 0.15 * at
        moved[:, 0] += strength * np.sin(2 * np.pi * (4 + 4 * at) * time + number)
        age = ("young", "middle", "old")[person // 2 % 3] if person > 1 else ""
        groups = {"person": f"p{person:02}", "hand": hand} | ({"age": age} if age else {})
        label = ("still", "slow", "fast")[at]
        file = f"{label}/{number:03}.npy"
        rows.append((file, label, person // 6, groups, moved.astype(np.float32)))
    _keep(project, rows)
    return project


def _project(folder: Path, settings: str) -> Project:
    folder.mkdir(parents=True)
    (folder / "coincell.toml").write_text(settings)
    return load_project(folder)


def _keep(
    project: Project,
    rows: list[tuple[str, str, int, dict[str, str], NDArray[Any]]],
    splits: Sequence[str] = _SPLITS,
) -> None:
    with open_store(project) as store:
        samples = []
        for file, label, person, groups, values in rows:
            kept = store.stage(file, values)
            split: Any = splits[person]
            samples.append(Sample(file, label, split, kept.sha256, kept.duration_s, groups))
        store.publish(samples)


@contextmanager
def opened(project: Project, host: str = "127.0.0.1", store: str = "") -> Iterator[Opened]:
    """The project's studio, answering at a free port."""
    with answering(open_studio(project, host, 0, store)) as studio:
        yield studio


@contextmanager
def answering(studio: Opened) -> Iterator[Opened]:
    """A studio that answers."""
    thread = threading.Thread(target=studio.serve)
    thread.start()
    try:
        yield studio
    finally:
        studio.stop()
        thread.join(20)
