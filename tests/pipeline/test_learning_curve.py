"""The learning curve: whole units, the test split unread, a power law found again."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import make_default_data
from coincell.errors import UserError
from coincell.evaluation import Estimate
from coincell.pipeline.learning_curves import SHARES, draw_units, fit_power_law, together, units_of
from coincell.project import load_project
from dealt_project import TOML, WORDS, clips_of

pytest.importorskip("scipy.optimize")


def test_draws_are_whole_units_of_training_and_read_nothing_of_the_test_split() -> None:
    people = [f"p{n % 50}" for n in range(300)]
    splits = ["test" if n % 50 >= 45 else "validation" if n % 50 >= 40 else "train"
              for n in range(300)]  # fmt: skip
    clips = clips_of(people, [n % 3 for n in range(300)], splits, "speaker")
    units, by = units_of(clips, WORDS)
    assert by == "speaker"
    draws = draw_units(clips, units, WORDS)
    assert [share for share, _ in draws] == [s for s, n in SHARES.items() for _ in range(n)]
    for share, dealt in draws:
        learned = dealt == "train"
        assert (dealt[clips.splits == "test"] == "").all()
        assert (dealt[clips.splits == "validation"] == "test").all()
        assert set(clips.splits[learned]) == {"train"}
        drawn = set(units[learned])
        assert learned.sum() == 6 * len(drawn)
        assert len(drawn) == pytest.approx(40 * share, abs=2)
        assert set(clips.labels[learned]) == {0, 1, 2}


def test_too_few_units() -> None:
    clips = clips_of(["a", "b", "c", "d"] * 5, [0, 1] * 10, (["train"] * 3 + ["validation"]) * 5,
                     "speaker")  # fmt: skip
    with pytest.raises(UserError, match="there are 3 in training"):
        draw_units(clips, units_of(clips, WORDS)[0], WORDS)


def test_a_power_law_is_found_again_and_tells_what_it_cannot_reach() -> None:
    generator = np.random.default_rng(2)
    units = np.repeat([10, 18, 32, 56, 100], 3)
    law = fit_power_law(units, 0.05 + 0.9 * units**-0.5 + generator.normal(0, 0.003, 15))
    then = law.error(200)
    assert then.value == pytest.approx(0.05 + 0.9 * 200**-0.5, abs=0.02)
    assert then.low < 0.05 + 0.9 * 200**-0.5 < then.high
    exact = fit_power_law(units, 0.9 * units**-0.5)
    assert exact.units_for(0.045).value == pytest.approx(400, rel=0.1)
    assert fit_power_law(units, np.full(15, 0.3)).units_for(0.1).value is None


def test_more_judges_narrow_the_interval() -> None:
    made = [(s, int(100 * s), int(500 * s), {"int8": Estimate(0.9 - 0.2 * (1 - s), 0.7, 0.9)})
            for s in SHARES]  # fmt: skip
    curve = together("accuracy", made, 20, "speaker", 500)
    assert curve.judges_for(0.05) == pytest.approx(80, abs=1)
    values = [point.figures["int8"].value for point in curve.points]
    assert values == sorted(values)  # type: ignore[type-var]
    worse = curve.laws["int8"].error(50).value
    assert worse > curve.laws["int8"].error(100).value  # type: ignore[operator]


def test_the_command(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra `train` is not installed")
    more = TOML.replace("machines = 12", "machines = 24").replace("epochs = 3", "epochs = 1")
    (tmp_path / "coincell.toml").write_text(more)
    make_default_data(load_project(tmp_path))
    command = ["data", "enough", "--project", str(tmp_path), "--interval", "50", "--json"]
    command += ["-o", str(tmp_path / "curve.svg")]
    told = json.loads(CliRunner().invoke(cli, command, catch_exceptions=False).output)
    assert [point["share"] for point in told["points"]] == list(SHARES)
    assert told["figure"] == "mae"
    assert told["points"][0]["units"] < told["points"][-1]["units"]
    assert told["judges_needed"] > 0
    drawn = ElementTree.parse(tmp_path / "curve.svg").getroot()
    circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 2 * (len(SHARES) + 1)  # float and int8, and the key
    assert {c.get("class") for c in circles} == {"p-blue", "p-orange"}
    assert not (tmp_path / "build" / "learning-curve").exists()
