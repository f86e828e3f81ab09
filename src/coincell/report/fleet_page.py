"""A fleet of devices as one page: drift, probable accuracy, troubles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def fleet_html(fleet: Mapping[str, Any]) -> str:
    """The page: self-contained, without scripts; every text is escaped.

    Args:
        fleet: what `coincell monitor report --json` prints.
    """
    environment = Environment(
        loader=PackageLoader("coincell.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drift = sorted(fleet["drift"], key=lambda one: -one["psi"])
    devices = sorted(fleet["devices"], key=lambda one: (not one["troubles"], one["device"]))
    return environment.get_template("fleet.html.j2").render(
        fleet=fleet, drift=drift, devices=devices
    )
