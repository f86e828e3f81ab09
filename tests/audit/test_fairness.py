"""Intervals, tests and their correction, the widening, bad input, other goals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from audit.judged import LABELS, SOUND, Judged, judged
from coincell.audit import (
    NOT_TOLD,
    AlarmMeasure,
    ClassMeasure,
    Place,
    QuantityMeasure,
    TaskWords,
    audit_people,
    events_of,
    holm,
    people_of,
)
from coincell.audit.counts import CountTable, draw_people, group_figures, interval_ends
from coincell.audit.significance import student_p, widening_p
from coincell.errors import DataError
from coincell.project import AuditSettings

SETTINGS = AuditSettings(rounds=200)


def _audit(clips: Judged, *places: Place, settings: AuditSettings = SETTINGS) -> dict[str, Any]:
    made = places or (clips.place(),)
    return audit_people(clips.people(settings), made, settings, SOUND, seed=1, labels=LABELS)


def test_rounds_are_sums_over_the_people_drawn() -> None:
    """The matrix product against a plain walk over each round's people."""
    clips = judged(people=9, each=4)
    people, measure = clips.people(), clips.place().measure
    draws = draw_people(people.count, 20, 3)
    found = group_figures(
        CountTable.of(people, measure), 0, people.columns[0], measure, draws
    ).figures
    codes = people.columns[0].codes
    for group in range(len(people.columns[0].values)):
        for at, drawn in enumerate(draws.astype(int)):
            chosen = np.concatenate(
                [np.flatnonzero((people.person == who) & (codes == group)) for who in range(9)
                 for _ in range(drawn[who])]
            )  # fmt: skip
            share = (
                np.nan
                if not len(chosen)
                else np.mean(clips.truth[chosen] == clips.decisions[chosen])
            )
            assert found[group, at, 0] == pytest.approx(share, nan_ok=True)


def test_interval_ends_are_numpys_quantiles_without_what_is_undefined() -> None:
    rounds = np.random.default_rng(0).random((101, 7))
    rounds[:40, 2] = np.nan
    rounds[:, 3] = np.nan
    low, high = interval_ends(rounds)
    for at in (0, 1, 2, 4):
        expected = np.nanquantile(rounds[:, at], [0.025, 0.975])
        assert [low[at], high[at]] == pytest.approx(list(expected))
    assert np.isnan(low[3])


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 20, 101, 299])
def test_student_is_scipys(degrees: int) -> None:
    for statistic in (0.0, 0.3, -1.7, 2.5, 8.0):
        expected = 2 * stats.t.sf(abs(statistic), degrees)
        assert student_p(statistic, degrees) == pytest.approx(expected, abs=1e-12)


def test_holm_is_scipys_step_by_step() -> None:
    values = [0.01, 0.04, 0.03, 0.005, 0.9]
    assert holm(values) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.9])
    assert holm([]) == []


def test_a_harm_is_found_named_and_clear() -> None:
    facts = _audit(judged(harm=0.35, people=60))
    first = facts["comparisons"][0]
    assert (first["column"], first["worse"], first["clear"]) == ("gender", "female", True)
    assert facts["columns"][1]["criteria"]["int8"][0]["worst"] == "female"
    sentences = {each["what"] for each in facts["comparisons"] if each["clear"]}
    assert "a woman's 'stop' was missed" in sentences


def test_without_a_harm_hardly_anything_is_called_clear() -> None:
    """Of 40 audits of equal groups at most few claim a gap: Holm holds them together to 5 %."""
    settings = AuditSettings(rounds=200, intersections=False)
    claims = sum(
        any(each["clear"] for each in _audit(clips, settings=settings)["comparisons"])
        for clips in (judged(seed, people=24, each=8) for seed in range(40))
    )
    assert claims <= 6  # 97.5 % of such series, were it 5 % each: binomial(40, 0.05)


def test_intervals_are_of_people_not_of_clips() -> None:
    """Copies of each clip tell nothing new, and narrow no interval."""
    clips = judged()
    twice = replace(
        clips,
        truth=np.repeat(clips.truth, 5),
        decisions=np.repeat(clips.decisions, 5),
        scores=np.repeat(clips.scores, 5, axis=0),
        groups=tuple(row for row in clips.groups for _ in range(5)),
        files=tuple(file for file in clips.files for _ in range(5)),
    )
    told = [
        _audit(each)["columns"][0]["groups"][0]["places"]["int8"]["figures"]["accuracy"]
        for each in (clips, twice)
    ]
    assert told[0]["value"] == pytest.approx(told[1]["value"])
    assert told[0]["ci95"] == pytest.approx(told[1]["ci95"])


def test_no_claim_of_a_small_group() -> None:
    clips = judged(people=12, accents=6)
    facts = _audit(clips, settings=AuditSettings(rounds=100, smallest_group=3))
    accents = facts["columns"][0]
    assert [group["people"] for group in accents["groups"]] == [2] * 6
    assert not any(group["claimed"] for group in accents["groups"])
    assert accents["criteria"]["int8"] == []
    assert not [each for each in facts["comparisons"] if each["column"] == "accent"]
    told = _audit(clips, settings=AuditSettings(rounds=100, smallest_group=9))
    assert "no two groups of a column have 9 people" in told["notes"][-1]


def test_recordings_of_nobody_are_no_people() -> None:
    clips = judged(people=8)
    rows = (*clips.groups[:-5], *({} for _ in range(5)))
    facts = _audit(replace(clips, groups=rows))
    assert facts["people"] == 8
    assert "5 of 96 examples do not tell their speaker" in facts["notes"][0]


def test_a_group_of_one_has_figures_without_an_interval() -> None:
    clips = judged(people=7)
    rows = tuple(
        row | {"age": "old" if row["speaker"] == "s0" else "young"} for row in clips.groups
    )
    facts = _audit(replace(clips, groups=rows))
    (ages,) = [column for column in facts["columns"] if column["name"] == "age"]
    (old,) = [group for group in ages["groups"] if group["value"] == "old"]
    told = old["places"]["int8"]["figures"]["accuracy"]
    assert old["people"] == 1
    assert told["value"] is not None
    assert told["ci95"] is None
    assert not old["claimed"]


def test_where_all_are_right_the_interval_is_wilsons() -> None:
    clips = judged()
    facts = _audit(clips, clips.place(decisions=clips.truth))
    told = facts["columns"][1]["groups"][0]["places"]["int8"]["figures"]["accuracy"]
    wilson = stats.binomtest(20, 20).proportion_ci(method="wilson")
    assert told["ci95"] == pytest.approx([wilson.low, wilson.high])


def test_where_two_groups_are_equal_none_is_harmed() -> None:
    clips = judged()
    compared = _audit(clips, clips.place(decisions=clips.truth))["comparisons"]
    assert compared
    for each in compared:
        assert each["difference"]["value"] == 0
        assert not each["harmed"]


def test_where_all_are_right_equally_often_the_interval_is_no_point() -> None:
    clips = judged()
    each_fourth = np.arange(len(clips.truth)) % 4 == 0  # of 12 clips of each person
    facts = _audit(clips, clips.place(decisions=np.where(each_fourth, -1, clips.truth)))
    group = facts["columns"][1]["groups"][0]
    told = group["places"]["int8"]["figures"]["accuracy"]
    assert told["value"] == pytest.approx(0.75)
    wilson = stats.binomtest(15, 20).proportion_ci(method="wilson")
    assert group["people"] == 20
    assert told["ci95"] == pytest.approx([wilson.low, wilson.high])


def test_missing_values_are_a_group_of_their_own_that_is_not_compared() -> None:
    clips = judged()
    rows = tuple(
        row | ({"gender": " "} if at % 7 == 0 else {}) for at, row in enumerate(clips.groups)
    )
    silent = np.arange(len(rows)) % 7 == 0  # all of them wrong: they would be the worst group
    clips = replace(clips, groups=rows, decisions=np.where(silent, -1, clips.decisions))
    facts = _audit(clips)
    gender = facts["columns"][1]
    assert not _claims_of_the_last(gender)
    assert {each["worst"] for each in gender["criteria"]["int8"]} <= {"female", "male"}
    last = gender["groups"][-1]
    assert (last["value"], last["told"]) == (NOT_TOLD, False)
    assert sum(group["clips"] for group in gender["groups"]) == len(rows)
    assert last["clips"] == len(range(0, len(rows), 7))
    assert not any(NOT_TOLD in (each["value"], each["against"]) for each in facts["comparisons"])


def _claims_of_the_last(column: dict[str, Any]) -> bool:
    """Whether anything is claimed of those who do not tell."""
    told = column["groups"][-1]["places"]["int8"]
    figures = [
        *told["figures"].values(),
        *(f for each in told["labels"].values() for f in each.values()),
    ]
    return any(figure["claimed"] for figure in figures)


def test_columns_that_are_no_groups_say_why() -> None:
    clips = judged(people=200, each=1)
    words = ("one", "two", "three")
    rows = tuple(
        row | {"pitch": str(at), "rate": str(at % 30), "word": words[truth], "room": "kitchen"}
        for at, (row, truth) in enumerate(zip(clips.groups, clips.truth.tolist(), strict=True))
    )
    people = replace(clips, groups=rows).people()
    assert {column.name for column in people.columns} == {"accent", "gender", "accent and gender"}
    text = " ".join(people.notes)
    assert "'pitch' is no group: it has 200 values" in text
    assert "'rate' is taken for a measurement, no group: 30 different numbers." in text
    assert "'word' is no group: each of its values has but one label" in text
    assert "'room' compares nothing" in text


def test_ten_thousand_values_are_no_group() -> None:
    rows = [{"id": str(at)} for at in range(10_000)]
    people = people_of(rows, [f"{at}.wav" for at in range(10_000)], AuditSettings())
    assert people.columns == ()
    assert (
        "'id' is no group: it has 10,000 values, more than audit.most_values, 50." in people.notes
    )


def test_without_groups_it_says_so() -> None:
    clips = judged()
    bare = replace(clips, groups=tuple({} for _ in clips.groups))
    facts = _audit(bare)
    assert facts["columns"] == []
    assert "No column of the data tells groups: nothing could be checked." in facts["notes"]
    assert facts["person"] == "example"


def test_values_with_commas_stay_apart_in_intersections() -> None:
    rows = [{"a": "x, y", "b": "z"}, {"a": "x", "b": "y, z"}, {"a": "x", "b": "z"}]
    people = people_of(rows, ["1", "2", "3"], AuditSettings(smallest_group=2))
    assert len(people.columns[-1].values) == 3


@pytest.mark.parametrize("setting", [{"columns": ("age",)}, {"person": "age"}])
def test_a_column_that_is_not_there(setting: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="do not have: 'age'"):
        judged().people(AuditSettings(**setting))


@pytest.mark.parametrize(("truth", "said"), [([3], [0]), ([-1], [0]), ([0], [3]), ([0], [-2])])
def test_labels_that_the_model_does_not_know(truth: list[int], said: list[int]) -> None:
    with pytest.raises(DataError, match="must be one of"):
        ClassMeasure(LABELS, np.array(truth), np.array(said))


def test_no_clips() -> None:
    clips = judged()
    nothing = replace(
        clips, truth=clips.truth[:0], decisions=clips.decisions[:0], scores=clips.scores[:0],
        groups=(), files=(),
    )  # fmt: skip
    with pytest.raises(DataError, match="no test examples"):
        _audit(nothing)


# --- does quantization widen the gap? -------------------------------------------------------------


def _quantized(clips: Judged, share: float, who: str) -> np.ndarray:
    """Decisions of which a share of one gender's went wrong in int8."""
    generator = np.random.default_rng(5)
    own = np.array([row["gender"] == who for row in clips.groups])
    hit = own & (generator.random(len(own)) < share)
    return np.where(hit, (clips.truth + 1) % 3, clips.decisions)


def test_quantization_that_hurts_women_widens_the_gap() -> None:
    clips = judged(harm=0.1, people=60)
    worse = _quantized(clips, 0.25, "female")
    facts = _audit(clips, clips.place("float"), clips.place("int8", worse))
    (told,) = [
        each for each in facts["widening"]
        if (each["column"], each["criterion"]) == ("gender", "accuracy_parity")
    ]  # fmt: skip
    assert told["clear"]
    assert told["added"]["value"] == pytest.approx(told["int8_gap"] - told["float_gap"])
    assert told["added"]["ci95"][0] > 0.1


def test_what_is_equal_adds_nothing() -> None:
    clips = judged()
    facts = _audit(clips, clips.place("float"), clips.place("int8"))
    assert {each["added"]["value"] for each in facts["widening"]} == {0.0}
    assert {each["p"] for each in facts["widening"]} == {1.0}


def test_one_changed_clip_is_chance() -> None:
    rounds = np.concatenate([[0.01], np.random.default_rng(0).poisson(1, 999) * 0.01])
    assert widening_p(rounds) > 0.3


# --- other goals ----------------------------------------------------------------------------------


def test_alarms_an_hour_and_missed_events() -> None:
    strange = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1], bool)
    alarms = np.array([1, 0, 0, 0, 0, 1, 0, 0, 1], bool)
    recordings = ["n", "n", "n", "n", "e1", "e1", "e2", "e2", "e3"]
    measure = AlarmMeasure(strange, alarms, events_of(recordings, strange.astype(int)), 0.5)
    people = people_of([{"machine": "m"}] * 9, recordings, AuditSettings(), split_by="machine")
    facts = audit_people(
        people, [Place("int8", measure)], SETTINGS, TaskWords("motion", "normality"), seed=1
    )
    figures = facts["overall"]["int8"]["figures"]
    assert figures["false_alarms_per_hour"]["value"] == pytest.approx(1 / (4 * 0.5))
    assert figures["missed_events"]["value"] == pytest.approx(1 / 3)
    assert figures["fnr"]["value"] == pytest.approx(3 / 5)
    assert figures["accuracy"]["value"] == pytest.approx(5 / 9)


def test_errors_of_a_number_by_group() -> None:
    generator = np.random.default_rng(2)
    rows = [{"rig": f"r{at % 20}", "site": "a" if at % 20 < 10 else "b"} for at in range(400)]
    errors = generator.normal(0, 1, 400) + np.array([2.0 * (row["site"] == "b") for row in rows])
    people = people_of(rows, [str(at) for at in range(400)], AuditSettings(), split_by="rig")
    words = TaskWords("motion", "quantity", "mm", "depth")
    facts = audit_people(people, [Place("int8", QuantityMeasure(errors))], SETTINGS, words, seed=1)
    site = facts["columns"][0]
    for group in site["groups"]:
        own = errors[[row["site"] == group["value"] for row in rows]]
        figures = group["places"]["int8"]["figures"]
        assert figures["mae"]["value"] == pytest.approx(abs(own).mean())
        assert figures["mean_error"]["value"] == pytest.approx(own.mean())
        assert figures["rmse"]["value"] == pytest.approx(np.sqrt((own**2).mean()))
    clear = [each for each in facts["comparisons"] if each["clear"]]
    assert {each["worse"] for each in clear} == {"b"}
    assert facts["columns"][0]["criteria"]["int8"][1]["worst"] == "b"


def test_the_facts_are_json() -> None:
    clips = judged(people=6)
    text = json.dumps(_audit(clips, clips.place("float"), clips.place()), allow_nan=False)
    assert json.loads(text)["places"] == ["float", "int8"]
