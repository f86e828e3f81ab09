# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The lights of the board, as energy sees them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..machine import Machine
from .gpio import Gpio

BUILTIN = (13, 0)
POWER = (41, 0)
"""Pin, and 1 if a low level lights it: those of the Nano 33 BLE Sense (Arduino's variant for it:
LED_BUILTIN P0.13, LED_PWR P1.09)."""


class Lights:
    """Components "led_builtin" and "led_power", each off or on."""

    def __init__(self, machine: Machine, gpio: Gpio, builtin: Sequence[int] = BUILTIN) -> None:
        self._machine, self._gpio = machine, gpio
        for name, (pin, low) in (("led_builtin", builtin), ("led_power", POWER)):
            gpio.listen(pin, partial(self._changed, name, pin, bool(low)))

    def _changed(self, name: str, pin: int, low: bool, level: bool) -> None:
        """A pin that is let go is low too, and lights nothing."""
        lit = (self._gpio.directed(pin) and not level) if low else level
        self._machine.activity.set(name, "on" if lit else "off")
