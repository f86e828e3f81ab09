# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""BMM150 of the Nano 33 BLE Sense Rev2 (Bosch, data sheet BST-BMM150-DS001), on its I2C side.

States of "magnetometer" in `activity`: off, suspend, sleep, normal. The raw values are found from
the field by the way back through Bosch's compensation, with trim values of one made-up sensor.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError
from .motion import Motion, Samples, counts
from .wire import RegisterDevice

CHIP_ID, DATA, POWER, OPERATION, REP_XY, REP_Z = 0x40, 0x42, 0x4B, 0x4C, 0x51, 0x52
RATES = (10.0, 2.0, 6.0, 8.0, 15.0, 20.0, 25.0, 30.0)
XY1, XY2, Z1, Z2, XYZ1 = 29, -3, 24747, 763, 6753
X1, Y1, X2, Y2, Z3, Z4 = 2, -1, 26, 25, -37, 8
HALL = 6800
"""What the sensor tells of its own resistance."""


def trim() -> dict[int, int]:
    """The sensor's trim registers."""
    parts = {
        0x5D: struct.pack("<bb", X1, Y1),
        0x62: struct.pack("<hbb", Z4, X2, Y2),
        0x68: struct.pack("<hHHhbB", Z2, Z1, XYZ1, Z3, XY2, XY1),
    }
    return {begin + i: byte for begin, data in parts.items() for i, byte in enumerate(data)}


def raw_of(field: float, axis: int) -> int:
    """What the sensor measures in `field` microtesla along an axis, in its own steps."""
    if axis == 2:
        scale = Z2 + (Z1 * 2 * HALL + 32768) // 65536
        return counts(Z4 + (field * 16 * scale + Z3 * (HALL - XYZ1) / 4) / 32768, 1, -16384, 16383)
    bend = XYZ1 * 16384 / HALL - 16384
    gain = (XY2 * bend * bend / 128 + bend * XY1 * 128) / 512 + 1048576
    second, first = ((X2, X1), (Y2, Y1))[axis]
    step = gain * (second + 160) / 4096 / 8192
    return counts((field * 16 - 8 * first) / step, 1, -4096, 4095)


class Bmm150(RegisterDevice):
    """Address 0x10. Before its power bit is set it answers, and every register reads as zero."""

    def __init__(self, machine: Machine, motion: Motion) -> None:
        plain = trim() | {0x48: 0, 0x49: 0, 0x4A: 0, POWER: 0, OPERATION: 6, 0x4D: 0x3F, 0x4E: 7}
        super().__init__(machine, "BMM150", 0x10, plain | {REP_XY: 0, REP_Z: 0})
        self.motion = motion
        self.samples = Samples(machine, 1)
        self.usual_identity = self.identity = 0x32
        self.readers[CHIP_ID] = lambda: self.identity
        for byte in range(8):
            self.readers[DATA + byte] = self._reader(byte)
        self.writers |= {POWER: self._power, OPERATION: self._operation}

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.samples.stop()
        self._read_index: int | None = None
        self.machine.activity.set("magnetometer", "suspend" if self.powered else "off")

    def read(self, count: int) -> bytes:
        """Nothing but zeros in suspend, the power register apart."""
        if not self.values[POWER] & 1 and self.pointer != POWER:
            return bytes(count)
        return super().read(count)

    def _power(self, value: int) -> None:
        if value & 0x82:
            raise GuestFaultError("a soft reset of the BMM150, which is not modelled")
        self.values[POWER] = value
        self.values[OPERATION] = 6
        self.samples.stop()
        self.machine.activity.set("magnetometer", "sleep" if value & 1 else "suspend")

    def _operation(self, value: int) -> None:
        if not self.values[POWER] & 1:
            return
        self.values[OPERATION] = value
        mode = value >> 1 & 3
        if mode == 0:
            self.samples.start(RATES[value >> 3 & 7])
        elif mode == 3:
            self.samples.stop()
        else:
            raise GuestFaultError("forced mode of the BMM150, which is not modelled")
        self.machine.activity.set("magnetometer", "sleep" if mode else "normal")

    def _reader(self, byte: int) -> Callable[[], int]:
        return lambda: self._data()[byte]

    def _data(self) -> bytes:
        """X and Y in the top 13 bits of a word, Z in the top 15, resistance in the top 14."""
        index = self.samples.latest()
        if index is None:
            return bytes(8)
        fresh = index != self._read_index
        if self.pointer == DATA + 7:
            self._read_index = index
        field = self.motion.at(self.samples.moment(index))[6:9]
        words = [raw_of(field[0], 0) << 3, raw_of(field[1], 1) << 3, raw_of(field[2], 2) << 1]
        words.append(HALL << 2 | fresh)
        return b"".join((word & 0xFFFF).to_bytes(2, "little") for word in words)
