"""Units of readings: the same one however it is written, and what another one is worth.

A table, since general libraries of units read "G" as gauss and "g" as gram, and "dps" not at all.
"""

from __future__ import annotations

import math
import re

from coincell.errors import DataError

STANDARD_GRAVITY = 9.80665
"""m/s2 that one g is (third General Conference on Weights and Measures, 1901)."""

_FAMILIES: tuple[dict[str, float], ...] = (
    {"g": 1.0, "mg": 1e-3, "m/s2": 1 / STANDARD_GRAVITY, "mm/s2": 1e-3 / STANDARD_GRAVITY},
    {"deg/s": 1.0, "mdeg/s": 1e-3, "rad/s": 180 / math.pi, "mrad/s": 0.18 / math.pi},
    {"ut": 1.0, "mt": 1e3, "nt": 1e-3, "t": 1e6, "gauss": 1e2, "mgauss": 0.1},
    {"v": 1.0, "mv": 1e-3, "uv": 1e-6},
    {"a": 1.0, "ma": 1e-3, "ua": 1e-6},
    {"m/s": 1.0, "mm/s": 1e-3, "km/h": 1 / 3.6},
    {"m": 1.0, "mm": 1e-3, "um": 1e-6, "cm": 1e-2},
    {"hz": 1.0, "khz": 1e3, "rpm": 1 / 60},
    {"pa": 1.0, "hpa": 1e2, "kpa": 1e3, "bar": 1e5, "mbar": 1e2},
)
"""Units of one quantity, each with its worth in the first; in small letters, plainly written."""

_SPELLINGS = {
    "dps": "deg/s", "°/s": "deg/s", "degrees/s": "deg/s", "mdps": "mdeg/s", "m/s/s": "m/s2",
    "m/ss": "m/s2", "ms-2": "m/s2", "µt": "ut", "μt": "ut", "µv": "uv", "1/min": "rpm",
    "volt": "v", "ampere": "a", "radps": "rad/s", "milli-g": "mg",
}  # fmt: skip


_HEADING = re.compile(r"^(?P<name>[^\[(]+?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]$")


def split_heading(cell: str) -> tuple[str, str]:
    """ "aX [g]" -> ("aX", "g"); no unit is ""."""
    text = cell.strip().strip('"').strip()
    match = _HEADING.match(text)
    return (match["name"], match["unit"]) if match else (text, "")


def plain_unit(unit: str) -> str:
    """One spelling of a unit: "m/s^2", "m/s²" and "M/S2" are "m/s2"; "G" alone is gauss."""
    if unit.strip() in ("G", "Gs"):
        return "gauss"
    if unit.strip() == "mG":
        return "mgauss"
    text = unit.strip().lower().replace("²", "2").replace("^", "").replace("**", "")
    text = text.replace(" ", "").replace("degrees", "deg").replace("sec", "s")
    return _SPELLINGS.get(text, text)


def unit_factor(given: str, wanted: str) -> float | None:
    """What a reading in `given` is multiplied by to be in `wanted`; None where neither is the
    other's kin."""
    source, target = plain_unit(given), plain_unit(wanted)
    if source == target:
        return 1.0
    for family in _FAMILIES:
        if source in family and target in family:
            return family[source] / family[target]
    return None


def need_factor(given: str, wanted: str, channel: str, where: str) -> float:
    """`unit_factor`, 1.0 where the file names no unit.

    Raises:
        DataError: the units are of different quantities, or unknown and unlike.
    """
    factor = unit_factor(given, wanted) if given else 1.0
    if factor is None:
        raise DataError(
            f"{where}: {channel} is in {given!r}; data.units says {wanted!r}, and one is not "
            "known to be the other.",
            "Export the readings in the project's unit, or change data.units.",
        )
    return factor
