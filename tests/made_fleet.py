"""A made-up reference, and reports of devices that count against it."""

from __future__ import annotations

import numpy as np

from coincell.monitor import Counts, Reference, Report
from coincell.runtime import SketchPlan

START = 1_800_000_000 - 1_800_000_000 % 86400
KEY = bytes(range(32))


def a_reference(cells: int = 13, classes: int = 12, hop_seconds: float = 0.25) -> Reference:
    plan = SketchPlan(
        rows=1, columns=cells, row_groups=1, column_groups=cells, row_step=1, column_step=1,
        labels=classes, classes=classes,
        channels=1, sample_bytes=2, health_steps=512, health_stride=1, spread=0, distance_shift=0,
        edges=((-300, -200, -100, 0, 100, 200, 300),) * cells, centre=(0,) * cells,
        weights=(1,) * cells, distance_edges=(10, 20, 30, 40, 50, 60, 70),
        score_edges=tuple(range(0, 120, 8)),
    )  # fmt: skip
    made = Reference(
        project="made-up", goal="classes", sense="sound",
        labels=tuple(f"class {number}" for number in range(classes)), channels=("sound",),
        watched=tuple(f"band {number}" for number in range(cells)), hop_seconds=hop_seconds,
        window_seconds=1.0, plan=plan, training=Counts(0, 0, np.zeros(0, np.int64)),
        validation=Counts(0, 0, np.zeros(0, np.int64)), right=np.zeros(16, np.int64),
    )  # fmt: skip
    object.__setattr__(made, "training", Counts(0, 0, made.layout.nothing()))
    object.__setattr__(made, "validation", Counts(0, 0, made.layout.nothing()))
    return made


def device(number: int) -> bytes:
    return number.to_bytes(8, "big")


def a_report(
    against: Reference, number: int, sequence: int, /, told: int = 6, **changes: object
) -> Report:
    """An hour's report of a device; its counts follow from its name."""
    generator = np.random.default_rng([number, sequence])
    vector = np.zeros(against.layout.size, np.int64)
    for place in against.layout.places.values():
        vector[place] = generator.integers(0, 900, place.stop - place.start)
    texts = against.layout.sections_of(vector)
    names = list(texts)
    ring = [names[(sequence * told + step) % len(names)] for step in range(told)]
    facts: dict[str, object] = {
        "device": device(number),
        "reference": bytes.fromhex(against.identity),
        "boot": 1,
        "sequence": sequence,
        "uptime": 3600 * (sequence + 1),
        "seconds": 3600,
        "windows": 14_000,
        "sections": {name: texts[name] for name in ring},
        "time": START + 3600 * (sequence + 1),
    }
    return Report(**(facts | changes))  # type: ignore[arg-type]
