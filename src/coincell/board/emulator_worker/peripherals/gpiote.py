# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""GPIOTE of the nRF52840 (product specification, section 6.10): the event of all sensed pins."""

from __future__ import annotations

from ..machine import Machine
from ..registers import Peripheral
from .gpio import Gpio

PORT = 0x17C


class Gpiote(Peripheral):
    """EVENTS_PORT: GPIO's DETECT signal rose. The eight channels are not modelled."""

    def __init__(self, machine: Machine, gpio: Gpio) -> None:
        super().__init__(machine, "GPIOTE", 0x40006000, {}, (PORT,))
        gpio.detected = lambda: self.event(PORT)
