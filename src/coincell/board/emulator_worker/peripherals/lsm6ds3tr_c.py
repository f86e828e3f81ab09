# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""LSM6DS3TR-C of the XIAO nRF52840 Sense (ST, data sheet DocID030071).

Registers and bits are those that ST's driver lsm6ds3tr-c-pid names.

States of "imu" in `activity`: off, power_down, accelerometer, gyroscope_low, gyroscope (either with
the accelerometer; low: without its high-performance mode). The queue holds 4 KiB, rotation before
acceleration. Interrupts and the functions that make them are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError
from .motion import Motion, Samples, counts
from .wire import RegisterDevice

FIFO_CTRL1, FIFO_CTRL3, FIFO_CTRL5, WHO_AM_I = 0x06, 0x08, 0x0A, 0x0F
CTRL1_XL, CTRL2_G, CTRL3_C, CTRL7_G, CTRL10_C = 0x10, 0x11, 0x12, 0x16, 0x19
STATUS, OUT_G, OUT_XL, FIFO_STATUS, FIFO_DATA = 0x1E, 0x22, 0x28, 0x3A, 0x3E
RATES = (0.0, 12.5, 26.0, 52.0, 104.0, 208.0, 416.0, 833.0, 1666.0, 3333.0, 6666.0)
G_STEPS = (0.061e-3, 0.488e-3, 0.122e-3, 0.244e-3)
"""By FS_XL: 2, 16, 4 and 8 g."""
DEGREE_STEPS = (8.75e-3, 17.5e-3, 35e-3, 70e-3)
"""By FS_G: 250, 500, 1000 and 2000 degrees a second."""
FINE_DEGREE_STEP = 4.375e-3
"""With FS_125."""
FIFO_BYTES = 4096


class Lsm6ds3trC(RegisterDevice):
    """Address 0x6A."""

    def __init__(self, machine: Machine, motion: Motion) -> None:
        plain = dict.fromkeys(range(FIFO_CTRL1, FIFO_CTRL5 + 1), 0)
        plain |= dict.fromkeys(range(CTRL1_XL, CTRL10_C + 1), 0) | {CTRL3_C: 4, 0x0D: 0, 0x0E: 0}
        super().__init__(machine, "LSM6DS3TR-C", 0x6A, plain)
        self.motion = motion
        self.samples = Samples(machine, 0)
        self.usual_identity = self.identity = 0x6A
        self.readers |= {WHO_AM_I: lambda: self.identity, STATUS: self._status}
        for axis in range(3):
            for byte in range(2):
                self.readers[OUT_G + 2 * axis + byte] = self._reader(3 + axis, byte)
                self.readers[OUT_XL + 2 * axis + byte] = self._reader(axis, byte)
        self.readers |= {
            FIFO_STATUS: lambda: self._waiting(),
            FIFO_STATUS + 1: self._queue,
            FIFO_STATUS + 2: lambda: self._place,
            FIFO_STATUS + 3: lambda: 0,
            FIFO_DATA: lambda: self._queued_word(),
            FIFO_DATA + 1: self._taken_word,
        }
        for register in (FIFO_CTRL3, FIFO_CTRL5, CTRL1_XL, CTRL2_G, CTRL7_G):
            self.writers[register] = self._configurer(register)
        self.writers[CTRL3_C] = self._control

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.samples.stop()
        self._place = 0
        self._read_index: int | None = None
        self.machine.activity.set("imu", "power_down" if self.powered else "off")

    def following(self, register: int) -> int:
        """IF_INC lets the address grow; at the queue's end it goes back to the queue's begin."""
        if not self.values[CTRL3_C] & 4:
            return register
        return FIFO_DATA if register == FIFO_DATA + 1 else register + 1

    def _control(self, value: int) -> None:
        if value & 1:
            self.reset()
        else:
            self.values[CTRL3_C] = value

    def _configurer(self, register: int) -> Callable[[int], None]:
        def configure(value: int) -> None:
            self.values[register] = value
            self._configure()

        return configure

    def _rate(self, register: int) -> float:
        code = self.values[register] >> 4
        if code >= len(RATES):
            raise GuestFaultError(f"rate {code} of the LSM6DS3TR-C, which is not modelled")
        return RATES[code]

    def _configure(self) -> None:
        acceleration, rotation = self._rate(CTRL1_XL), self._rate(CTRL2_G)
        samples, mode = self.samples, self.values[FIFO_CTRL5] & 7
        if acceleration or rotation:
            samples.start(rotation or acceleration)
        else:
            samples.stop()
        if mode not in (0, 1, 6):
            raise GuestFaultError(f"FIFO mode {mode} of the LSM6DS3TR-C, which is not modelled")
        if mode:
            self._check_queue(acceleration, rotation)
            samples.depth = FIFO_BYTES // (2 * len(self._channels()))
        if bool(mode) != samples.queueing:
            samples.clear()
            self._place = 0
        samples.queueing, samples.stops_when_full = bool(mode), mode == 1
        low = self.values[CTRL7_G] & 0x80 and rotation <= 208
        running = ("gyroscope_low" if low else "gyroscope") if rotation else "accelerometer"
        state = running if acceleration or rotation else "power_down"
        self.machine.activity.set("imu", state)

    def _check_queue(self, acceleration: float, rotation: float) -> None:
        decimation = self.values[FIFO_CTRL3]
        if decimation & ~0o11 or not decimation:
            raise GuestFaultError(
                f"FIFO_CTRL3 of the LSM6DS3TR-C is {decimation:#04x}; every sample of acceleration "
                "(1), rotation (8) or both is modelled"
            )
        rates = {acceleration} if decimation & 1 else set()
        rates |= {rotation} if decimation & 8 else set()
        queue = RATES[min(self.values[FIFO_CTRL5] >> 3 & 15, len(RATES) - 1)]
        if rates != {queue}:
            raise GuestFaultError("the LSM6DS3TR-C's queue has another rate than what it holds")

    def _channels(self) -> list[int]:
        """What the queue holds of each moment: 0 to 2 is acceleration, 3 to 5 rotation."""
        decimation = self.values[FIFO_CTRL3]
        return ([3, 4, 5] if decimation & 8 else []) + ([0, 1, 2] if decimation & 1 else [])

    def _waiting(self) -> int:
        """Words."""
        queued = self.samples.queued()
        return queued * len(self._channels()) - self._place if queued else 0

    def _queue(self) -> int:
        words = self._waiting()
        overrun = self.samples.queueing and self.samples.overrun
        return words >> 8 & 7 | (not words) << 4 | overrun << 6

    def _queued_word(self) -> int:
        index = self.samples.oldest()
        return 0 if index is None else self._word(index, self._channels()[self._place])

    def _taken_word(self) -> int:
        """The high byte: with it the word leaves the queue."""
        value = self._queued_word() >> 8
        if self.samples.queued():
            self._place = (self._place + 1) % len(self._channels())
            if self._place == 0:
                self.samples.drop()
        return value

    def _status(self) -> int:
        latest = self.samples.latest()
        fresh = latest is not None and latest != self._read_index
        on = (self._rate(CTRL1_XL) > 0) | (self._rate(CTRL2_G) > 0) << 1
        return on if fresh else 0

    def _reader(self, channel: int, byte: int) -> Callable[[], int]:
        def read() -> int:
            self._read_index = self.samples.latest()
            return self._word(self._read_index, channel) >> 8 * byte

        return read

    def _word(self, index: int | None, channel: int) -> int:
        register = CTRL1_XL if channel < 3 else CTRL2_G
        if index is None or not self._rate(register):
            return 0
        value, setting = self.motion.at(self.samples.moment(index))[channel], self.values[register]
        if channel < 3:
            return counts(value, G_STEPS[setting >> 2 & 3])
        return counts(value, FINE_DEGREE_STEP if setting & 2 else DEGREE_STEPS[setting >> 2 & 3])
