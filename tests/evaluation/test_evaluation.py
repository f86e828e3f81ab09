"""Figures against scikit-learn, the bootstrap against a plain loop over its rounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from coincell.errors import DataError, InternalError
from coincell.evaluation import Evaluation, evaluate, wilson
from coincell.evaluation._bootstrap import resample
from coincell.report import EvaluationPart

LABELS = ("yes", "no", "up", "silence")
_TIGHT = 1e-9


def _clips(
    seed: int, clips: int = 300, int8: bool = False
) -> tuple[NDArray[np.int64], NDArray[Any], list[str]]:
    """Truth, scores with many ties when int8, and 12 speakers of unlike size."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, len(LABELS), clips)
    scores = generator.normal(size=(clips, len(LABELS)))
    scores[np.arange(clips), truth] += 1.5
    speakers = [f"speaker-{index}" for index in generator.geometric(0.15, clips).clip(max=12)]
    if int8:
        return truth, np.clip(scores * 4, -128, 127).astype(np.int8), speakers
    return truth, scores, speakers


def _value(evaluation: Evaluation, name: str) -> float:
    value = evaluation.metrics[name].value
    assert value is not None
    return value


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_values_are_scikit_learns(seed: int, int8: bool) -> None:
    truth, scores, _ = _clips(seed, int8=int8)
    evaluation = evaluate(truth, scores, LABELS, seed=1, rounds=100)
    predicted = scores.argmax(axis=1)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        truth, predicted, average=None
    )
    expected = sklearn_metrics.confusion_matrix(truth, predicted)
    assert evaluation.confusion == tuple(tuple(row) for row in expected.tolist())
    for index, each in enumerate(evaluation.per_class):
        others = truth != index
        assert each.label == LABELS[index]
        assert each.samples == support[index]
        assert each.precision.value == pytest.approx(precision[index], abs=_TIGHT)
        assert each.recall.value == pytest.approx(recall[index], abs=_TIGHT)
        assert each.f1.value == pytest.approx(f1[index], abs=_TIGHT)
        assert each.fpr.value == pytest.approx((predicted[others] == index).mean(), abs=_TIGHT)
        assert each.fnr.value == pytest.approx(1 - recall[index], abs=_TIGHT)
    assert _value(evaluation, "accuracy") == pytest.approx((truth == predicted).mean(), abs=_TIGHT)
    assert _value(evaluation, "precision_macro") == pytest.approx(precision.mean(), abs=_TIGHT)
    assert _value(evaluation, "recall_macro") == pytest.approx(recall.mean(), abs=_TIGHT)
    assert _value(evaluation, "f1_macro") == pytest.approx(f1.mean(), abs=_TIGHT)


@pytest.mark.parametrize("int8", [False, True])
def test_roc_is_scikit_learns(int8: bool) -> None:
    truth, scores, _ = _clips(3, int8=int8)
    scores = scores.astype(np.float64)
    evaluation = evaluate(truth, scores, LABELS, seed=1, rounds=100)
    areas = []
    for index, each in enumerate(evaluation.per_class):
        expected = sklearn_metrics.roc_curve(truth == index, scores[:, index])
        np.testing.assert_allclose(each.roc.false_positive_rate, expected[0], atol=_TIGHT)
        np.testing.assert_allclose(each.roc.true_positive_rate, expected[1], atol=_TIGHT)
        assert each.roc.thresholds[0] is None
        np.testing.assert_allclose(
            np.array(each.roc.thresholds[1:], float), expected[2][1:], atol=_TIGHT
        )
        areas.append(sklearn_metrics.roc_auc_score(truth == index, scores[:, index]))
        assert each.roc.auc.value == pytest.approx(areas[-1], abs=_TIGHT)
    assert _value(evaluation, "auc_macro") == pytest.approx(np.mean(areas), abs=_TIGHT)


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_are_those_of_a_plain_loop(grouped: bool) -> None:
    truth, scores, speakers = _clips(4, clips=120, int8=True)
    groups = speakers if grouped else None
    rounds = 100
    evaluation = evaluate(truth, scores, LABELS, seed=7, rounds=rounds, groups=groups)
    resampling = resample(len(truth), groups, rounds, np.random.default_rng(7))
    predicted = scores.argmax(axis=1)
    loop: dict[str, list[float]] = {"f1_macro": [], "fnr_macro": [], "auc_macro": [], "auc_0": []}
    for draw in resampling.draws:
        weight = draw[resampling.unit]
        drawn = weight > 0
        recall = sklearn_metrics.recall_score(
            truth, predicted, sample_weight=weight, average="macro"
        )
        loop["fnr_macro"].append(1 - recall)
        loop["f1_macro"].append(
            sklearn_metrics.f1_score(truth, predicted, sample_weight=weight, average="macro")
        )
        areas = [
            sklearn_metrics.roc_auc_score(
                truth[drawn] == index, scores[drawn, index], sample_weight=weight[drawn]
            )
            for index in range(len(LABELS))
        ]
        loop["auc_macro"].append(float(np.mean(areas)))
        loop["auc_0"].append(areas[0])
    estimates = {**evaluation.metrics, "auc_0": evaluation.per_class[0].roc.auc}
    for name, values in loop.items():
        low, high = np.quantile(values, [0.025, 0.975])
        assert estimates[name].low == pytest.approx(low, abs=_TIGHT), name
        assert estimates[name].high == pytest.approx(high, abs=_TIGHT), name


def test_each_round_draws_as_many_speakers_as_there_are() -> None:
    _, _, speakers = _clips(5)
    resampling = resample(len(speakers), speakers, 200, np.random.default_rng(1))
    assert resampling.units == len(set(speakers))
    assert set(resampling.draws.sum(axis=1)) == {float(resampling.units)}
    unit_of = dict(zip(speakers, resampling.unit.tolist(), strict=True))
    assert [unit_of[speaker] for speaker in speakers] == resampling.unit.tolist()
    assert len(set(unit_of.values())) == resampling.units


def test_few_loud_speakers_widen_the_interval() -> None:
    """Two speakers, one always right and one always wrong: clips alone would not tell."""
    truth = np.zeros(100, np.int64)
    truth[50:] = 1
    scores = np.eye(2)[np.where(np.arange(100) % 2 == 0, truth, 1 - truth)]
    by_clip = evaluate(truth, scores, ("a", "b"), seed=1, rounds=400)
    by_speaker = evaluate(
        truth, scores, ("a", "b"), seed=1, rounds=400, groups=[i % 2 for i in range(100)]
    )
    narrow, wide = by_clip.metrics["f1_macro"], by_speaker.metrics["f1_macro"]
    assert narrow.low is not None
    assert narrow.high is not None
    assert narrow.high - narrow.low < 0.3
    assert (wide.low, wide.high) == (0.0, 1.0)


def test_the_same_seed_gives_the_same_intervals_whatever_the_block() -> None:
    truth, scores, speakers = _clips(6)
    first = evaluate(truth, scores, LABELS, seed=3, rounds=200, groups=speakers)
    again = evaluate(truth, scores, LABELS, seed=3, rounds=200, groups=speakers)
    other = evaluate(truth, scores, LABELS, seed=4, rounds=200, groups=speakers)
    assert first == again
    assert first.metrics["f1_macro"] != other.metrics["f1_macro"]


def test_many_clips_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, scores, _ = _clips(6)
    whole = evaluate(truth, scores, LABELS, seed=3, rounds=100)
    monkeypatch.setattr("coincell.evaluation._bootstrap._MOST_VALUES", 7 * len(truth))
    assert evaluate(truth, scores, LABELS, seed=3, rounds=100) == whole


def test_a_class_without_test_clips_is_said_and_left_out() -> None:
    truth, scores, speakers = _clips(8)
    kept = truth != 2
    evaluation = evaluate(
        truth[kept],
        scores[kept],
        LABELS,
        seed=1,
        rounds=100,
        groups=[speaker for speaker, keep in zip(speakers, kept, strict=True) if keep],
    )
    absent = evaluation.per_class[2]
    assert absent.samples == 0
    assert absent.recall.value is absent.f1.value is absent.fnr.value is None
    assert absent.roc.auc.value is None
    assert absent.roc.false_positive_rate == ()
    assert absent.fpr.value is not None
    assert any('"up"' in note for note in evaluation.notes)
    present = [each.f1.value for each in evaluation.per_class if each.samples]
    assert _value(evaluation, "f1_macro") == pytest.approx(np.mean(np.array(present, float)))


def test_a_class_never_predicted() -> None:
    truth = np.array([0, 0, 1, 1])
    scores = np.array([[1.0, 0.0]] * 4)
    evaluation = evaluate(truth, scores, ("a", "b"), seed=1, rounds=100)
    never = evaluation.per_class[1]
    assert never.precision.value is None
    assert never.recall.value == never.f1.value == 0.0
    assert never.roc.auc.value == 0.5
    assert _value(evaluation, "precision_macro") == 0.25


def test_one_class_alone_has_no_curve() -> None:
    evaluation = evaluate(np.zeros(5, np.int64), np.eye(2)[[0, 0, 0, 0, 1]], ("a", "b"), seed=1)
    assert evaluation.metrics["auc_macro"].value is None
    assert _value(evaluation, "accuracy") == 0.8


def test_one_speaker_gives_no_bootstrap_interval() -> None:
    truth, scores, _ = _clips(9)
    evaluation = evaluate(truth, scores, LABELS, seed=1, groups=["anna"] * len(truth))
    assert evaluation.metrics["f1_macro"].low is None
    assert evaluation.metrics["f1_macro"].value is not None
    assert evaluation.metrics["accuracy"].low is None
    assert evaluation.metrics["accuracy"].value is not None
    assert any("one speaker" in note for note in evaluation.notes)


def test_unknown_speakers_are_said() -> None:
    truth, scores, speakers = _clips(9)
    without = evaluate(truth, scores, LABELS, seed=1, rounds=100)
    grouped = evaluate(truth, scores, LABELS, seed=1, rounds=100, groups=speakers)
    assert any("Speakers are unknown" in note for note in without.notes)
    assert "300 clips" in without.intervals
    assert grouped.notes == ()
    assert f"over {len(set(speakers))} speakers." in grouped.intervals


def test_clips_of_nobody_are_no_speakers() -> None:
    truth, scores, speakers = _clips(9)
    groups = [*speakers[:-2], "silence/1.wav", "silence/2.wav"]
    told = evaluate(truth, scores, LABELS, seed=1, rounds=100, groups=groups).intervals
    assert f"over {len(set(speakers[:-2]))} speakers and 2 clips that stand alone." in told
    each = [str(at) for at in range(len(groups))]
    told = evaluate(truth, scores, LABELS, seed=1, rounds=100, groups=each).intervals
    assert f"over {len(each)} clips that stand alone." in told


def test_json_is_what_the_report_takes() -> None:
    truth, scores, speakers = _clips(10)
    evaluation = evaluate(truth, scores, LABELS, seed=1, rounds=100, groups=speakers)
    part = EvaluationPart.model_validate(evaluation.to_json())
    assert part.accuracy is not None
    assert part.accuracy.value == _value(evaluation, "accuracy")
    assert part.samples == len(truth)


def test_no_clips_are_the_users_to_mend() -> None:
    with pytest.raises(DataError, match="no clips"):
        evaluate(np.empty(0, np.int64), np.empty((0, 4)), LABELS, seed=1)


@pytest.mark.parametrize(
    ("truth", "scores"),
    [
        (np.array([0, 4]), np.zeros((2, 4))),
        (np.array([0, -1]), np.zeros((2, 4))),
        (np.array([0, 1]), np.zeros((2, 3))),
        (np.array([0, 1]), np.full((2, 4), np.nan)),
    ],
)
def test_arrays_that_do_not_fit_are_our_fault(
    truth: NDArray[np.int64], scores: NDArray[np.float64]
) -> None:
    with pytest.raises(InternalError):
        evaluate(truth, scores, LABELS, seed=1)


def test_windows_of_one_recording_do_not_count_as_independent() -> None:
    """240 windows of 40 recordings, all right: what 40 clips can tell, not 240."""
    truth = np.arange(240) // 6 % 2
    scores = np.eye(2)[truth]
    recordings = (np.arange(240) // 6).tolist()
    by_recording = evaluate(truth, scores, ("no", "yes"), seed=1, groups=recordings)
    alone = evaluate(truth, scores, ("no", "yes"), seed=1)
    assert by_recording.metrics["accuracy"] == wilson(40, 40)
    assert alone.metrics["accuracy"] == wilson(240, 240)
    assert by_recording.per_class[0].recall == wilson(20, 20)
    assert "as many independent clips" in by_recording.intervals
    assert "as many independent clips" not in alone.intervals
