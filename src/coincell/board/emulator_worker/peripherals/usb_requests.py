# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Control transfers: USB 2.0, sections 8.5.3 and 9.3; those of the class after PSTN120, 6.3."""

from __future__ import annotations

from ..schedule import Event
from .usb_rules import u16

PACKET, IN = 64, 0x80
GET_DESCRIPTOR, SET_ADDRESS, SET_CONFIGURATION = (0x80, 6), (0x00, 5), (0x00, 9)
SET_LINE_CODING, SET_CONTROL_LINE_STATE = (0x21, 0x20), (0x21, 0x22)
SET_INTERFACE, CLEAR_FEATURE = (0x01, 11), (0x02, 1)
AFRESH = (SET_CONFIGURATION, SET_INTERFACE, CLEAR_FEATURE)
"""While one of these lasts, the drivers leave the other endpoints alone."""


class Control:
    """A control transfer: eight bytes of setup, then `data` to the device or an answer from it.

    Attributes:
        answer: what the device sent; None when it answered STALL.
    """

    def __init__(self, setup: bytes, data: bytes = b"") -> None:
        self.setup, self.data = setup, data
        self.length = u16(setup, 6)
        self.incoming = bool(setup[0] & IN) and self.length > 0
        self.stage = "in" if self.incoming else "out" if self.length else "status"
        self.answer: bytes | None = b""
        self.sent = 0
        self.limit: Event | None = None

    def __str__(self) -> str:
        return f"request {self.setup.hex(' ')}"


def request(
    kind: tuple[int, int], value: int = 0, index: int = 0, length: int = 0, data: bytes = b""
) -> Control:
    """A control transfer by its fields."""
    fields = (value, index, length or len(data))
    return Control(bytes(kind) + b"".join(x.to_bytes(2, "little") for x in fields), data)
