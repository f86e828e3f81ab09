"""What a device counts: the C against NumPy, its reports against cbor2 and hmac."""

from __future__ import annotations

import json

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.errors import DataError, TelemetryError
from coincell.monitor import CounterLayout, parse_report
from coincell.runtime import HostSketch, ReportFacts, SketchPlan
from sketch_twin import counted

KEY = bytes(range(32))
FACTS = ReportFacts(b"device-1", boot=2, sequence=70000, uptime=3600, seconds=600, reset=1)


def a_plan(generator: np.random.Generator, **changes: int) -> SketchPlan:
    """A plan of any numbers that can be."""
    rows, columns = (int(size) for size in generator.integers(1, 14, 2))
    row_groups = int(generator.integers(1, min(rows, 5) + 1))
    column_groups = int(generator.integers(1, min(columns, 8) + 1))
    labels = int(generator.integers(0, 20))
    plan = {
        "rows": rows,
        "columns": columns,
        "row_groups": row_groups,
        "column_groups": column_groups,
        "row_step": int(generator.integers(1, rows + 1)),
        "column_step": int(generator.integers(1, columns + 1)),
        "labels": labels,
        "classes": min(labels, 16) if labels else int(generator.integers(1, 3)),
        "channels": int(generator.integers(1, 5)),
        "sample_bytes": int(generator.integers(1, 3)),
        "health_steps": int(generator.integers(1, 9)),
        "health_stride": int(generator.integers(1, 4)),
        "spread": int(generator.integers(0, 2)),
        "distance_shift": int(generator.integers(0, 5)),
    } | changes
    cells = plan["row_groups"] * plan["column_groups"]
    return SketchPlan(
        **plan,
        edges=tuple(map(tuple, np.sort(generator.integers(-600, 600, (cells, 7))).tolist())),
        centre=tuple(generator.integers(-500, 500, cells).tolist()),
        weights=tuple(generator.integers(0, 256, cells).tolist()),
        distance_edges=tuple(np.sort(generator.integers(0, 2**18, 7)).tolist()),
        score_edges=tuple(np.sort(generator.integers(-128, 128, 15)).tolist()),
    )


def windows_of(plan: SketchPlan, generator: np.random.Generator, count: int = 30):
    """Features, scores, labels and samples of `count` windows."""
    features = generator.integers(-128, 128, (count, plan.rows * plan.columns)).astype(np.int8)
    if plan.labels:
        scores = generator.integers(-128, 128, (count, plan.labels)).astype(np.int8)
    else:
        scores = generator.integers(-200, 200, count).astype(np.int32)
    labels = generator.integers(-1, max(plan.labels, plan.classes), count).astype(np.int16)
    kind = np.uint8 if plan.sample_bytes == 1 else np.int16
    ends = np.iinfo(kind)
    steps = plan.block_steps + 2
    samples = generator.integers(ends.min, ends.max + 1, (count, steps, plan.channels)).astype(kind)
    samples[::5] = samples[::5, :1]  # stuck
    samples[1::5] = np.where(samples[1::5] > 0, ends.max, ends.min)  # clipped
    return features, scores, labels, samples


def told_by(sketch: HostSketch, key: bytes | None = None) -> np.ndarray:
    """All that a sketch tells, in as many reports as that takes, merged."""
    plan = sketch.plan
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    reports = []
    for number in range(40):
        data = sketch.report(ReportFacts(b"device-1", sequence=number), key)
        envelope = parse_report(data)
        assert len(data) <= 256
        assert cbor2.dumps(cbor2.loads(envelope.body), canonical=True) == envelope.body
        assert key is None or envelope.is_signed_by(key)
        if not envelope.report.sections:
            vector = layout.merged(layout.vectors_of(reports))
            vector[layout.header["reports"]] = 0
            return vector
        reports.append(envelope.report)
    raise AssertionError("a sketch told more than it can have counted")


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_c_counts_as_numpy_does_and_tells_all_of_it(seed, is_signed):
    generator = np.random.default_rng(seed)
    plan = a_plan(generator)
    sketch = HostSketch(plan)
    given_windows = windows_of(plan, generator)
    sketch.add(*given_windows)
    told = told_by(sketch, KEY if is_signed else None)
    assert told.tolist() == counted(plan, *given_windows).tolist()
    empty = HostSketch(plan)
    assert [sketch.report(FACTS), sketch.report(FACTS)] == [empty.report(FACTS)] * 2


def test_two_sketches_merge_to_that_of_all_windows():
    generator = np.random.default_rng(5)
    plan = a_plan(generator, labels=0, classes=2)
    one, other, both = (HostSketch(plan) for _ in range(3))
    parts = [windows_of(plan, generator) for _ in range(2)]
    parts[1][2][0] = parts[0][2][-1] = -1  # an event that goes on across the seam would be two
    for sketch, part in zip((one, other), parts, strict=True):
        sketch.add(*part)
        both.add(*part)
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    merged = layout.merged(np.stack([told_by(one), told_by(other)]))
    assert merged.tolist() == told_by(both).tolist()


def test_facts_arrive():
    plan = a_plan(np.random.default_rng(1))
    sketch = HostSketch(plan, b"refer--1")
    sketch.time(900)
    sketch.time(400)
    for _ in range(3):
        sketch.pass_by()
    facts = ReportFacts(b"device-1", 2, 70000, 2**32 - 1, 600, 1, 1_790_000_000)
    report = parse_report(sketch.report(facts, KEY)).report
    assert (report.device, report.reference) == (b"device-1", b"refer--1")
    assert (report.boot, report.sequence, report.uptime, report.seconds) == (
        2,
        70000,
        2**32 - 1,
        600,
    )
    assert (report.windows, report.quiet, report.latency) == (0, 3, (400, 900))
    assert (report.reset, report.time) == (1, 1_790_000_000)
    again = parse_report(sketch.report(FACTS)).report
    assert (again.quiet, again.latency, again.time) == (0, None, None)


def test_a_section_counts_no_more_than_16_bits():
    generator = np.random.default_rng(2)
    plan = a_plan(generator, channels=1, labels=3, classes=3)
    sketch = HostSketch(plan)
    window = [part[:1].repeat(70000, 0) for part in windows_of(plan, generator, 1)]
    sketch.add(*window)
    layout = CounterLayout(plan.classes, plan.channels, plan.cells)
    told = told_by(sketch)
    assert told[layout.header["windows"]] == 70000
    for section in (1, 3, 64):
        assert told[layout.places[section]].sum() == 65535
    assert told[layout.places[4]][:8].sum() == 65535
    assert told[layout.places[4]][8] % 65535 == 0
    assert told[layout.places[16]][0] == 65535


def test_the_largest_sketch_fits_256_bytes_a_report_and_tells_every_section():
    """Forty features, sixteen classes, all counters at their greatest."""
    generator = np.random.default_rng(3)
    plan = a_plan(
        generator,
        rows=5,
        columns=8,
        row_groups=5,
        column_groups=8,
        row_step=1,
        column_step=1,
        labels=19,
        classes=16,
        channels=16,
        sample_bytes=2,
    )
    sketch = HostSketch(plan)
    sketch.add(*windows_of(plan, generator, 30000))
    sketch.time(2**32 - 1)
    seen: set[int] = set()
    for number in range(40):
        facts = ReportFacts(
            b"device-1", 2**32 - 1, 2**32 - 1 - number, 2**32 - 1, 2**32 - 1, 5, 2**32 - 2
        )
        data = sketch.report(facts, KEY)
        assert len(data) <= 256
        seen |= set(parse_report(data).report.sections)
    assert seen == {1, 2, 3, 4, *range(16, 32), *range(64, 104)}


def test_forty_features_take_less_than_a_kibibyte():
    generator = np.random.default_rng(4)
    sizes = {"rows": 49, "columns": 40, "row_groups": 1, "column_groups": 40}
    plan = a_plan(generator, **sizes, labels=12, classes=12, channels=6)
    assert HostSketch(plan).bytes <= 1024


def test_plans_come_back_from_json_and_make_c():
    plan = a_plan(np.random.default_rng(6))
    assert SketchPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    sources = plan.c_sources(b"refer--1")
    assert "114, 101, 102" in sources["sketch/plan.c"]
    assert set(sources) >= {"sketch/sketch.c", "sketch/report.c", "sketch/plan.h"}


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": 2**20, "columns": 2**20},
        {"row_groups": 99},
        {"row_step": 0},
        {"column_step": 99},
        {"classes": 17},
        {"channels": 17},
        {"health_steps": 513},
        {"health_stride": 0},
        {"distance_shift": 32},
        {"sample_bytes": 3},
        {"spread": 2},
        {"rows": 1.5},
        {"rows": True},
        {"rows": None},
        {"centre": [2**15]},
        {"weights": [-1]},
        {"weights": 5},
        {"distance_edges": [7, 6, 5, 4, 3, 2, 1]},
        {"score_edges": [1] * 14},
        {"edges": [[1] * 6]},
        {"edges": []},
        {"edges": [["1"] * 7]},
        {"more": 1},
    ],
)
def test_plans_that_cannot_be_are_refused(change):
    sizes = dict.fromkeys(("rows", "columns", "row_groups", "column_groups"), 1)
    sizes |= {"row_step": 1, "column_step": 1}
    facts = a_plan(np.random.default_rng(7), **sizes).to_json()
    assert SketchPlan.from_json(facts).cells == 1
    with pytest.raises(TelemetryError):
        SketchPlan.from_json(facts | change)
    for wrong in (None, [], {}, "plan", {"rows": 1}):
        with pytest.raises(TelemetryError):
            SketchPlan.from_json(wrong)


def test_windows_of_another_shape_are_refused():
    generator = np.random.default_rng(8)
    plan = a_plan(generator, labels=4, classes=4, sample_bytes=2)
    sketch = HostSketch(plan)
    features, scores, labels, samples = windows_of(plan, generator)
    for wrong in (
        (features[:, :-1], scores, labels, samples),
        (features.astype(np.int16), scores, labels, samples),
        (features, scores[:, 1:], labels, samples),
        (features, scores, labels[1:], samples),
        (features, scores, labels, samples.astype(np.uint8)),
        (features, scores, labels, samples[:, : plan.block_steps - 1]),
    ):
        with pytest.raises(DataError):
            sketch.add(*wrong)
