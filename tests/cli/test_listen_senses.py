"""`coincell listen FILE` on motion and pictures: what is printed is what the stream decides."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from coincell.cli import listen as listen_module
from coincell.cli.listen import listen_command
from coincell.errors import UserError
from coincell.firmware import HostStream
from coincell.project import CameraSettings, DataSettings
from coincell.runtime import quantity_unit, strangeness_unit
from exporting_senses import CHANNELS, MOTION, PICTURE, sensing, windows_of

MOTION_SETTINGS = {
    "sense": "motion", "sample_rate_hz": MOTION.rate_hz, "window_ms": 1280,
    "channels": CHANNELS.names, "units": CHANNELS.units, "full_scale": CHANNELS.full_scale,
}  # fmt: skip


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch):
    """Calls the command in a project whose chain is one of SENSES."""

    def call(what: str, *words: object) -> Result:
        chain = sensing(what)
        if chain.form.sense == "motion":
            data = DataSettings(**MOTION_SETTINGS)
        else:
            camera = CameraSettings(width=PICTURE.width, height=PICTURE.height, color="rgb")
            data = DataSettings(sense="picture", camera=camera)
        assert data.form == chain.form
        project = SimpleNamespace(configuration=SimpleNamespace(data=data))
        monkeypatch.setattr(listen_module, "open_project", lambda directory: project)
        monkeypatch.setattr("coincell.pipeline.project_application", lambda *given: chain)
        return CliRunner().invoke(listen_command, [str(word) for word in words])

    return call


def csv_of(values: np.ndarray, path: Path) -> Path:
    """int16 [n, 4] in the channels' units, without a loss."""
    physical = values.astype(np.float64) / 32768 * CHANNELS.full_scale
    heads = [f"{name} [{unit}]" for name, unit in CHANNELS.unit_of.items()]
    rows = [",".join(["time [ms]", *heads])]
    for at, row in enumerate(physical):
        rows.append(",".join([f"{at * 1000 / MOTION.rate_hz:.1f}", *map(repr, row.tolist())]))
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("what", ["gesture", "regression", "mahalanobis"])
def test_readings_of_a_file_are_decided_on(listen, tmp_path: Path, what: str) -> None:
    chain = sensing(what)
    samples = windows_of(MOTION, 8).reshape(-1, 4)
    path = csv_of(samples, tmp_path / "walk.csv")
    wanted = HostStream(chain).process(samples.ravel())
    told = listen(what, path, "--all", "--json")
    assert told.exit_code == 0, told.output
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(event["samples"], event["score_raw"]) for event in events] == [
        (event.samples, event.score) for event in wanted
    ]
    assert events[0]["second"] == wanted[0].samples / MOTION.rate_hz
    text = listen(what, path, "--all").stdout
    first = wanted[0].score
    if what == "regression":
        unit = quantity_unit(chain.manifest)
        assert events[0]["value"] == unit.value(first)
        assert unit.told(first) in text
        assert " rpm" in listen(what, path).stdout, "a number is always told"
        assert len(listen(what, path).stdout.splitlines()) == len(wanted)
    if what == "mahalanobis":
        unit = strangeness_unit(chain.manifest)
        assert events[0]["strangeness"] == unit.value(first)
        assert unit.told(first) in text
        assert {event["label"] for event in events} == {"normal", "anomaly"}


def test_a_picture_is_decided_on(listen, tmp_path: Path) -> None:
    chain = sensing("pictures")
    pixels = windows_of(PICTURE, 1)
    Image.fromarray(pixels.reshape(PICTURE.shape)).save(tmp_path / "face.png")
    (wanted,) = HostStream(chain).process(pixels.ravel())
    told = listen("pictures", tmp_path / "face.png", "--json")
    (event,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert event["samples"] == 1
    assert "second" not in event
    assert event["score"] == chain.score_unit.share(wanted.score)
    assert listen("pictures", tmp_path / "face.png").stdout.startswith("picture 1  ")


def test_what_cannot_be_is_told(listen, tmp_path: Path) -> None:
    error = listen("gesture").exception
    assert isinstance(error, UserError)
    assert "--port" in error.hint
    short = csv_of(windows_of(MOTION, 1).reshape(-1, 4)[:40], tmp_path / "short.csv")
    assert "shorter than a window" in listen("gesture", short).stderr
    assert isinstance(listen("gesture", short, "--resample").exception, UserError)
