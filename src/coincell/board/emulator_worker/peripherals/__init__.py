# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What is on the chip and around it, one file each; `Chip` puts it together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from ..machine import Machine
from .ficr import DEVICE_ID, Ficr, Uicr
from .gpio import Gpio
from .gpiote import Gpiote
from .i2s import I2s
from .lights import BUILTIN, Lights
from .low_clock import LowClock
from .motion import Motion
from .nvmc import Nvmc
from .ov7675 import Ov7675
from .pdm import Pdm
from .rtc import Rtc
from .sensors import NANO as SENSORS
from .sensors import Sensors
from .system import ClockPower, Dwt, SysTick
from .timer import Timer
from .twim import Twim
from .uarte import PINS, Uarte
from .usb_cable import UsbCable
from .usbd import Usbd
from .wdt import Watchdog

INFORMATION, INFORMATION_BYTES = 0x1000_0000, 0x2000
"""FICR and UICR, a page each."""

NANO: Mapping[str, list[int]] = MappingProxyType({})


class World(Protocol):
    """Around the chip, filled by the computer: a microphone's sound, a sensor's motion."""

    def load(self, blob: bytes, **settings: object) -> None:
        """What happens from now on."""


class Chip:
    """An nRF52840 on its board.

    Args:
        machine: what it is made of.
        wiring: the board's pins by number, from 32 on those of port 1, where they are not those of
            the Nano 33 BLE Sense: "line" [TX, RX], "microphone" [clock, data, power],
            "led_builtin" [pin, 1 if a low level lights it], "imu" as `sensors.NANO`; and "device",
            the two words of its identity.

    Attributes:
        uarte, usbd: the lines to the computer.
        gpio: for what is wired to pins.
        worlds: by name, what `Worker.world` fills.
    """

    def __init__(self, machine: Machine, wiring: Mapping[str, list[int]] = NANO) -> None:
        self.machine = machine
        self._imu = wiring.get("imu", SENSORS)
        self.uarte = Uarte(machine, wiring.get("line", PINS))
        self.gpio = Gpio(machine)
        self.systick = SysTick(machine)
        self.pdm = Pdm(machine, self.gpio, wiring.get("microphone", ()))
        self.lights = Lights(machine, self.gpio, wiring.get("led_builtin", BUILTIN))
        self.worlds: dict[str, World] = {"microphone": self.pdm.microphone}
        self.low_clock = low = LowClock(machine)
        machine.resets.also.append(lambda _: self.reset())
        machine.resets.wakers.append(self.gpio.wakes)
        power = ClockPower(machine, low)
        self.usbd = Usbd(machine, power)
        self.worlds["usb"] = UsbCable(self.usbd)
        self.worlds["supply"] = power
        for peripheral in (power, self.uarte, self.gpio, Dwt(machine)):
            machine.attach(peripheral)
        for page in (self.usbd, self.usbd.errata):
            machine.attach(page)
        machine.attach(self.pdm)
        self._attach_counters()
        self._attach_flash(wiring, power)
        machine.attach(Gpiote(machine, self.gpio))
        self._attach_sensors()

    def _attach_sensors(self) -> None:
        machine, motion = self.machine, Motion(self.machine)
        sensors = Sensors(machine, self.gpio, motion, self._imu)
        i2s = I2s(machine)
        machine.attach(i2s)
        camera = Ov7675(machine, self.gpio, i2s, self.uarte, self.uicr)
        self.worlds |= {"motion": motion, "sensors": sensors, "scene": camera}
        for number in range(2):
            machine.attach(Twim(machine, number, (sensors.bus, camera.bus)))

    def _attach_counters(self) -> None:
        machine, low = self.machine, self.low_clock
        for number in range(5):
            machine.attach(Timer(machine, number))
        for number in range(3):
            machine.attach(Rtc(machine, number, low))
        machine.attach(Watchdog(machine, low))

    def _attach_flash(self, wiring: Mapping[str, list[int]], power: ClockPower) -> None:
        self.uicr = uicr = Uicr(self.machine)
        self.machine.attach(Nvmc(self.machine, uicr, power.compares))
        if not self.machine.in_flash(INFORMATION, INFORMATION_BYTES):  # another chip's flash
            self.machine.attach(Ficr(self.machine, wiring.get("device", DEVICE_ID)))
            self.machine.attach(uicr)

    def feed(self, data: bytes) -> None:
        """Bytes from the computer, by USB when the firmware has switched that on."""
        (self.usbd.host if self.usbd.on else self.uarte).feed(data)

    def take(self) -> bytes:
        """What the firmware has sent to the computer since the last call."""
        return self.uarte.take() + self.usbd.host.take()

    def reset(self) -> None:
        """What is not a page of registers, as after a reset; before the machine's own."""
        self.low_clock.reset()
        self.systick.reset()
