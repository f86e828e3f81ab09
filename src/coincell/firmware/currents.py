"""Supply currents as data: what each part of a chip and of its board draws in each state."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from coincell.errors import BoardError

Ampere = Annotated[float, Field(ge=0, lt=1)]
StateName = Annotated[str, Field(pattern=r"^[a-z0-9_*]+\.[a-z0-9_ *]+$")]
Basis = Literal["published", "measured", "derived", "recalled", "assumed"]
"""Published by the maker for this part; measured by someone who tells how; derived from published
figures; recalled from a data sheet that was not at hand; assumed, with the reason."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StateCurrent(_Table):
    """What one state of one part draws, in ampere at the table's supply voltage."""

    typical_a: Ampere
    low_a: Ampere | None = None
    high_a: Ampere | None = None
    ldo_a: Ampere | None = Field(None, description="Without the DC/DC converter, if it differs.")
    clock: bool = Field(False, description="It keeps the 64 MHz clock running.")
    within: tuple[StateName, ...] = Field((), description="States whose figure contains this one.")
    basis: Basis
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.bounds()[0] <= self.typical_a <= self.bounds()[2]:
            raise ValueError("low_a <= typical_a <= high_a must hold")
        return self

    def bounds(self, regulator: str = "dcdc") -> tuple[float, float, float]:
        """(low, typical, high) with the regulator "dcdc" or "ldo"."""
        low = self.typical_a if self.low_a is None else self.low_a
        high = self.typical_a if self.high_a is None else self.high_a
        if regulator == "ldo" and self.ldo_a is not None:
            change = self.ldo_a - self.typical_a
            return low + change, self.ldo_a, high + change
        return low, self.typical_a, high


class Overhead(StateCurrent):
    """What a board as shipped draws beside the chip, all the time.

    With `component`, only where the firmware does not switch that component itself.
    """

    component: str = Field("", description="The component that stands for it once switched.")


class CurrentTable(_Table):
    """Every state's current: exact names first, then patterns, in their order."""

    supply_v: float = Field(gt=0, lt=10)
    conditions: str = ""
    nothing: tuple[StateName, ...] = Field((), description="States that draw nothing of their own.")
    states: dict[StateName, StateCurrent] = {}

    def of(self, component: str, state: str) -> StateCurrent | None:
        """The current of a state; None where it draws nothing of its own.

        Raises:
            BoardError: neither is told; the message names the state.
        """
        name = f"{component}.{state}"
        if name in self.states:
            return self.states[name]
        for pattern, current in self.states.items():
            if fnmatchcase(name, pattern):
                return current
        if any(fnmatchcase(name, pattern) for pattern in self.nothing):
            return None
        raise BoardError(
            f"The board's description has no current for {name!r}, so the energy cannot be told.",
            hint=f'Add [currents.states."{name}"] with typical_a, basis and source, or add the '
            "name to currents.nothing.",
        )


class Currents(_Table):
    """[currents]: a board's parts; `chip` names the table of its chip, which they add to."""

    chip: str | None = Field(None, pattern=r"^[a-z0-9]{1,32}$")
    supply_v: float | None = Field(None, gt=0, lt=10)
    nothing: tuple[StateName, ...] = ()
    states: dict[StateName, StateCurrent] = {}
    as_shipped: dict[str, Overhead] = {}

    @model_validator(mode="after")
    def _known_chip(self) -> Self:
        if self.chip is None and self.supply_v is None:
            raise ValueError("supply_v is needed where no chip is named")
        if self.chip is not None and self.chip not in chip_names():
            raise ValueError(f"chip must be one of {', '.join(chip_names())}")
        return self

    def table(self) -> CurrentTable:
        """The chip's currents and the board's own, which go first."""
        chip = chip_currents(self.chip) if self.chip else CurrentTable(supply_v=self.supply_v or 0)
        own = {name: current for name, current in chip.states.items() if name not in self.states}
        return CurrentTable(
            supply_v=self.supply_v or chip.supply_v,
            conditions=chip.conditions,
            nothing=self.nothing + chip.nothing,
            states={**self.states, **own},
        )


@cache
def chip_names() -> tuple[str, ...]:
    """The chips whose currents are known."""
    names = (entry.name for entry in (resources.files(__package__) / "chips").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def chip_currents(name: str) -> CurrentTable:
    """The currents of the chip `name`, one of `chip_names`."""
    from coincell.firmware.tables import parse_table

    text = (resources.files(__package__) / "chips" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_table(CurrentTable, text, f"{name}.toml")
