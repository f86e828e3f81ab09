# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""BMI270 of the Nano 33 BLE Sense Rev2 (Bosch, data sheet BST-BMI270-DS000), on its I2C side.

It measures nothing before its 8 KB of configuration are loaded; they are Bosch's and not here: any
8192 bytes that are not all equal are taken. States of "imu" in `activity`: off, suspend, low_power
(the accelerometer, switched on for each sample), normal, performance.

INT1 is wired to P0.11 and the sensor is turned on the board (x of the board is -y of the sensor,
y is -x): BMI270.cpp of Arduino's Arduino_BMI270_BMM150.
"""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError
from ..schedule import Event
from .gpio import Gpio
from .motion import Motion, Samples, counts
from .system import CLOCK_HZ
from .wire import RegisterDevice

CHIP_ID, STATUS, DATA, INT_STATUS_0, INT_STATUS_1 = 0x00, 0x03, 0x0C, 0x1C, 0x1D
INTERNAL_STATUS, FIFO_LENGTH, FIFO_DATA, FEAT_PAGE, FEATURES = 0x21, 0x24, 0x26, 0x2F, 0x30
ACC_CONF, ACC_RANGE, GYR_CONF, GYR_RANGE = 0x40, 0x41, 0x42, 0x43
FIFO_CONFIG_0, FIFO_CONFIG_1, INT1_IO_CTRL, INT_LATCH, INT1_MAP_FEAT = 0x48, 0x49, 0x53, 0x55, 0x56
INIT_CTRL, INIT_ADDR, INIT_DATA, PWR_CONF, PWR_CTRL, CMD = 0x59, 0x5B, 0x5E, 0x7C, 0x7D, 0x7E
PLAIN = {0x02: 0, 0x44: 0, 0x45: 0x88, 0x46: 0, 0x47: 2, 0x4A: 0, 0x54: 0, 0x57: 0, 0x58: 0}
CONFIGURED = {ACC_CONF: 0xA8, ACC_RANGE: 2, GYR_CONF: 0xA9, GYR_RANGE: 0, FIFO_CONFIG_0: 2}
CONFIGURED |= {FIFO_CONFIG_1: 0x10, PWR_CTRL: 0}
NOT_INITIALISED, INITIALISED, FAILED = 0, 1, 2
CONFIGURATION_BYTES = 8192
CONFIGURATION_CYCLES = CLOCK_HZ // 50
"""20 ms, what the data sheet allows the sensor to start with its configuration."""

FIFO_BYTES = 2048
FRAME_BYTES = 6
EMPTY = 0x80
"""What the empty queue gives."""

ANY_MOTION = 1 << 6
ANY_MOTION_1, ANY_MOTION_2 = 16 + 12, 16 + 14
"""Bytes in the features: page 1, 0x3C and 0x3E."""

ANY_MOTION_HZ = 50
INTERRUPT_PIN = 11
TURNED = ((1, -1), (0, -1), (2, 1))
"""(axis of the board, sign) for each axis of the sensor."""


class Bmi270(RegisterDevice):
    """Address 0x68."""

    def __init__(self, machine: Machine, motion: Motion, gpio: Gpio) -> None:
        plain = PLAIN | CONFIGURED | {INT1_IO_CTRL: 0, INT_LATCH: 0, INT1_MAP_FEAT: 0}
        plain |= {INIT_CTRL: 0, INIT_ADDR: 0, INIT_ADDR + 1: 0, PWR_CONF: 3, FEAT_PAGE: 0}
        super().__init__(machine, "BMI270", 0x68, plain)
        self.motion, self.gpio = motion, gpio
        self.samples = Samples(machine, 0)
        self.usual_identity = self.identity = 0x24
        self.readers |= {
            CHIP_ID: lambda: self.identity,
            STATUS: self._status,
            INT_STATUS_0: self._take_interrupts,
            INT_STATUS_1: lambda: self._status() & 0xC0,
            INTERNAL_STATUS: lambda: self.internal_status,
            FIFO_LENGTH: lambda: self._queued_bytes(),
            FIFO_LENGTH + 1: lambda: self._queued_bytes() >> 8,
            FIFO_DATA: self._next_byte,
        }
        for channel in range(6):
            for byte in range(2):
                self.readers[DATA + 2 * channel + byte] = self._reader(channel, byte)
        for offset in range(16):
            self.readers[FEATURES + offset] = self._feature_reader(offset)
            self.writers[FEATURES + offset] = self._feature_writer(offset)
        for register in CONFIGURED:
            self.writers[register] = self._configurer(register)
        self.writers |= {INIT_CTRL: self._control, INIT_DATA: self._load, CMD: self._command}
        gpio.drive(INTERRUPT_PIN, self._interrupt_level)

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.samples.stop()
        self.internal_status = NOT_INITIALISED
        self.configuration: dict[int, int] = {}
        self.features = bytearray(128)
        self.interrupts = 0
        self._read_index: int | None = None
        self._byte = self._frame_byte = 0
        self._watch: Event | None = None
        self._reference: list[float] | None = None
        self._moving = 0
        self.machine.activity.set("imu", "suspend" if self.powered else "off")

    def following(self, register: int) -> int:
        """The two ports for long data stay where they are."""
        return register if register in (INIT_DATA, FIFO_DATA) else (register + 1) & 0x7F

    # The configuration

    def _control(self, value: int) -> None:
        self.values[INIT_CTRL] = value
        if value & 1 == 0:
            self.configuration.clear()
            self.internal_status = NOT_INITIALISED
        else:
            moment = self.machine.now + CONFIGURATION_CYCLES
            self.machine.schedule.at(moment, self._judge, outside=True)

    def _load(self, value: int) -> None:
        """INIT_ADDR counts words of two bytes: its low four bits, then the next eight."""
        if self.values[PWR_CONF] & 1 or self.values[INIT_CTRL] & 1:
            return
        word = self.values[INIT_ADDR] & 15 | self.values[INIT_ADDR + 1] << 4
        place = 2 * word + self._byte
        self.configuration[place] = value
        self._byte ^= 1
        if self._byte == 0:
            self.values[INIT_ADDR] = (word + 1) & 15
            self.values[INIT_ADDR + 1] = (word + 1) >> 4 & 0xFF

    def _judge(self) -> None:
        whole = all(place in self.configuration for place in range(CONFIGURATION_BYTES))
        good = whole and len(set(self.configuration.values())) > 1
        self.internal_status = INITIALISED if good else FAILED

    def _command(self, value: int) -> None:
        if value == 0xB6:
            self.reset()
        elif value == 0xB0:
            self.samples.clear()
        else:
            raise GuestFaultError(f"command {value:#04x} of the BMI270, which is not modelled")

    # Measuring

    def _configurer(self, register: int) -> Callable[[int], None]:
        def configure(value: int) -> None:
            self.values[register] = value
            self._configure()

        return configure

    def _configure(self) -> None:
        power, samples = self.values[PWR_CTRL], self.samples
        acceleration, rotation = bool(power & 4), bool(power & 2)
        ready = self.internal_status == INITIALISED
        if ready and (acceleration or rotation):
            code = self.values[GYR_CONF if rotation else ACC_CONF] & 15
            samples.start(25 * 2.0 ** (code - 6))
        else:
            samples.stop()
        chosen = self.values[FIFO_CONFIG_1]
        if chosen & 0xC0 and chosen & 0x30:
            raise GuestFaultError("frames with headers or a magnetometer in the BMI270's FIFO")
        both = chosen & 0xC0 == 0xC0
        if both and (self.values[ACC_CONF] ^ self.values[GYR_CONF]) & 15:
            raise GuestFaultError("two rates in the BMI270's FIFO without headers")
        queueing = bool(chosen & 0xC0)
        samples.depth = FIFO_BYTES // (FRAME_BYTES * (2 if both else 1))
        if queueing and not samples.queueing:
            samples.clear()
        samples.queueing, samples.stops_when_full = queueing, bool(self.values[FIFO_CONFIG_0] & 1)
        performance = self.values[GYR_CONF if rotation else ACC_CONF] & 0x80
        state = "performance" if performance else "normal" if rotation else "low_power"
        self.machine.activity.set("imu", state if acceleration or rotation else "suspend")

    def _status(self) -> int:
        latest = self.samples.latest()
        fresh = latest is not None and latest != self._read_index
        power = self.values[PWR_CTRL]
        return 0x10 | (bool(power & 4) << 7 | bool(power & 2) << 6 if fresh else 0)

    def _word(self, index: int | None, channel: int) -> int:
        """Channel 0 to 2 is acceleration, 3 to 5 rotation."""
        enabled = self.values[PWR_CTRL] & (4 if channel < 3 else 2)
        if index is None or not enabled:
            return 0
        axis, sign = TURNED[channel % 3]
        value = sign * self.motion.at(self.samples.moment(index))[axis + (0, 3)[channel >= 3]]
        if channel < 3:
            return counts(value, (2 << (self.values[ACC_RANGE] & 3)) / 32768)
        return counts(value, 2000 / (1 << (self.values[GYR_RANGE] & 7)) / 32768)

    def _reader(self, channel: int, byte: int) -> Callable[[], int]:
        def read() -> int:
            self._read_index = self.samples.latest()
            return self._word(self._read_index, channel) >> 8 * byte

        return read

    # The queue: frames without headers, rotation before acceleration

    def _channels(self) -> list[int]:
        chosen = self.values[FIFO_CONFIG_1]
        return ([3, 4, 5] if chosen & 0x80 else []) + ([0, 1, 2] if chosen & 0x40 else [])

    def _queued_bytes(self) -> int:
        return self.samples.queued() * 2 * len(self._channels())

    def _next_byte(self) -> int:
        channels, index = self._channels(), self.samples.oldest()
        if index is None:
            self._frame_byte = 0
            return EMPTY
        place = self._frame_byte
        value = self._word(index, channels[place // 2]) >> 8 * (place % 2)
        self._frame_byte = (place + 1) % (2 * len(channels))
        if self._frame_byte == 0:
            self.samples.drop()
        return value

    # Any motion

    def _feature(self, byte: int) -> int:
        return int.from_bytes(self.features[byte : byte + 2], "little")

    def _feature_reader(self, offset: int) -> Callable[[], int]:
        return lambda: self.features[16 * (self.values[FEAT_PAGE] & 7) + offset]

    def _feature_writer(self, offset: int) -> Callable[[int], None]:
        def write(value: int) -> None:
            self.features[16 * (self.values[FEAT_PAGE] & 7) + offset] = value
            self._watch_for_motion()

        return write

    def _watch_for_motion(self) -> None:
        enabled = self._feature(ANY_MOTION_2) >> 15 and self.internal_status == INITIALISED
        if enabled and self._watch is None:
            self._reference, self._moving = None, 0
            self._next_look()
        elif not enabled and self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _next_look(self) -> None:
        moment = self.machine.now + CLOCK_HZ // ANY_MOTION_HZ
        self._watch = self.machine.schedule.at(moment, self._look, outside=True)

    def _look(self) -> None:
        """Slope against the reference, on any axis chosen, for so many samples in a row."""
        if not self.powered:
            return
        self._next_look()
        if not self.values[PWR_CTRL] & 4:
            return
        now = self.motion.at(self.machine.now)[:3]
        first, second = self._feature(ANY_MOTION_1), self._feature(ANY_MOTION_2)
        chosen = [TURNED[axis][0] for axis in range(3) if first >> 13 + axis & 1]
        reference = self._reference or now
        self._reference = reference
        threshold = (second & 0x7FF) / 2048
        beyond = any(abs(now[axis] - reference[axis]) > threshold for axis in chosen)
        self._moving = self._moving + 1 if beyond else 0
        if self._moving >= max(first & 0x1FFF, 1):
            self._reference, self._moving = now, 0
            self.interrupts |= ANY_MOTION
            self._tell_pin()

    def _interrupt_level(self) -> bool | None:
        mapped = self.interrupts & self.values[INT1_MAP_FEAT]
        control = self.values[INT1_IO_CTRL]
        if not self.powered or not control & 8:
            return None
        return bool(mapped) == bool(control & 2)

    def _tell_pin(self) -> None:
        if self.values[INT1_MAP_FEAT] & ANY_MOTION and not self.values[INT_LATCH] & 1:
            raise GuestFaultError("interrupts of the BMI270 without a latch, which is not modelled")
        self.gpio.sense()

    def _take_interrupts(self) -> int:
        taken, self.interrupts = self.interrupts, 0
        self.gpio.sense()
        return taken
