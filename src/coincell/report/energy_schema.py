"""The parts of report.json that tell what a board takes, and how long a battery lasts."""

from __future__ import annotations

from pydantic import Field

from coincell.report.part import Part, Share

Range = tuple[float, float]


class EnergyLine(Part):
    """One state of one part of the board; all lines sum to the average."""

    name: str
    state: str
    time_share: float = Field(ge=0, description="Of all time.")
    draws_a: float
    average_a: float
    average_a_range: Range
    energy_share: Share
    basis: str = Field(description="published, measured, derived, recalled or assumed.")
    source: str


class LastingWay(Part):
    """One way to make the battery last a year."""

    name: str
    awake_share: Share = Field(description="How much of the time the chain may run; 0: never.")
    awake_share_range: tuple[Share, Share]
    floor_a: float | None = Field(
        None, description="What the board draws while the chain does not run, in amperes."
    )
    floor_a_range: Range | None = None
    told: str


class ServerWay(Part):
    """One way to get a decision: on the device, or from a server."""

    name: str
    title: str
    average_mw: float
    average_mw_range: Range
    radio_mw: float
    bytes_a_day: float
    delay_ms: float
    delay_range_ms: Range
    battery_days: float | None = None
    battery_days_range: Range | None = None


class EnergyPart(Part):
    """What the board takes while it listens."""

    live: bool = Field(description="True: a live run of the virtual board; false: a duty model.")
    senses_nothing: str = Field(
        "",
        description="Why the image senses nothing by itself; the figures are then of a board that "
        "is given its readings, by the duty model.",
    )
    as_shipped: bool = Field(description="Whether the board's overheads are in it.")
    supply_v: float
    core_share: Share = Field(description="Of the time, what the core was awake.")
    average_a: float
    average_a_range: Range
    peak_a: float
    dominant: str
    lines: tuple[EnergyLine, ...] = Field((), description="Largest first.")
    battery: str
    battery_warnings: tuple[str, ...] = ()
    ways: tuple[LastingWay, ...] = ()
    server: tuple[ServerWay, ...] = ()
    server_sources: tuple[str, ...] = ()
