"""What a sketch watches and compares with what: a reference's constants, as Python and as C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args, get_type_hints

from coincell.errors import TelemetryError
from coincell.runtime.sources import c_sources, c_values

MOST_CELLS, MOST_CHANNELS, MOST_CLASSES = 40, 16, 16
FEATURE_BINS, SCORE_BINS = 8, 16
MOST_HEALTH_STEPS = 512
_MOST_FEATURES = 1 << 19
_MOST_LABELS = 32767
_INT16, _INT32 = (-(2**15), 2**15 - 1), (-(2**31), 2**31 - 1)


@dataclass(frozen=True)
class SketchPlan:
    """The sketch's constants; docs/telemetry.md says what each means.

    Attributes:
        rows: of a window's int8 features.
        columns: of a window's int8 features.
        row_groups: cells from top to bottom.
        column_groups: cells from left to right; at most 40 cells in all.
        row_step: of a cell every so manyth row is looked at, from its first one on.
        column_step: the same of its columns.
        labels: int8 scores a window; 0: one int32 score.
        classes: counters of predicted classes and events, at most 16.
        channels: of the sensor, at most 16.
        sample_bytes: 2 for int16 samples, 1 for uint8.
        health_steps: so many steps of a window are looked at, at most 512.
        health_stride: so many steps lie between them.
        spread: what is watched of a cell: 0 its mean, 1 its mean absolute deviation from that.
        distance_shift: the weighted sum is shifted right by it.
        edges: [cells][7], of watched features, in sixteenths.
        centre: [cells], the same unit.
        weights: [cells], 0 to 255.
        distance_edges: [7].
        score_edges: [15].

    Raises:
        TelemetryError: one of them cannot be.
    """

    rows: int
    columns: int
    row_groups: int
    column_groups: int
    row_step: int
    column_step: int
    labels: int
    classes: int
    channels: int
    sample_bytes: int
    health_steps: int
    health_stride: int
    spread: int
    distance_shift: int
    edges: tuple[tuple[int, ...], ...]
    centre: tuple[int, ...]
    weights: tuple[int, ...]
    distance_edges: tuple[int, ...]
    score_edges: tuple[int, ...]

    def __post_init__(self) -> None:
        _within("rows", self.rows, 1, _MOST_FEATURES)
        _within("columns", self.columns, 1, _MOST_FEATURES)
        _within("rows * columns", self.rows * self.columns, 1, _MOST_FEATURES)
        _within("row_groups", self.row_groups, 1, self.rows)
        _within("column_groups", self.column_groups, 1, self.columns)
        _within("cells", self.cells, 1, MOST_CELLS)
        _within("row_step", self.row_step, 1, self.rows)
        _within("column_step", self.column_step, 1, self.columns)
        _within("labels", self.labels, 0, _MOST_LABELS)
        _within("classes", self.classes, 1, MOST_CLASSES)
        if self.labels:
            _within("classes", self.classes, 1, self.labels)
        _within("channels", self.channels, 1, MOST_CHANNELS)
        _within("sample_bytes", self.sample_bytes, 1, 2)
        _within("health_steps", self.health_steps, 1, MOST_HEALTH_STEPS)
        _within("health_stride", self.health_stride, 1, _MOST_FEATURES)
        _within("spread", self.spread, 0, 1)
        _within("distance_shift", self.distance_shift, 0, 31)
        if len(self.edges) != self.cells:
            _refuse("edges", f"{self.cells} rows of edges", len(self.edges))
        for row in self.edges:
            _ascending("edges", row, FEATURE_BINS - 1, _INT16)
        _numbers("centre", self.centre, self.cells, _INT16)
        _numbers("weights", self.weights, self.cells, (0, 255))
        _ascending("distance_edges", self.distance_edges, FEATURE_BINS - 1, _INT32)
        _ascending("score_edges", self.score_edges, SCORE_BINS - 1, _INT32)

    @property
    def cells(self) -> int:
        """Watched features."""
        return self.row_groups * self.column_groups

    @property
    def block_steps(self) -> int:
        """So many of the newest steps are needed to look at the sensor's health."""
        return (self.health_steps - 1) * self.health_stride + 1

    def to_json(self) -> dict[str, Any]:
        """Plain lists and integers."""
        return {
            name: _listed(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, facts: Any) -> SketchPlan:
        """What `to_json` gave, by whoever wrote it.

        Raises:
            TelemetryError: a key is missing or unknown, or a value cannot be.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(facts, Mapping) or set(facts) != names:
            _refuse("plan", f"the keys {sorted(names)}", sorted(facts) if facts else facts)
        hints = get_type_hints(cls)
        return cls(**{name: _typed(name, facts[name], hints[name]) for name in names})

    def c_sources(self, identity: bytes) -> dict[str, str]:
        """`sketch/plan.h` and `plan.c` with `coincell_plan`, and the runtime's files.

        Args:
            identity: 8 bytes, the reference's.
        """
        return {
            **c_sources("sketch"),
            "sketch/plan.h": self._header(),
            "sketch/plan.c": self._source(identity),
        }

    def _header(self) -> str:
        return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: what this image's sketch is compared with.
 */
#ifndef COINCELL_SKETCH_PLAN_H
#define COINCELL_SKETCH_PLAN_H

#include "sketch/sketch.h"

#define COINCELL_PLAN_BLOCK_STEPS {self.block_steps}
#define COINCELL_PLAN_WORDS COINCELL_SKETCH_WORDS({self.cells}, {self.classes}, {self.channels})

extern const coincell_sketch_plan coincell_plan;

#endif
"""

    def _source(self, identity: bytes) -> str:
        tables = (
            ("int16_t", "edges", [edge for row in self.edges for edge in row]),
            ("int16_t", "centre", self.centre),
            ("uint8_t", "weights", self.weights),
            ("int32_t", "distance_edges", self.distance_edges),
            ("int32_t", "score_edges", self.score_edges),
        )
        arrays = "\n".join(
            f"static const {kind} {name}[{len(values)}] = {{\n"
            f"{c_values(map(_literal, values))}\n}};"
            for kind, name, values in tables
        )
        plain = (name for name, hint in get_type_hints(type(self)).items() if hint is int)
        numbers = "\n".join(f"    .{name} = {getattr(self, name)}," for name in plain)
        pointers = "\n".join(f"    .{name} = {name}," for _, name, _ in tables)
        return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: what this image's sketch is compared with.
 */
#include "sketch/plan.h"

{arrays}

const coincell_sketch_plan coincell_plan = {{
{numbers}
{pointers}
    .reference = {{{", ".join(str(byte) for byte in identity)}}},
}};
"""


def _literal(value: int) -> str:
    """In C the least int32 is no literal, but a sum."""
    return "(-2147483647 - 1)" if value == _INT32[0] else str(value)


def _listed(value: Any) -> Any:
    return [_listed(part) for part in value] if isinstance(value, tuple) else value


def _typed(name: str, value: Any, hint: Any) -> Any:
    """A value from JSON as the attribute's type wants it."""
    if hint is int:
        if type(value) is not int:
            _refuse(name, "a whole number", value)
        return value
    if not isinstance(value, list):
        _refuse(name, "a list", value)
    return tuple(_typed(name, part, get_args(hint)[0]) for part in value)


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        _refuse(name, f"{least} to {most}", value)


def _numbers(name: str, values: Sequence[int], count: int, ends: tuple[int, int]) -> None:
    if len(values) != count:
        _refuse(name, f"{count} numbers", len(values))
    for value in values:
        _within(name, value, *ends)


def _ascending(name: str, values: Sequence[int], count: int, ends: tuple[int, int]) -> None:
    _numbers(name, values, count, ends)
    if list(values) != sorted(values):
        _refuse(name, "ascending numbers", list(values))


def _refuse(name: str, wanted: str, received: Any) -> None:
    raise TelemetryError(
        "plan", f"A sketch's {name} must be {wanted}; received {str(received)[:80]}."
    )
