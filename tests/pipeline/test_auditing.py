"""The audit stage on made-up clips: groups, gates with their reasons, every goal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.pipeline.auditing import AUDIT_FILE, audit_clips, limit_values
from coincell.pipeline.clips import Clips
from coincell.pipeline.judged import Told, read_told, write_told
from coincell.pipeline.report_parts_audit import device_words, fairness_part
from coincell.pipeline.stages.audit import STAGE
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project, parse_configuration
from coincell.report import ExactPart, Gate

WORDS = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no"]\n'
STRANGE = (
    '[project]\nname = "toy"\ntask = "anomaly-detection"\n[data]\nlabels = ["good", "bad"]\n'
    'normal_label = "good"\nsense = "motion"\nchannels = ["x"]\nunits = ["g"]\nfull_scale = [4.0]\n'
    "sample_rate_hz = 100\nwindow_ms = 1000\nwindow_step_ms = 500\n[data.split]\n"
    'by = "machine"\n[features]\nblock = "statistics"\n[model]\narchitecture = "mahalanobis"\n'
)
LIMITS = (
    "[audit]\nrounds = 100\nworst_group_recall = 0.8\nequalized_odds_difference = 0.1\n"
    "accuracy_difference = 0.1\nint8_added_gap = 0.05\n"
)


def clips_of(rows: list[dict[str, str]], labels: np.ndarray, split: str = "test") -> Clips:
    return Clips(
        Path(),
        tuple(f"{at}.wav" for at in range(len(rows))),
        labels.astype(np.int64),
        np.linspace(0, 9, len(rows)),
        np.full(len(rows), split),
        tuple(rows),
    )


def speakers(count: int = 20, each: int = 10) -> tuple[Clips, np.ndarray]:
    who = np.repeat(np.arange(count), each)
    rows = [
        {"speaker": f"s{one}", "gender": "female" if one % 2 else "male"} for one in who.tolist()
    ]
    return clips_of(rows, np.arange(len(who)) % 2), who % 2 == 1


def told(decisions: np.ndarray) -> Told:
    return Told(np.eye(2)[np.maximum(decisions, 0)], decisions.astype(np.int64))


def gates_of(
    facts: Mapping[str, Any], configuration: Configuration, folder: Path
) -> dict[str, Gate]:
    (folder / AUDIT_FILE).write_text(json.dumps(facts), encoding="utf-8")
    gates = STAGE.gates(Artefact("audit", "0", folder), Project(folder, configuration))
    return {gate.name: gate for gate in gates}


def test_limits_hold_or_fail_with_the_group_named(tmp_path: Path) -> None:
    configuration = parse_configuration(WORDS + LIMITS)
    clips, women = speakers()
    wrong = women & (np.arange(len(women)) % 10 < 3)
    int8 = np.where(wrong, 1 - clips.labels, clips.labels)
    facts = audit_clips(clips, configuration, {"float": told(clips.labels), "int8": told(int8)})
    gates = gates_of(facts, configuration, tmp_path)
    assert [gate.passed for gate in gates.values()] == [False] * 4
    assert gates["worst_group_recall"].value == pytest.approx(0.7, abs=0.05)
    assert "gender 'female'" in gates["worst_group_recall"].reason
    assert "'female'" in gates["equalized_odds_difference"].reason
    assert gates["accuracy_difference"].value == pytest.approx(0.3)
    assert gates["int8_added_gap"].value == pytest.approx(0.3)
    assert "gender" in gates["int8_added_gap"].reason

    fair = audit_clips(
        clips, configuration, {name: told(clips.labels) for name in ("float", "int8")}
    )
    held = gates_of(fair, configuration, tmp_path)
    assert [(gate.passed, gate.reason) for gate in held.values()] == [(True, "")] * 4


def test_no_limits_no_gates(tmp_path: Path) -> None:
    configuration = parse_configuration(WORDS)
    clips, _ = speakers()
    assert gates_of(audit_clips(clips, configuration, {"int8": told(clips.labels)}),
                    configuration, tmp_path) == {}  # fmt: skip


def test_a_limit_that_nothing_can_check_fails(tmp_path: Path) -> None:
    configuration = parse_configuration(WORDS + LIMITS)
    clips = clips_of([{}] * 20, np.arange(20) % 2)
    facts = audit_clips(clips, configuration, {"int8": told(clips.labels)})
    gates = gates_of(facts, configuration, tmp_path)
    assert {gate.passed for gate in gates.values()} == {False}
    assert "could not be checked" in gates["worst_group_recall"].reason
    assert "take audit.int8_added_gap away" in gates["int8_added_gap"].reason


def test_only_the_test_split_counts() -> None:
    configuration = parse_configuration(WORDS)
    clips, women = speakers()
    half = Clips(
        clips.folder, clips.files, clips.labels, clips.targets,
        np.where(np.arange(len(women)) < 100, "train", "test"), clips.groups,
    )  # fmt: skip
    facts = audit_clips(half, configuration, {"int8": told(half.labels[100:])})
    assert (facts["clips"], facts["people"]) == (100, 10)


def test_machines_that_are_told_falsely() -> None:
    configuration = parse_configuration(STRANGE + "[audit]\nrounds = 100\n")
    rows = [
        {"machine": f"m{at // 10}", "site": "a" if at < 100 else "b", "recording": f"r{at // 5}"}
        for at in range(200)
    ]
    labels = (np.arange(200) // 5) % 2
    alarms = np.where(labels == 1, 1, np.arange(200) % 5 == 0)  # one of five, on normal ones
    clips = clips_of(rows, labels)
    facts = audit_clips(clips, configuration, {"int8": Told(alarms * 1.0, alarms)})
    figures = facts["columns"][0]["groups"][0]["places"]["int8"]["figures"]
    assert figures["fpr"]["value"] == pytest.approx(0.2)
    assert figures["false_alarms_per_hour"]["value"] == pytest.approx(0.2 * 7200)
    assert figures["missed_events"]["value"] == 0
    assert figures["auc"]["value"] == pytest.approx(0.9)
    assert limit_values(facts, "worst_group_recall") == (1.0, "site 'a'")


def test_numbers_by_group() -> None:
    text = STRANGE.replace(
        'labels = ["good", "bad"]\nnormal_label = "good"', 'target = "depth"\nunit = "mm"'
    )
    text = text.replace("anomaly-detection", "regression").partition("[model]")[0]
    configuration = parse_configuration(text + "[audit]\nrounds = 100\n")
    rows = [{"machine": f"m{at // 5}", "site": "a" if at < 50 else "b"} for at in range(100)]
    clips = clips_of(rows, np.zeros(100))
    off = clips.targets + np.where(np.arange(100) < 50, 1.0, -2.0)
    facts = audit_clips(clips, configuration, {"int8": Told(off, np.zeros(100, np.int64))})
    sites = facts["columns"][0]["groups"]
    assert [group["places"]["int8"]["figures"]["mean_error"]["value"] for group in sites] == (
        pytest.approx([1.0, -2.0])
    )
    words = {each["what"] for each in facts["comparisons"]}
    assert words == {
        "a depth of site 'b' was off",
        "a depth of site 'b' was told too high or too low",
    }


def test_what_was_told_reads_back(tmp_path: Path) -> None:
    write_told(tmp_path, "int8", np.array([[0.25, 0.75]]), np.array([1], np.int16))
    found = read_told(Artefact("evaluate", "0", tmp_path))
    assert list(found) == ["int8"]
    assert found["int8"].decisions.dtype == np.int64
    assert found["int8"].scores.tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize(
    ("mismatches", "words"),
    [(0, "all 200 test examples gave the same bytes"), (3, "3 of 200 test examples differ")],
)
def test_the_device_is_what_the_proof_says(mismatches: int, words: str) -> None:
    exact = ExactPart(clips=200, clips_on_board=5, mismatches=mismatches, oracle="o")
    assert words in device_words(exact)
    assert "did not come to the proof" in device_words(None)


def test_the_reports_part_has_the_figures_of_the_audit(tmp_path: Path) -> None:
    configuration = parse_configuration(WORDS + "[audit]\nrounds = 100\n")
    clips, women = speakers()
    wrong = np.where(women & (np.arange(len(women)) % 3 == 0), -1, clips.labels)
    facts = audit_clips(clips, configuration, {"float": told(clips.labels), "int8": told(wrong)})
    (tmp_path / AUDIT_FILE).write_text(json.dumps(facts), encoding="utf-8")
    part = fairness_part(Artefact("audit", "0", tmp_path), configuration, None)
    assert [(group.value, group.people) for group in part.groups] == [("female", 10), ("male", 10)]
    shown = part.groups[0].figures["int8"]["accuracy"]
    assert shown.value == np.mean(wrong[women] == clips.labels[women])
    assert part.findings[0].clear
    assert part.findings[0].words.startswith("A woman's")
    assert part.compared == len(facts["comparisons"])
    assert {each.criterion for each in part.added} == {"accuracy_parity", "equalized_odds"}
