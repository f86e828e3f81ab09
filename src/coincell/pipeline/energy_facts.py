"""What the board takes while it listens, as facts for the report: a live run, or a duty model."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import (
    Activity,
    Battery,
    Energy,
    Measurement,
    VirtualBoard,
    battery_life,
    compare_with_server,
    energy_of,
    inference_energy,
    listening_activity,
    listening_task,
    live_activity,
    load_battery,
    motion_of,
    put_motion,
    seeing_activity,
    sensing_activity,
    ways_to_last,
)
from coincell.firmware import Application, Source, link_of, live_source, why_no_source
from coincell.project import Configuration

_FRAME_AWAKE_S = 0.024
"""What a gray frame of 160 x 120 keeps the core awake (docs/sensors.md). Each takes the emulator
seconds, so that the energy of what sees is a duty model's."""

_NEVER_QUIET_DBFS = -100.0
"""The setting of decision.wake_dbfs at which the network always runs."""


def energy_facts(
    virtual: VirtualBoard,
    chain: Application,
    cost: Measurement,
    configuration: Configuration,
    heard: NDArray[Any],
) -> dict[str, Any] | None:
    """Energy of an inference, of a second of listening, days on the battery, ways to a year.

    Args:
        virtual: the board with the project's image.
        chain: what the image decides by.
        cost: of one whole window.
        configuration: whose battery, and how often it decides.
        heard: [n] of the chain's form, what its sensor gives: int16 of sound, or of readings with
            their channels side by side; uint8 of pictures, one after the other.

    Returns:
        JSON; None for a board without currents.

    Raises:
        BoardError: the board faults or falls behind while it listens.
    """
    board, settings = virtual.board, configuration.board
    inference = inference_energy(cost.cycles, cost.cycles_flash, board)
    if inference is None:
        return None
    activity = _live(virtual, chain, configuration, heard)
    live = activity is not None
    if activity is None:
        activity = _modelled(virtual, chain, cost, configuration)
    quiet = None
    wakes = configuration.decision.wake_dbfs > _NEVER_QUIET_DBFS
    if live and wakes and chain.form.sense == "sound":
        virtual.restart()  # no light is left on
        quiet = live_activity(virtual, np.zeros(len(heard), np.int16))
    energy = energy_of(activity, board, settings.as_shipped)
    cell = load_battery(settings.battery)
    return {
        "inference": asdict(inference),
        "live": live,
        "senses_nothing": why_no_source(chain, board, link_of(board, settings.link)),
        "core_share": activity.share("cpu", "run"),
        "average_mw": asdict(energy.average_mw),
        "average_a": asdict(energy.average_a),
        "peak_a": energy.peak_a,
        "supply_v": energy.supply_v,
        "as_shipped": energy.as_shipped,
        "dominant": energy.dominant,
        "lines": _lines(energy),
        **_battery(energy, activity, virtual, cell, quiet),
        **_server(activity, chain, cost, configuration, virtual),
    }


def _modelled(
    virtual: VirtualBoard, chain: Application, cost: Measurement, configuration: Configuration
) -> Activity:
    """The duty model of what is not run live: a decision every hop, and a camera's frame."""
    hop_s, work_s = configuration.decision.hop_ms / 1000, cost.latency_ms / 1000
    if _source(virtual, chain, configuration) == "camera":
        return seeing_activity((work_s + _FRAME_AWAKE_S) / hop_s)
    return listening_activity(work_s / hop_s, chain.form.sense == "sound")


def _source(virtual: VirtualBoard, chain: Application, configuration: Configuration) -> Source:
    """What the image senses by itself."""
    line = link_of(virtual.board, configuration.board.link)
    return live_source(chain, virtual.board, line)


def _live(
    virtual: VirtualBoard, chain: Application, configuration: Configuration, heard: NDArray[Any]
) -> Activity | None:
    """What the board does while it hears or feels `heard`; None where it has no such sensor."""
    source = _source(virtual, chain, configuration)
    virtual.restart()
    if source == "microphone":
        return live_activity(virtual, heard)
    if source == "motion" and chain.channels is not None:
        moved = motion_of(heard, chain.channels, chain.sample_rate_hz)
        return sensing_activity(
            virtual, lambda board: put_motion(board, moved, repeat=True), moved.seconds
        )
    return None


def _lines(energy: Energy) -> list[dict[str, Any]]:
    return [
        asdict(line) | {"share": energy.share(line), "time_share": line.seconds / energy.seconds}
        for line in energy.lines
    ]


def _battery(
    energy: Energy,
    activity: Activity,
    virtual: VirtualBoard,
    cell: Battery,
    quiet: Activity | None,
) -> dict[str, Any]:
    life = battery_life(energy, cell)
    return {
        "battery": cell.title,
        "battery_days": asdict(life.days),
        "battery_warnings": list(life.warnings),
        "ways": [
            asdict(way)
            for way in ways_to_last(energy, activity, virtual.board, cell, detecting=quiet)
        ],
    }


def _server(
    activity: Activity,
    chain: Application,
    cost: Measurement,
    configuration: Configuration,
    virtual: VirtualBoard,
) -> dict[str, Any]:
    """The same decisions from a server: what the radio would carry."""
    form, hop_s = chain.form, configuration.decision.hop_ms / 1000
    window_s = form.seconds or hop_s  # of pictures each hop is a window
    task = listening_task(
        activity.share("cpu", "run"),
        cost,
        window_s,
        hop_s,
        math.prod(chain.features.shape),
        chain.sample_rate_hz,
    )
    bytes_a_window = form.values * form.dtype.itemsize
    task = replace(
        task,
        sample_bytes_a_second=bytes_a_window / window_s,
        hears=activity.share("microphone", "on") > 0,
    )
    cell = load_battery(configuration.board.battery)
    found = compare_with_server(task, virtual.board, cell, configuration.board.as_shipped)
    return {
        "server": [asdict(option) for option in found.options],
        "server_sources": list(found.sources),
    }
