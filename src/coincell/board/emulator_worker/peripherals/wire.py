# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""A two-wire bus (I2C, SCCB) as a board wires it, and what every device on one is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..machine import Machine
from ..registers import GuestFaultError


class RegisterDevice:
    """A device whose registers are bytes: the first byte of a write names one, the next fill it.

    A register that is not listed is a fault: what is not modelled must not look as if it were zero.

    Args:
        machine: for the time and what draws current.
        name: as the data sheet calls it.
        address: seven bits.
        plain: register -> value after power on.

    Attributes:
        values: what the plain registers hold.
        readers, writers: register -> what a read asks, a write runs instead.
        identity: what it says it is; another than the usual one stands for another device.
    """

    def __init__(self, machine: Machine, name: str, address: int, plain: Mapping[int, int]) -> None:
        self.machine = machine
        self.name = name
        self.address = address
        self._plain = dict(plain)
        self.values = dict(plain)
        self.readers: dict[int, Callable[[], int]] = {}
        self.writers: dict[int, Callable[[int], None]] = {}
        self.pointer = 0
        self.powered = False
        self.usual_identity = self.identity = 0

    def power(self, on: bool) -> None:
        """Its supply comes or goes; either way its registers are as after power on."""
        self.powered = on
        self.reset()

    def reset(self) -> None:
        """Registers as after power on."""
        self.values = dict(self._plain)
        self.pointer = 0

    def write(self, data: bytes) -> None:
        """What the master sent after the address."""
        self.pointer = self.point(data[0])
        for value in data[1:]:
            self._check("write to", value)
            if self.pointer in self.writers:
                self.writers[self.pointer](value)
            else:
                self.values[self.pointer] = value
            self.pointer = self.following(self.pointer)

    def read(self, count: int) -> bytes:
        """What the master clocks out."""
        data = bytearray()
        for _ in range(count):
            self._check("read from")
            reader = self.readers.get(self.pointer)
            value = self.values[self.pointer] if reader is None else reader()
            data.append(value & 0xFF)
            self.pointer = self.following(self.pointer)
        return bytes(data)

    def point(self, first: int) -> int:
        """The register that the first byte of a write names."""
        return first

    def following(self, register: int) -> int:
        """The register after `register` in one transfer."""
        return (register + 1) & 0xFF

    def _check(self, verb: str, value: int | None = None) -> None:
        known = self.pointer in self.values
        if value is None:
            known = known or self.pointer in self.readers
        else:
            known = known or self.pointer in self.writers
        if not known:
            raise GuestFaultError(
                f"a {verb} register {self.pointer:#04x} of the {self.name}, which the virtual "
                "board does not model"
            )


class Bus:
    """Two pins of the chip, with what is on them.

    Args:
        scl, sda: pins by number.
        pulled_up: whether the lines are high while nobody pulls them down.
        reset: brings what is on it into the state after power on.

    Attributes:
        devices: what answers, by address.
    """

    def __init__(
        self, scl: int, sda: int, pulled_up: Callable[[], bool], reset: Callable[[], None]
    ) -> None:
        self.reset = reset
        self.scl, self.sda = scl, sda
        self.pulled_up = pulled_up
        self.devices: dict[int, RegisterDevice] = {}

    def find(self, address: int) -> RegisterDevice | None:
        """What acknowledges `address` now."""
        device = self.devices.get(address)
        return device if device is not None and device.powered else None
