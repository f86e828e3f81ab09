"""What a page asks for: columns, a class, a threshold, costs; checked, since anybody may ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from coincell.audit import TOLERANCE
from coincell.errors import UserError
from coincell.studio.performance.examples import Examples

_MOST_RATIO = 1e6


@dataclass(frozen=True)
class Wish:
    """A question about judged examples.

    Attributes:
        columns: of groups, none to two.
        label: the class, against the rest; "" of a number.
        place: whose curves and confusion are drawn.
        threshold: from which score the class is told; None: as was decided.
        ratio: what a false positive costs, in false negatives.
        tolerance: how far apart groups may be.
    """

    columns: tuple[str, ...]
    label: str
    place: str
    threshold: float | None
    ratio: float
    tolerance: float


def wish_of(given: Mapping[str, str], examples: Examples) -> Wish:
    """Fields that came in -> a question; what is not given is as usual.

    Raises:
        UserError: a name is none of the examples', or a number none that can be.
    """
    columns = tuple(dict.fromkeys(filter(None, (given.get("first"), given.get("second")))))
    usual = examples.offered[0] if examples.offered else ""
    label = _one_of("class", given.get("label") or usual, examples.offered or ("",))
    place = _one_of("place", given.get("place") or examples.judged, tuple(examples.places))
    low, high = examples.range if examples.has_scores else (0.0, 1.0)
    high += 1e-4 * (high - low) if examples.goal == "normality" else 0.0  # a slider rounds its end
    threshold = _number(given, "threshold", None, low, high)
    ratio = _number(given, "ratio", examples.ratio, 1 / _MOST_RATIO, _MOST_RATIO)
    tolerance = _number(given, "tolerance", TOLERANCE, 0.0, 1.0)
    assert ratio is not None
    assert tolerance is not None
    decides = threshold if examples.has_scores else None
    return Wish(columns, label, place, decides, ratio, tolerance)


def _one_of(what: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise UserError(
            f"There is no {what} {given[:80]!r}.", f"There are {', '.join(known) or 'none'}."
        )
    return given


def _number(
    given: Mapping[str, str], name: str, usual: float | None, low: float, high: float
) -> float | None:
    """A field as a number; `usual` where it is empty or missing."""
    text = given.get(name, "").strip()
    if not text:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise UserError(
            f"The {name} must be a number from {low:g} to {high:g}; received {text[:40]!r}."
        )
    return value
