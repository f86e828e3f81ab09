"""How long a battery lasts: usable charge over average current and self-discharge."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from coincell.board.energy import Bounds, Energy
from coincell.errors import BoardError
from coincell.firmware import parse_table

HOURS_A_YEAR = 365 * 24
YEAR_DAYS = 365

Charge = Annotated[float, Field(gt=0, le=1e6)]
Ampere = Annotated[float, Field(gt=0, le=100)]


class Battery(BaseModel):
    """A battery, as batteries/NAME.toml describes it.

    What a small cell gives depends on how it is asked: `usable_mah` is [low, typical, high] of what
    a load that is mostly asleep gets out of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    title: str
    voltage_v: float = Field(gt=0, le=60)
    nominal_mah: Charge
    usable_mah: tuple[Charge, Charge, Charge]
    self_discharge_a_year: float = Field(ge=0, lt=1, description="Share of the nominal charge.")
    standard_a: Ampere = Field(description="Up to here the nominal charge is told.")
    continuous_a: Ampere
    pulse_a: Ampere
    shelf_years: float = Field(gt=0, le=100, description="It lasts no longer, however little.")
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, typical, high = self.usable_mah
        if not low <= typical <= high:
            raise ValueError("usable_mah must be [low, typical, high]")
        return self

    @property
    def leakage_a(self) -> float:
        """Self-discharge as a current."""
        return self.nominal_mah / 1000 * self.self_discharge_a_year / HOURS_A_YEAR

    def days(self, average_a: Bounds) -> Bounds:
        """Days at an average current: the most charge with the least current is the high bound."""
        low, typical, high = self.usable_mah
        return Bounds(
            self._days(low, average_a.high),
            self._days(typical, average_a.typical),
            self._days(high, average_a.low),
        )

    def _days(self, usable_mah: float, average_a: float) -> float:
        drain = average_a + self.leakage_a
        most = self.shelf_years * YEAR_DAYS
        return min(usable_mah / 1000 / drain / 24, most) if drain > 0 else most

    def current_for(self, days: float) -> Bounds:
        """The average current at which it lasts `days`; the low bound is that of the least charge.

        Not below 0: what self-discharge alone takes is left out.
        """
        low, typical, high = (
            max(0.0, usable / 1000 / (24 * days) - self.leakage_a) for usable in self.usable_mah
        )
        return Bounds(low, typical, high)


@dataclass(frozen=True)
class BatteryLife:
    """Days on a battery, and what speaks against them."""

    battery: Battery
    days: Bounds
    warnings: tuple[str, ...]


def battery_names() -> list[str]:
    """Every battery that Coincell describes."""
    folder = resources.files(__package__) / "batteries"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_battery(name: str) -> Battery:
    """The battery called `name`.

    Raises:
        BoardError: there is none; the hint names those that there are.
    """
    names = battery_names()
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else f"Known: {', '.join(names)}."
        raise BoardError(f"No battery is called {name!r}.", hint)
    entry = resources.files(__package__) / "batteries" / f"{name}.toml"
    return parse_table(Battery, entry.read_text(encoding="utf-8"), f"{name}.toml")


def battery_life(energy: Energy, battery: Battery) -> BatteryLife:
    """How long `battery` feeds what takes `energy`, and whether it is asked for too much."""
    average, peak = energy.average_a.typical, energy.peak_a
    warnings = []
    if average > battery.continuous_a:
        warnings.append(
            f"At most {1000 * battery.continuous_a:g} mA all the time may be asked of "
            f"{battery.title}; {1000 * average:.3g} mA are."
        )
    elif average > battery.standard_a:
        warnings.append(
            f"The charge of {battery.title} is told for {1000 * battery.standard_a:g} mA; at "
            f"{1000 * average:.3g} mA less comes out."
        )
    if peak > battery.pulse_a:
        warnings.append(
            f"At most {1000 * battery.pulse_a:g} mA may be drawn at once from {battery.title}; "
            f"{1000 * peak:.3g} mA are."
        )
    return BatteryLife(battery, battery.days(energy.average_a), tuple(warnings))
