"""Artefacts of firmware, measurement and proof -> the report's board and proof."""

from __future__ import annotations

from typing import Any, Literal

from coincell.pipeline.store import Artefact
from coincell.report import (
    BoardPart,
    Contributor,
    CycleModel,
    EnergyLine,
    EnergyPart,
    ExactPart,
    LastingWay,
    Layer,
    MemoryBank,
    MemoryRegion,
    ServerWay,
    TelemetryPart,
)


def board_part(artefacts: dict[str, Artefact]) -> BoardPart | None:
    """The image on the board as far as the run came; None before it was linked."""
    if "firmware" not in artefacts:
        return None
    firmware = artefacts["firmware"].read_json("firmware.json")
    compiled = artefacts["compile"].read_json("compile.json")
    measured: dict[str, Any] = {}
    if "measure" in artefacts:
        measured = artefacts["measure"].read_json("measurement.json")
    figures = (
        "instructions",
        "cycles",
        "flash_loads",
        "cycles_flash",
        "latency_ms",
        "latency_range_ms",
        "stack_bytes",
        "inferences_per_second",
    )
    return BoardPart(
        name=firmware["board"],
        title=firmware["title"],
        virtual=True,
        core=firmware["core"],
        clock_hz=firmware["clock_hz"],
        image_flash_bytes=firmware["image_flash_bytes"],
        flash_limit_bytes=firmware["flash_limit_bytes"],
        image_ram_bytes=firmware["image_ram_bytes"],
        ram_limit_bytes=firmware["ram_limit_bytes"],
        stack_reserved_bytes=firmware.get("stack_reserved_bytes"),
        arena_bytes=compiled["arena_bytes"],
        cycle_model=CycleModel.model_validate(firmware["cycle_model"]) if measured else None,
        layers=tuple(_layer(each, compiled["weight_bytes"]) for each in measured.get("layers", ())),
        contributors=tuple(
            Contributor.model_validate(each) for each in firmware.get("contributors", ())
        ),
        memory_map=_memory_map(firmware),
        telemetry=_telemetry(firmware.get("telemetry")),
        **{name: measured.get(name) for name in figures},
        **_energy_figures(measured.get("energy")),
    )


def _telemetry(facts: dict[str, Any] | None) -> TelemetryPart | None:
    return TelemetryPart.model_validate(facts) if facts else None


def _energy_figures(facts: dict[str, Any] | None) -> dict[str, Any]:
    """The board's figures of energy, and the part that tells how they came about."""
    if facts is None:
        return {}
    power, days = facts["average_mw"], facts["battery_days"]
    return {
        "energy_uj": facts["inference"]["energy_uj"],
        "energy_flash_uj": facts["inference"]["energy_flash_uj"],
        "average_mw": power["typical"],
        "average_mw_range": _range(power),
        "battery_days": days["typical"],
        "battery_days_range": _range(days),
        "energy": _energy_part(facts),
    }


def _energy_part(facts: dict[str, Any]) -> EnergyPart:
    names = (
        "live", "as_shipped", "supply_v", "core_share", "peak_a", "dominant", "battery",
        "battery_warnings", "server_sources", "senses_nothing",
    )  # fmt: skip
    return EnergyPart(
        **{name: facts[name] for name in names},
        average_a=facts["average_a"]["typical"],
        average_a_range=_range(facts["average_a"]),
        lines=tuple(_energy_line(line) for line in facts["lines"]),
        ways=tuple(
            LastingWay(
                name=way["name"],
                awake_share=way["share"]["typical"],
                awake_share_range=_range(way["share"]),
                floor_a=way["floor_a"]["typical"],
                floor_a_range=_range(way["floor_a"]),
                told=way["sentence"],
            )
            for way in facts["ways"]
        ),
        server=tuple(
            ServerWay(
                **{name: way[name] for name in ("name", "title", "radio_mw", "bytes_a_day")},
                average_mw=way["average_mw"]["typical"],
                average_mw_range=_range(way["average_mw"]),
                delay_ms=way["delay_ms"]["typical"],
                delay_range_ms=_range(way["delay_ms"]),
                battery_days=way["days"]["typical"] if way["days"] else None,
                battery_days_range=_range(way["days"]) if way["days"] else None,
            )
            for way in facts["server"]
        ),
    )


def _energy_line(line: dict[str, Any]) -> EnergyLine:
    return EnergyLine(
        name=line["component"],
        state=line["state"],
        time_share=line["time_share"],
        draws_a=line["current_a"]["typical"],
        average_a=line["average_a"]["typical"],
        average_a_range=_range(line["average_a"]),
        energy_share=line["share"],
        basis=line["basis"],
        source=line["source"],
    )


def _range(bounds: dict[str, float]) -> tuple[float, float]:
    return bounds["low"], bounds["high"]


_STEPS: dict[str, Literal["features", "decision"]] = {
    "features": "features",
    "decision": "decision",
}


def _layer(layer: dict[str, Any], weight_bytes: dict[str, int]) -> Layer:
    """One line of the cost table: a layer of the network, or another step of the chain."""
    return Layer(
        name=layer["name"],
        operator=" + ".join(layer["ops"]) or layer["name"],
        stage="network" if layer["ops"] else _STEPS.get(layer["name"], "other"),
        symbol=layer["symbol"] or None,
        instructions=layer["instructions"],
        cycles=layer["cycles"],
        flash_loads=layer["flash_loads"],
        cycles_flash=layer["cycles_flash"],
        macs=layer["macs"],
        weight_bytes=weight_bytes.get(layer["symbol"]),
    )


def _memory_map(firmware: dict[str, Any]) -> tuple[MemoryBank, ...]:
    spans = firmware.get("memory_map", ())
    banks = []
    names: tuple[Literal["flash", "ram"], ...] = ("flash", "ram")
    for name in names:
        regions = tuple(
            MemoryRegion(name=span["what"], bytes=span["bytes"], address=span["address"])
            for span in spans
            if span["memory"] == name and span["bytes"]
        )
        if regions:
            limit = firmware[f"{name}_limit_bytes"]
            banks.append(MemoryBank(name=name, bytes=limit, regions=regions))
    return tuple(banks)


def exact_part(artefacts: dict[str, Artefact]) -> ExactPart | None:
    """What was compared byte for byte; None before that."""
    if "prove" not in artefacts:
        return None
    facts = artefacts["prove"].read_json("proof.json")
    names = ("clips", "clips_on_board", "mismatches", "oracle", "first_mismatch")
    return ExactPart(**{name: facts[name] for name in names})
