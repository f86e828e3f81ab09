"""`data check --deep` on the real gestures: flipped labels and copies are told, and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import Dataset, import_recordings, read_manifest, write_manifest
from coincell.project import Project, load_project

TOML = """
[project]
name = "gestures"
task = "gesture"
[data]
sense = "motion"
labels = ["circ", "flex", "hori"]
sample_rate_hz = 119
window_ms = 1000
channels = ["aX", "aY", "aZ", "gX", "gY", "gZ"]
units = ["g", "g", "g", "deg/s", "deg/s", "deg/s"]
full_scale = [4.0, 4.0, 4.0, 2000.0, 2000.0, 2000.0]
[features]
block = "raw"
"""


@pytest.fixture
def project(tmp_path: Path, shared: Path) -> Project:
    """Thirty of each of three gestures."""
    (tmp_path / "coincell.toml").write_text(TOML)
    for label in ("circ", "flex", "hori"):
        path = shared / "data" / "gestures" / f"{label}.csv"
        rows = [line for line in path.read_text().splitlines()[1:] if line.strip()]
        values = np.array([line.split(",") for line in rows], np.float32)
        folder = tmp_path / "source" / label
        folder.mkdir(parents=True)
        for number in range(min(30, len(values) // 119)):
            part = values[number * 119 : (number + 1) * 119]
            np.save(folder / f"{number:02}.npy", part)
    project = load_project(tmp_path)
    import_recordings(tmp_path / "source", project)
    return project


def test_what_was_put_there_is_told(project: Project, tmp_path: Path) -> None:
    samples = list(read_manifest(project.data_directory).samples)
    flipped = {"circ/03": "hori", "hori/05": "flex", "circ/09": "flex"}
    samples = [replace(s, label=flipped.get(s.file[:7], s.label)) for s in samples]
    write_manifest(Dataset(project.data_directory, tuple(samples)))
    before = {p: p.read_bytes() for p in project.data_directory.rglob("*.npy")}
    page = tmp_path / "look.html"
    words = ["data", "check", "--deep", "--page", str(page), "--project", str(tmp_path), "--json"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    deep = json.loads(result.stdout)["deep"]
    doubted = [s["file"][:7] for s in deep["suspects"] if s["rule"] == "doubted-label"]
    assert len(set(doubted) & set(flipped)) >= 2
    assert len(doubted) <= 6
    html = page.read_text()
    assert html.count("<polyline") >= 6 * len(doubted)
    assert "circ/" in html
    assert {p: p.read_bytes() for p in project.data_directory.rglob("*.npy")} == before
    text = CliRunner().invoke(cli, [*words[:3], *words[5:-1]], catch_exceptions=False).stdout
    assert "held-out linear model both doubt" in text


def test_a_page_needs_deep(project: Project, tmp_path: Path) -> None:
    words = ["data", "check", "--page", "x.html", "--project", str(tmp_path)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert "--deep" in result.output
