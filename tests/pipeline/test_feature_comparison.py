"""Blocks side by side, and what each feature is worth, on a made-up project of two channels."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.evaluation import Estimate
from coincell.pipeline.feature_comparison import Compared, compare_features, parse_block, propose
from coincell.project import RawSettings, StatisticsSettings, load_project

TOML = """
[project]
name = "shakes"
task = "gesture"
seed = 3
[data]
sense = "motion"
labels = ["calm", "wild"]
sample_rate_hz = 50
window_ms = 640
channels = ["aX", "aY"]
units = ["g", "g"]
full_scale = [4.0, 4.0]
silence_label = ""
unknown_label = ""
[data.split]
validation = 0.3
by = "person"
[features]
block = "statistics"
statistics = ["mean", "rms", "kurtosis"]
[model]
architecture = "fully-connected"
yardstick = false
[training]
epochs = 8
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Only the loudness of aY tells the labels apart; aX is the same noise for both."""
    folder = tmp_path_factory.mktemp("shakes")
    recordings = folder / "recordings"
    generator = np.random.default_rng(1)
    for label, loud in (("calm", 0.1), ("wild", 0.8)):
        (recordings / label).mkdir(parents=True)
        for number in range(60):
            values = generator.normal(0, [0.3, loud], (32, 2)).clip(-4, 4)
            with (recordings / label / f"{number:02}.csv").open("w", newline="") as file:
                table = csv.writer(file)
                table.writerow(["aX", "aY"])
                table.writerows(values.round(4).tolist())
    (folder / "coincell.toml").write_text(TOML)
    done = CliRunner().invoke(cli, ["data", "import", str(recordings), "--project", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_blocks_are_told_with_score_and_cost_and_the_cheapest_good_one_is_proposed(project):
    done = CliRunner().invoke(
        cli,
        ["features", "compare", "--project", str(project), "--json", "--blocks",
         "statistics statistics=mean", "--blocks", "statistics statistics=rms", "--blocks",
         "statistics", "--blocks", "spectral fft_size=1024"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    mean, rms, every, wrong = found["blocks"]
    assert rms["score"]["value"] > 0.97 > 0.8 > mean["score"]["value"]
    assert rms["fisher"] > mean["fisher"]
    assert found["proposal"] == 1
    assert rms["toml"] == '[features]\nblock = "statistics"\nstatistics = ["rms"]'
    assert wrong["problem"] or wrong["score"]["value"] > 0.8
    if rms["cost"] is not None:  # the ARM compiler and the emulator are there
        assert 0 < rms["cost"]["cycles"] < every["cost"]["cycles"]
        assert 0 < rms["cost"]["flash_bytes"] <= every["cost"]["flash_bytes"]


def test_what_is_printed_can_be_pasted(project):
    done = CliRunner().invoke(
        cli, ["features", "compare", "--project", str(project), "--blocks", "raw decimation=4"]
    )
    assert done.exit_code == 0, done.output
    assert 'block = "raw"\ndecimation = 4' in done.output
    assert "linear accuracy" in done.output


def test_the_test_split_is_not_looked_at(project):
    """Without it the figures are the same."""
    before = compare_features(load_project(project), ["statistics"])
    table = (project / "data" / "manifest.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))
    assert before.windows == sum(row["split"] != "test" for row in rows)


def test_the_channel_that_tells_matters_and_the_other_does_not(project):
    done = CliRunner().invoke(cli, ["features", "relevance", "--project", str(project), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    told = {each["name"]: each for each in found["features"]}
    assert set(told) == {"channel aX", "channel aY", "mean", "rms", "kurtosis"}
    assert found["base"] > 0.9
    assert told["channel aY"]["importance"] > 0.2 > 0.05 > told["channel aX"]["importance"]
    assert told["rms"]["importance"] > told["kurtosis"]["importance"] - 0.02
    assert told["channel aY"]["information"] > told["channel aX"]["information"]
    if found["cost"] is not None:
        assert told["channel aX"]["saved"]["cycles"] > 0
        assert told["kurtosis"]["saved"]["cycles"] > told["mean"]["saved"]["cycles"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wavelet", "wavelet"),
        ("raw bands=8", "bands"),
        ("raw decimation=0", "decimation"),
        ("raw decimation", "key=value"),
    ],
)
def test_a_block_that_is_none_is_refused_by_name(text, told):
    with pytest.raises(UserError) as refused:
        parse_block(text)
    assert told in refused.value.message


def test_settings_of_lists_and_numbers_are_read():
    assert parse_block("raw decimation=4") == RawSettings(decimation=4)
    chosen = parse_block("statistics statistics=mean,rms")
    assert chosen == StatisticsSettings(statistics=("mean", "rms"))


def _block(value, low, scratch):
    score = None if value is None else Estimate(value, low, 1.0)
    return Compared(RawSettings(), False, score=score, scratch_bytes=scratch)


@pytest.mark.parametrize(
    ("blocks", "proposal"),
    [
        ([_block(0.9, 0.85, 100), _block(0.86, 0.8, 10)], 1),
        ([_block(0.9, 0.87, 100), _block(0.86, 0.8, 10)], 0),
        ([_block(0.9, 0.85, 10), _block(0.9, 0.85, 100)], 0),
        ([_block(None, None, 1), _block(0.5, 0.4, 10)], 1),
        ([_block(None, None, 1)], None),
    ],
)
def test_the_cheapest_within_the_best_ones_interval_is_proposed(blocks, proposal):
    found, reason = propose(blocks, "score")
    assert found == proposal
    assert reason
