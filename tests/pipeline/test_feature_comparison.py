"""Blocks side by side, and what each feature is worth, on a made-up project of two channels."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.board import BlockCost
from coincell.cli.features import _print_comparison, _unsaved
from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.evaluation import Estimate
from coincell.features import make_feature_block
from coincell.pipeline.families import fitting_architecture
from coincell.pipeline.feature_comparison import (
    Compared,
    Comparison,
    Learned,
    _candidates,
    compare_features,
    parse_block,
    propose,
)
from coincell.pipeline.relevance import Relevance, Relevances, _without, features_of
from coincell.project import (
    Configuration,
    RawSettings,
    StatisticsSettings,
    load_project,
    parse_configuration,
)

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
    assert "The architecture that fits it: fully-connected, the project's." in done.output
    assert "[model]" not in done.output


def test_an_architecture_that_is_not_the_project_s_is_told_with_its_lines(capsys):
    block = Compared(RawSettings(decimation=4), False, (16, 2), architecture="conv-1d", own=False)
    _print_comparison(Comparison("linear accuracy", 9, (block,), 0, "It is the only one.", ()))
    told = capsys.readouterr().out
    assert "The architecture that fits it: conv-1d, and not the project's." in told
    assert '[features]\nblock = "raw"\ndecimation = 4\n\n[model]\narchitecture = "conv-1d"' in told


@pytest.mark.parametrize(
    ("template", "block", "fits"),
    [
        ("gesture", "raw", "conv-1d"),
        ("gesture", "statistics", "fully-connected"),
        ("gesture", "spectral", "fully-connected"),
        ("keyword-spotting", "mfcc", "ds-cnn-small"),
        ("regression", "spectrogram", "tiny-conv"),
        ("regression", "statistics", "fully-connected"),
        ("anomaly-detection", "spectrogram", "autoencoder-conv"),
        ("visual-wake-word", "picture", "mobilenet-v1"),
    ],
)
def test_the_architecture_that_fits_a_block_is_told_and_its_lines_are_valid(template, block, fits):
    path = Path("src/coincell/project/templates", template, "coincell.toml")
    text = path.read_text().replace("@NAME@", "it")
    configuration = parse_configuration(text)
    fitting = fitting_architecture(block, configuration)
    own = fitting == configuration.model.architecture
    assert fitting == fits
    lines = Compared(parse_block(block), False, architecture=fitting, own=own).toml
    assert ("[model]" in lines) is not own
    table = tomllib.loads(text)
    for section, values in tomllib.loads(lines).items():
        table[section] = values if section == "features" else table[section] | values
    assert Configuration.model_validate(table).model.architecture == fits


def test_pictures_keep_the_values_that_weights_were_trained_with():
    path = Path("src/coincell/project/templates/visual-wake-word/coincell.toml")
    configuration = parse_configuration(path.read_text().replace("@NAME@", "it"))
    centred = configuration.features.model_copy(update={"values": "centred"})
    given = configuration.model_copy(update={"features": centred})
    assert {each.values for each in _candidates(given)} == {"centred"}


def test_the_test_split_is_not_looked_at(project):
    """Without it the figures are the same."""
    before = compare_features(load_project(project), ["statistics"])
    table = (project / "data" / "manifest.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))
    assert before.windows == sum(row["split"] != "test" for row in rows)


@pytest.mark.parametrize("template", ["gesture", "regression", "anomaly-detection"])
def test_windows_of_one_unit_are_not_as_many_to_judge_by(template):
    """Ten copies of each window tell no more than one."""
    path = Path("src/coincell/project/templates", template, "coincell.toml")
    configuration = parse_configuration(path.read_text().replace("@NAME@", "it"))
    generator = np.random.default_rng(4)
    features = generator.integers(-100, 100, (40, 3)).astype(np.int8)
    noisy = features[:, 0] + generator.normal(0, 60, 40)
    clips = SimpleNamespace(labels=(noisy > 0).astype(np.int64), targets=noisy.astype(float))
    widths = {}
    for times, grouped in ((1, False), (10, False), (10, True)):
        rows = np.repeat(np.arange(40), times)
        units = [str(row) for row in rows] if grouped else None
        data = Learned(clips, rows, rows % 5, units, configuration, ())
        score = data.score(features[rows])
        widths[times, grouped] = score.high - score.low
    assert widths[10, False] < 0.5 * widths[1, False]
    assert widths[10, True] == pytest.approx(widths[1, False], rel=0.2)


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
    ("template", "of", "reason"),
    [
        ("regression", "band 0", "low_hz and high_hz"),
        ("keyword-spotting", "band 0", "fewer bands"),
        ("visual-wake-word", "row 1, column 1 of 4", "smaller width and height"),
    ],
)
def test_where_nothing_is_known_to_be_saved_the_reason_is_told(template, of, reason):
    """Of the rest what is saved is a block with less of it."""
    path = Path("src/coincell/project/templates", template, "coincell.toml")
    configuration = parse_configuration(path.read_text().replace("@NAME@", "it"))
    form = configuration.data.form
    windows = np.random.default_rng(1).integers(0, 200, (20, form.values)).astype(form.dtype)
    shape = make_feature_block(configuration.features, form).shape
    told = {}
    for feature in features_of(configuration, shape):
        less = _without(feature, configuration, windows)
        if isinstance(less, str):
            told[feature.name] = less
        else:
            assert np.prod(less[0].shape) < np.prod(shape)
    assert reason in told[of]
    assert "band 63" not in told
    features = tuple(Relevance(name, 0.1, 0.1, 0.0, None, told[name]) for name in told)
    cost = BlockCost(1, 1, 1.0, 1, 1, 1)
    found = Relevances("accuracy", 0.9, 20, features, cost, ())
    notes = _unsaved(found)
    assert len(notes) == 1
    assert f"and {len(told) - 1} more" in notes[0]
    assert reason in notes[0]


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
