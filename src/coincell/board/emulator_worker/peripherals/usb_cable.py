# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The world "usb": what people and programs do to the cable."""

from __future__ import annotations

from .usb_requests import IN
from .usb_rules import u16
from .usbd import Usbd


class UsbCable:
    """What is done to the cable, and by programs on the computer.

    The blob holds control transfers to ask for: 8 bytes of setup each, and behind one that brings
    data as many bytes as it announces.
    """

    def __init__(self, device: Usbd) -> None:
        self.device = device

    def load(self, blob: bytes, **settings: object) -> None:
        """Settings: plugged, suspended (booleans); baud (integer), with open (boolean)."""
        host = self.device.host
        if "plugged" in settings:
            self.device.plug(bool(settings["plugged"]))
        if "suspended" in settings:
            host.suspend(bool(settings["suspended"]))
        if "open" in settings:
            host.set_line(int(str(settings.get("baud", 115_200))), bool(settings["open"]))
        while blob:
            setup, blob = blob[:8], blob[8:]
            count = 0 if setup[0] & IN else u16(setup, 6)
            host.ask(setup, blob[:count])
            blob = blob[count:]
