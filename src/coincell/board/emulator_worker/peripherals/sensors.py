# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""A board's inner bus and the inertial sensors fitted to it; the Nano's, unless told.

The Nano's: P0.14 data, P0.15 clock. P0.22 switches the sensors' supply and P1.00 feeds the bus's
pull-ups: variant.cpp of Arduino's ArduinoCore-mbed for the Nano 33 BLE. States in `activity`:
sensor_rail and pull_ups, off or on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..machine import Machine
from ..registers import GuestFaultError
from .bmi270 import Bmi270
from .bmm150 import Bmm150
from .gpio import Gpio
from .lsm6ds3tr_c import Lsm6ds3trC
from .lsm9ds1 import AccelerometerGyroscope, Magnetometer
from .motion import Motion
from .wire import Bus, RegisterDevice

NANO = (14, 15, 22, 32, 0x6B, 0x1E)
"""Data, clock, supply and pull-ups by pin, then the addresses that something is fitted to."""


class Sensors:
    """The world "sensors": which of them the board has."""

    def __init__(
        self, machine: Machine, gpio: Gpio, motion: Motion, wired: Sequence[int] = NANO
    ) -> None:
        self.machine, self.motion = machine, motion
        self.known: dict[str, list[RegisterDevice]] = {
            "lsm9ds1": [AccelerometerGyroscope(machine, motion), Magnetometer(machine, motion)],
            "bmi270": [Bmi270(machine, motion, gpio)],
            "bmm150": [Bmm150(machine, motion)],
            "lsm6ds3tr-c": [Lsm6ds3trC(machine, motion)],
        }
        data, clock, rail, pull_ups, *addresses = wired
        self.bus = Bus(clock, data, lambda: gpio.output(pull_ups), self.reset)
        gpio.drive(data, self.bus.pulled_up)
        gpio.drive(clock, self.bus.pulled_up)
        gpio.listen(rail, self._rail)
        gpio.listen(pull_ups, lambda on: machine.activity.set("pull_ups", "on" if on else "off"))
        self._fit([name for name, devices in self.known.items() if devices[0].address in addresses])

    def load(self, blob: bytes, **settings: object) -> None:
        """Fit the sensors named in `fitted`; `identities` (name -> byte) makes one answer wrongly.

        They come without power: restart the board afterwards. With `sagged`, a name, the supply of
        one that is fitted was gone for a moment, and nothing else changes.
        """
        del blob
        if sagged := settings.get("sagged"):
            for device in self.known[str(sagged)]:
                device.power(device.powered)
            return
        fitted, identities = settings.get("fitted", []), settings.get("identities", {})
        assert isinstance(fitted, list)
        assert isinstance(identities, Mapping)
        if unknown := set(fitted) - set(self.known):
            raise GuestFaultError(f"no model of the sensor {min(unknown)}")
        self._fit(fitted)
        for name, identity in identities.items():
            self.known[name][0].identity = int(identity)

    def _fit(self, names: list[str]) -> None:
        for device in self._devices():
            device.identity = device.usual_identity
        fitted = [device for name in names for device in self.known[name]]
        self.bus.devices = {device.address: device for device in fitted}

    def _devices(self) -> list[RegisterDevice]:
        return [device for devices in self.known.values() for device in devices]

    def reset(self) -> None:
        """As after power on: no supply."""
        for device in self._devices():
            device.power(False)
        self.motion.reset()
        self._rail(False)
        self.machine.activity.set("pull_ups", "off")

    def _rail(self, on: bool) -> None:
        self.machine.activity.set("sensor_rail", "on" if on else "off")
        for device in self.bus.devices.values():
            device.power(on)
