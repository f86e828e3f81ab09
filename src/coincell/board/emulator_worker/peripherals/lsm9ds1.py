# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""LSM9DS1 of the Nano 33 BLE Sense (ST, data sheet DocID025715): two devices in one package.

States of "imu" in `activity`: off, power_down, accelerometer, gyroscope_low, gyroscope (either with
the accelerometer); of "magnetometer": off, power_down, on. Sensitivities are of table 3, rates of
tables 46, 52, 68 and 111. The package's interrupt pins are not wired on the Nano.
"""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError
from .motion import Motion, Samples, counts
from .wire import RegisterDevice

WHO_AM_I, CTRL_REG1_G, STATUS, OUT_G, OUT_XL = 0x0F, 0x10, 0x17, 0x18, 0x28
CTRL_REG5_XL, CTRL_REG6_XL, CTRL_REG8, CTRL_REG9 = 0x1F, 0x20, 0x22, 0x23
FIFO_CTRL, FIFO_SRC = 0x2E, 0x2F
GYROSCOPE_RATES = (0.0, 14.9, 59.5, 119.0, 238.0, 476.0, 952.0)
ACCELEROMETER_RATES = (0.0, 10.0, 50.0, 119.0, 238.0, 476.0, 952.0)
G_STEPS = (0.061e-3, 0.732e-3, 0.122e-3, 0.244e-3)
DEGREE_STEPS = (8.75e-3, 17.5e-3, None, 70e-3)
LOW_POWER_GYROSCOPE_HZ = 119.0
"""Up to here the gyroscope works in its low-power mode, if LP_mode asks for it."""


class AccelerometerGyroscope(RegisterDevice):
    """Address 0x6B."""

    def __init__(self, machine: Machine, motion: Motion) -> None:
        plain = dict.fromkeys((0x04, 0x05, CTRL_REG1_G, 0x11, 0x12, 0x13, 0x1E), 0)
        plain |= {CTRL_REG5_XL: 0x38, CTRL_REG6_XL: 0, 0x21: 0, CTRL_REG8: 4, CTRL_REG9: 0}
        plain |= {0x1E: 0x38, FIFO_CTRL: 0}
        super().__init__(machine, "LSM9DS1 (accelerometer, gyroscope)", 0x6B, plain)
        self.motion = motion
        self.samples = Samples(machine, 32)
        self.usual_identity = self.identity = 0x68
        self.readers |= {STATUS: self._status, FIFO_SRC: self._queue}
        self.readers[WHO_AM_I] = lambda: self.identity
        for axis in range(3):
            for byte in range(2):
                self.readers[OUT_G + 2 * axis + byte] = self._reader(3 + axis, byte)
                self.readers[OUT_XL + 2 * axis + byte] = self._reader(axis, byte)
        self.readers[OUT_XL + 5] = self._last
        for register in (CTRL_REG1_G, CTRL_REG6_XL, CTRL_REG9, FIFO_CTRL):
            self.writers[register] = self._configurer(register)
        self.writers[CTRL_REG8] = self._control

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.samples.stop()
        self._read_index: int | None = None
        self._rotates = False
        self.machine.activity.set("imu", "power_down" if self.powered else "off")

    def following(self, register: int) -> int:
        """IF_ADD_INC lets the register's address grow."""
        return register + 1 if self.values[CTRL_REG8] & 4 else register

    def _control(self, value: int) -> None:
        if value & 1:
            self.reset()
        else:
            self.values[CTRL_REG8] = value

    def _configurer(self, register: int) -> Callable[[int], None]:
        def configure(value: int) -> None:
            self.values[register] = value
            self._configure()

        return configure

    def _configure(self) -> None:
        gyroscope = self.values[CTRL_REG1_G] >> 5
        accelerometer = self.values[CTRL_REG6_XL] >> 5
        if max(gyroscope, accelerometer) > 6:
            raise GuestFaultError("a rate that the LSM9DS1 does not have (ODR 7)")
        samples = self.samples
        rate = GYROSCOPE_RATES[gyroscope] or ACCELEROMETER_RATES[accelerometer]
        if bool(gyroscope) != self._rotates:  # the one clock gives way to the other
            self._rotates = bool(gyroscope)
            samples.stop()
        if rate:
            samples.start(rate)
        else:
            samples.stop()
        mode = self.values[FIFO_CTRL] >> 5
        if mode not in (0, 1, 6):
            raise GuestFaultError(f"FIFO mode {mode} of the LSM9DS1, which is not modelled")
        queueing = bool(self.values[CTRL_REG9] & 2) and mode != 0
        if queueing and not samples.queueing:
            samples.clear()
        samples.queueing, samples.stops_when_full = queueing, mode == 1
        self._tell_activity(GYROSCOPE_RATES[gyroscope], bool(rate))

    def _tell_activity(self, gyroscope_hz: float, on: bool) -> None:
        if not on:
            state = "power_down"
        elif not gyroscope_hz:
            state = "accelerometer"
        else:
            low = gyroscope_hz <= LOW_POWER_GYROSCOPE_HZ and self.values[0x12] & 0x80
            state = "gyroscope_low" if low else "gyroscope"
        self.machine.activity.set("imu", state)

    def _status(self) -> int:
        latest = self.samples.latest()
        fresh = latest is not None and latest != self._read_index
        return 3 if fresh else 0

    def _queue(self) -> int:
        waiting = self.samples.queued()
        threshold = self.values[FIFO_CTRL] & 31
        full = bool(threshold) and waiting >= threshold
        return waiting | self.samples.overrun << 6 | full << 7

    def _word(self, channel: int) -> int:
        index = self.samples.oldest() if self.samples.queueing else self.samples.latest()
        if index is None:
            return 0
        value = self.motion.at(self.samples.moment(index))[channel]
        if channel < 3:
            return counts(value, G_STEPS[self.values[CTRL_REG6_XL] >> 3 & 3])
        if not self.values[CTRL_REG1_G] >> 5:
            return 0
        step = DEGREE_STEPS[self.values[CTRL_REG1_G] >> 3 & 3]
        if step is None:
            raise GuestFaultError("a full scale that the LSM9DS1 does not have (FS_G 2)")
        return counts(value, step)

    def _reader(self, channel: int, byte: int) -> Callable[[], int]:
        return lambda: self._word(channel) >> 8 * byte

    def _last(self) -> int:
        """The high byte of the last axis: with it a sample has been read."""
        value = self._word(2) >> 8
        self._read_index = self.samples.latest()
        self.samples.drop()
        return value


MAGNETOMETER_RATES = (0.625, 1.25, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0)
MICROTESLA_STEPS = (0.014, 0.029, 0.043, 0.058)
CTRL_REG1_M, CTRL_REG2_M, CTRL_REG3_M, STATUS_M, OUT_M = 0x20, 0x21, 0x22, 0x27, 0x28


class Magnetometer(RegisterDevice):
    """Address 0x1E. The top bit of a register's address lets the address grow."""

    def __init__(self, machine: Machine, motion: Motion) -> None:
        plain = {CTRL_REG1_M: 0x10, CTRL_REG2_M: 0, CTRL_REG3_M: 3, 0x23: 0}
        super().__init__(machine, "LSM9DS1 (magnetometer)", 0x1E, plain | {0x24: 0})
        self.motion = motion
        self.samples = Samples(machine, 1)
        self._grows = False
        self.usual_identity = self.identity = 0x3D
        self.readers[WHO_AM_I] = lambda: self.identity
        self.readers[STATUS_M] = self._status
        for axis in range(3):
            for byte in range(2):
                self.readers[OUT_M + 2 * axis + byte] = self._reader(axis, byte)
        self.writers |= {CTRL_REG1_M: self._rate, CTRL_REG3_M: self._mode}

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.samples.stop()
        self._read_index: int | None = None
        self.machine.activity.set("magnetometer", "power_down" if self.powered else "off")

    def point(self, first: int) -> int:
        """Seven bits of address and whether it grows."""
        self._grows = bool(first & 0x80)
        return first & 0x7F

    def following(self, register: int) -> int:
        """As `point` was told."""
        return register + 1 if self._grows else register

    def _rate(self, value: int) -> None:
        self.values[CTRL_REG1_M] = value
        self._mode(self.values[CTRL_REG3_M])

    def _mode(self, value: int) -> None:
        self.values[CTRL_REG3_M] = value
        if value & 3 == 0:
            self.samples.start(MAGNETOMETER_RATES[self.values[CTRL_REG1_M] >> 2 & 7])
        elif value & 3 == 1:
            raise GuestFaultError("single conversions of the LSM9DS1, which are not modelled")
        else:
            self.samples.stop()
        self.machine.activity.set("magnetometer", "power_down" if value & 3 else "on")

    def _status(self) -> int:
        latest = self.samples.latest()
        return 0x08 if latest is not None and latest != self._read_index else 0

    def _reader(self, axis: int, byte: int) -> Callable[[], int]:
        def read() -> int:
            index = self.samples.latest()
            if index is None:
                return 0
            self._read_index = index
            step = MICROTESLA_STEPS[self.values[CTRL_REG2_M] >> 5 & 3]
            return counts(self.motion.at(self.samples.moment(index))[6 + axis], step) >> 8 * byte

        return read
