# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The lights of the Nano 33 BLE Sense, as energy sees them."""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from .gpio import Gpio

LIGHTS = (("led_builtin", 13), ("led_power", 41))
"""Lit by a high level (Arduino's variant for the board: LED_BUILTIN P0.13, LED_PWR P1.09)."""


class Lights:
    """Components "led_builtin" and "led_power", each off or on."""

    def __init__(self, machine: Machine, gpio: Gpio) -> None:
        for name, pin in LIGHTS:
            gpio.listen(pin, partial(self._changed, machine, name))

    def _changed(self, machine: Machine, name: str, level: bool) -> None:
        machine.activity.set(name, "on" if level else "off")
