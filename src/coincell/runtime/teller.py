"""What a board's decisions stand for: labels, shares, strangeness, numbers in their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coincell.runtime.score import QuantityUnit, ScoreUnit, quantity_unit, score_unit
from coincell.runtime.strangeness import StrangenessUnit, strangeness_unit


@dataclass(frozen=True)
class Teller:
    """What an image says of its decisions; what it does not say is empty.

    Attributes:
        labels: their names, by index.
        rate_hz: steps a second; 0 where there are none, or it is not told.
        unit: what its scores stand for.
        strangeness: the same of one that tells what is strange.
        quantity: the same of one that tells a number.
    """

    labels: tuple[str, ...] = ()
    rate_hz: int = 0
    unit: ScoreUnit | None = None
    strangeness: StrangenessUnit | None = None
    quantity: QuantityUnit | None = None

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Teller:
        """From an image's description, which may come over a line, and is not to be trusted."""
        labels = description.get("labels")
        rates = (description.get(name) for name in ("rate_hz", "sample_rate_hz"))
        known = (rate for rate in rates if type(rate) is int and rate > 0)
        return cls(
            tuple(map(str, labels)) if isinstance(labels, list) else (),
            next(known, 0),
            score_unit(description),
            strangeness_unit(description),
            quantity_unit(description),
        )

    def label(self, index: int) -> str | None:
        """The name of a label by its index; None for no decision."""
        if index < 0:
            return None
        return self.labels[index] if index < len(self.labels) else f"class {index}"

    def share(self, raw: int) -> float | None:
        """A score as 0 to 1; None of what is no share, or where the image does not say."""
        return self.unit.share(raw) if self.unit else None

    def score(self, raw: int) -> str:
        """A decision's score for people."""
        if self.strangeness:
            return self.strangeness.told(raw)
        if self.quantity:
            return self.quantity.told(raw)
        return f"{self.unit.share(raw):.3f}" if self.unit else f"raw {raw}"

    def figures(self, raw: int) -> dict[str, float | str]:
        """What stands in place of a share: how strange, from where on it is, or a number; its unit;
        empty of classes."""
        strange, number = self.strangeness, self.quantity
        if strange:
            value, least = strange.value(raw), strange.value(strange.threshold)
            return {"strangeness": value, "threshold": least, "unit": strange.unit}
        return {"value": number.value(raw), "unit": number.unit} if number else {}

    def plain(self, raw: int) -> dict[str, Any]:
        """A decision's score for programs."""
        return {"score": self.share(raw), "score_raw": raw, **self.figures(raw)}

    def words(self, index: int, raw: int) -> str:
        """Label and score of a decision side by side; a number's name where it has no label."""
        name = self.label(index) or (self.quantity.target if self.quantity else "")
        return decision_words(name, self.score(raw))


def decision_words(name: str, score: str) -> str:
    """Two columns for people; "-" for no name."""
    return f"{name or '-':<16}{score:>8}"
