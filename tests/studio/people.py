"""A table of people who were hired or not, with scores that are unlike by sex."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 600
_SEXES, _ORIGINS = ("woman", "man"), ("north", "south", "")


def people_rows() -> list[dict[str, Any]]:
    """One of them is a group by herself; every third does not tell the origin."""
    generator = np.random.default_rng(4)
    made = []
    for at in range(ROWS):
        real = int(generator.random() < 0.35)
        sex, origin = _SEXES[at % 2], _ORIGINS[at // 2 % 3]
        shift = 1.2 * real - (0.5 if sex == "woman" else 0.0) - 0.4
        score = 1 / (1 + np.exp(-shift - generator.normal()))
        lone = "she" if at == 7 else "others"
        named = {"id": f"n{at}", "sex": sex, "origin": origin, "lone": lone}
        made.append(named | {"hired": real, "score": f"{score:.6f}"})
    return made


def write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """As CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
