# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What is on the chip and around it, one file each; `Chip` puts it together."""

from __future__ import annotations

from typing import Protocol

from ..machine import Machine
from .gpio import Gpio
from .system import ClockPower, Dwt, SysTick, nvmc
from .uarte import Uarte


class World(Protocol):
    """Around the chip, filled by the computer: a microphone's sound, a sensor's motion."""

    def load(self, blob: bytes, **settings: object) -> None:
        """What happens from now on."""


class Chip:
    """An nRF52840 on its board.

    Attributes:
        uarte: the line to the computer.
        gpio: for what is wired to pins.
        worlds: by name, what `Worker.world` fills.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.uarte = Uarte(machine)
        self.gpio = Gpio(machine)
        self.systick = SysTick(machine)
        self.worlds: dict[str, World] = {}
        for peripheral in (ClockPower(machine), self.uarte, nvmc(), self.gpio, Dwt(machine)):
            machine.attach(peripheral)

    def reset(self) -> None:
        """What is not a page of registers, as after power on; before the machine's reset."""
        self.systick.reset()
