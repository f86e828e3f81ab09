"""Detectors through JSON: the same scores, and nothing taken on trust."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly.made_detectors import (
    GIVEN,
    KINDS,
    MADE,
    detector_named,
    detector_of_any,
    halves,
    hard_windows,
)
from coincell.anomaly import FormDetector, detector_from_json
from coincell.errors import DataError, InternalError
from coincell.features import InputQuantization


def _stored(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(detector_of_any(name).to_json()))
    return values


@pytest.mark.parametrize("name", KINDS)
def test_what_is_read_scores_and_emits_the_same(name: str) -> None:
    detector, read = detector_named(name), detector_from_json(_stored(name))
    windows = hard_windows()
    assert isinstance(read, FormDetector)
    assert np.array_equal(read.score(windows), detector.score(windows))
    assert (read.kind, read.unit, read.table_bytes) == (
        detector.kind,
        detector.unit,
        detector.table_bytes,
    )
    assert read.c_sources("a") == detector.c_sources("a")
    assert read.to_json() == detector.to_json()
    apart = np.abs(read.score(windows) * read.unit - read.score_float(windows))
    assert (apart <= read.error_bound(windows)).all(), "against what the integers say"


def test_a_reconstruction_wants_its_own_network() -> None:
    windows = hard_windows()
    read = detector_from_json(_stored("halves"), GIVEN, MADE, halves, "halves")
    assert np.array_equal(read.score(windows), detector_of_any("halves").score(windows))
    with pytest.raises(DataError, match="not those of this network"):
        detector_from_json(_stored("halves"), GIVEN, InputQuantization(0.03125, 0))
    with pytest.raises(InternalError, match="quantizations"):
        detector_from_json(_stored("halves"))


_WRONG = [None, "x", 1.5, True, -1, 1 << 70, [], {}, [1.0], ["a"], [1 << 70]]


@pytest.mark.parametrize("name", [*KINDS, "halves"])
@pytest.mark.parametrize("wrong", _WRONG, ids=repr)
def test_any_value_that_is_wrong_is_refused(name: str, wrong: object) -> None:
    for part in _stored(name):
        if (part, wrong) in [("output_zero", -1), ("input_zero", -1)]:
            continue
        values = _stored(name) | {part: wrong}
        with pytest.raises(DataError):
            detector_from_json(values, GIVEN, MADE)
        values.pop(part)
        with pytest.raises(DataError):
            detector_from_json(values, GIVEN, MADE)


@given(
    name=st.sampled_from([*KINDS]),
    place=st.integers(0, 1 << 20),
    value=st.one_of(st.integers(-(1 << 33), 1 << 33), st.sampled_from([0, 255, 62, -32768])),
    data=st.data(),
)
def test_a_changed_number_is_refused_or_harmless(
    name: str, place: int, value: int, data: st.DataObject
) -> None:
    """Whatever is accepted scores within its own bound: nothing overflowed."""
    values = _stored(name)
    part = data.draw(st.sampled_from([*values]))
    if isinstance(values[part], list):
        values[part][place % len(values[part])] = value
    else:
        values[part] = value
    try:
        read = detector_from_json(values)
    except DataError:
        return
    windows = hard_windows()
    apart = np.abs(read.score(windows) * read.unit - read.score_float(windows))
    assert (apart <= read.error_bound(windows)).all()


@pytest.mark.parametrize("wrong", [None, [], {}, {"version": 2}, {"version": 1, "kind": "magic"}])
def test_what_is_no_detector_is_refused(wrong: Any) -> None:
    with pytest.raises(DataError):
        detector_from_json(wrong)
