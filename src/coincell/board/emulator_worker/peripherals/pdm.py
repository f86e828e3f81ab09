# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""PDM of the nRF52840 (product specification, section 6.15) and the microphone at its pins.

The microphone is modelled as what the interface's filter makes of it: 16-bit samples at the rate
that clock and ratio give. The filter's delay and its settling after a start are left out.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral
from ..schedule import Event
from .gpio import Gpio

START, STOP = 0x000, 0x004
STARTED, STOPPED, END = 0x100, 0x104, 0x108
ENABLE, PDMCLKCTRL, MODE, GAINL, GAINR, RATIO = 0x500, 0x504, 0x508, 0x518, 0x51C, 0x520
PSEL_CLK, PSEL_DIN, PTR, MAXCNT = 0x540, 0x544, 0x560, 0x564

CLOCK_HZ = 64_000_000
DIVISORS = MappingProxyType(
    {0x08000000: 32, 0x08400000: 31, 0x08800000: 30, 0x09800000: 26, 0x0A000000: 25, 0x0A800000: 24}
)
"""PDMCLKCTRL -> what the crystal's 32 MHz are divided by."""
RATIOS = (64, 80)
GAIN_0_DB, GAIN_MOST = 0x28, 0x50
"""In steps of half a decibel."""
DISCONNECTED = 0xFFFFFFFF
WIRING: Mapping[tuple[int, int], int] = MappingProxyType({(26, 25): 17, (32, 16): 42})
"""(clock pin, data pin) -> the microphone's power pin: Nano 33 BLE Sense, XIAO nRF52840 Sense."""


class Microphone:
    """A sound, which begins with the first sample taken after it was loaded, then silence."""

    def __init__(self) -> None:
        self.rate = 0
        self._samples = array("h")
        self._begin: int | None = None

    def load(self, blob: bytes, **settings: object) -> None:
        """`blob`: int16, little-endian, `rate` samples a second."""
        rate = settings.pop("rate", 16_000)
        if settings or len(blob) % 2 or not isinstance(rate, int):
            raise ValueError("a microphone's world is int16 samples and their rate")
        self.rate, self._begin = rate, None
        self._samples = array("h", blob)

    def power_on(self, now: int) -> None:
        """A sound that began later than `now` has not begun: the board was switched off and on."""
        if self._begin is not None and self._begin > now:
            self._begin = None

    def hear(self, moment: int, count: int, period: int) -> array[int]:
        """`count` samples from the cycle `moment` on, one every `period` cycles."""
        if self.rate and self.rate * period != CLOCK_HZ:
            raise GuestFaultError(
                f"the PDM takes {CLOCK_HZ / period:.0f} samples a second, "
                f"the microphone's sound has {self.rate}"
            )
        if self._begin is None:
            self._begin = moment
        first = (moment - self._begin) // period
        heard = self._samples[first : first + count]
        heard.extend([0] * (count - len(heard)))
        return heard


class Pdm(Peripheral):
    """One block of samples after the other, by EasyDMA; each is in RAM when it ends.

    Energy sees "pdm" and "microphone" as off or on; a microphone with power and no clock is off.
    """

    def __init__(self, machine: Machine, gpio: Gpio, wired: Sequence[int] = ()) -> None:
        plain = dict.fromkeys((ENABLE, RATIO, PTR, MAXCNT, MODE), 0)
        plain |= {PDMCLKCTRL: 0x08400000, GAINL: GAIN_0_DB, GAINR: GAIN_0_DB}
        plain |= {PSEL_CLK: DISCONNECTED, PSEL_DIN: DISCONNECTED}
        super().__init__(machine, "PDM", 0x4001D000, plain, (STARTED, STOPPED, END))
        self.microphone = Microphone()
        self._gpio = gpio
        self.tasks |= {START: self._start, STOP: self._stop}
        self._block: Event | None = None
        self._wiring = {(wired[0], wired[1]): wired[2]} if wired else WIRING
        for power in self._wiring.values():
            gpio.listen(power, lambda _level: self._tell())

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._block = None
        self.microphone.power_on(self.machine.now)
        self._tell()

    def _start(self, value: int) -> None:
        if not value & 1 or self._block is not None:
            return
        if self.values[ENABLE] != 1:
            raise GuestFaultError("PDM started while it is not enabled")
        if DISCONNECTED in (self.values[PSEL_CLK], self.values[PSEL_DIN]):
            raise GuestFaultError("PDM started without its pins")
        if self.machine.activity.state("hfclk") != "crystal":
            raise GuestFaultError("PDM started without the crystal: its clock would be off")
        if self.values[MODE] != 1:
            raise GuestFaultError("the model knows the PDM mono, left on the falling edge")
        if self.values[PDMCLKCTRL] not in DIVISORS:
            raise GuestFaultError(f"no PDMCLKCTRL is {self.values[PDMCLKCTRL]:#010x}")
        self._period = 2 * DIVISORS[self.values[PDMCLKCTRL]] * RATIOS[self.values[RATIO] & 1]
        self._begin_block(self.machine.now)
        self._tell()

    def _begin_block(self, moment: int) -> None:
        """Take over the buffer, and fill it from now on."""
        self._begun = moment
        self._pointer, self._count = self.values[PTR], self.values[MAXCNT] & 0x7FFF
        if not self._count:
            raise GuestFaultError("PDM with a buffer of no samples")
        end = moment + self._count * self._period
        self._block = self.machine.schedule.at(end, self._end_block)
        self.event(STARTED)

    def _end_block(self) -> None:
        self._put(self._count)
        self.event(END)
        self._begin_block(self._begun + self._count * self._period)

    def _stop(self, value: int) -> None:
        if not value & 1:
            return
        if self._block is not None:
            self._block.cancel()
            self._block = None
            self._put((self.machine.now - self._begun) // self._period)
        self._tell()
        self.event(STOPPED)

    def _put(self, count: int) -> None:
        if self._listening():
            samples = self.microphone.hear(self._begun, count, self._period)
        else:
            samples = array("h", bytes(2 * count))
        gain = self.values[GAINL]
        if gain > GAIN_MOST:
            raise GuestFaultError(f"a gain of {gain:#x}, beyond the PDM's {GAIN_MOST:#x}")
        if gain != GAIN_0_DB:
            factor = 10 ** ((gain - GAIN_0_DB) / 40)
            loud = (round(sample * factor) for sample in samples)
            samples = array("h", [max(-32768, min(32767, sample)) for sample in loud])
        self.machine.memory.write(self._pointer, samples.tobytes(), self.name)

    def _listening(self) -> bool:
        """Whether a microphone is wired to the pins, and has power."""
        power = self._wiring.get((self.values[PSEL_CLK], self.values[PSEL_DIN]))
        return power is not None and self._gpio.output(power)

    def _tell(self) -> None:
        on = self._block is not None
        self.machine.activity.set("pdm", "on" if on else "off")
        self.machine.activity.set("microphone", "on" if on and self._listening() else "off")
