# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The OV7675 camera of the Tiny Machine Learning Kit (OmniVision), in YUV 4:2:2 or RGB565.

Registers by OmniVision's data sheet of the OV7670, whose register set it shares; the rate of frames
by ov7670.c of Linux. Pins by README and OV767X.cpp of Arduino's Arduino_OV767X: SCCB on P0.02 and
P0.31, XCLK P0.27, VSYNC P0.10, HREF P0.05, PCLK P0.04, D0 to D7 on P1.02, P1.03, P1.10 to P1.15.
D1 and D2 are the pins of the UART; P0.10 is NFC's until UICR.NFCPINS says otherwise.

Colours come as the scene has them: the matrix (0x4F to 0x54), gamma and white balance are left out.

States of "camera" in `activity`: off (none is fitted), standby, on.
"""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from ..registers import GuestFaultError, Registers
from ..schedule import Event
from .gpio import Gpio
from .i2s import I2s
from .system import CLOCK_HZ
from .uarte import Uarte
from .wire import Bus, RegisterDevice

SCL, SDA, XCLK, VSYNC, HREF, PCLK = 2, 31, 27, 10, 5, 4
DATA_BITS = (2, 3, 10, 11, 12, 13, 14, 15)
"""Of port 1: D0 to D7."""
DATA_MASK = sum(1 << bit for bit in DATA_BITS)
NFCPINS = 0x20C

PID, VER, COM2, COM3, COM7, COM10, CLKRC, COM14 = 0x0A, 0x0B, 0x09, 0x0C, 0x12, 0x15, 0x11, 0x3E
TSLB, COM13, COM15, RGB444 = 0x3A, 0x3D, 0x40, 0x8C
DBLV, XSC, YSC, DCWCTR, PCLK_DIV, PCLK_DELAY = 0x6B, 0x70, 0x71, 0x72, 0x73, 0xA2
RESET_VALUES = {COM2: 1, COM3: 0, 0x0D: 0, 0x0E: 1, COM7: 0, 0x13: 0x8F, 0x14: 0x4A, COM10: 0}
RESET_VALUES |= {CLKRC: 0x80, 0x1E: 1, 0x3A: 0x0D, 0x3D: 0x88, COM14: 0, 0x40: 0xC0, DBLV: 0x0A}
RESET_VALUES |= {XSC: 0x3A, YSC: 0x35, DCWCTR: 0x11, PCLK_DIV: 0, PCLK_DELAY: 2}
RESET_VALUES |= {0x55: 0, 0x56: 0x40, RGB444: 0, 0x4F: 0x40, 0x50: 0x34, 0x51: 0x0C, 0x52: 0x17}
RESET_VALUES |= {0x53: 0x29, 0x54: 0x40, 0x58: 0x1E}
LOOP_FACTORS = (1, 4, 6, 8)

WIDTH, HEIGHT = 640, 480
LINE_CLOCKS, LINES, SYNC_LINES, FIRST_LINE = 2 * 784, 510, 3, 20
NEUTRAL = 128
"""U and V of grey."""
RGB = 4
"""COM7's bit for red, green and blue."""


class Ov7675(RegisterDevice):
    """Address 0x21; the world "scene". SCCB reads and writes one register at a time."""

    def __init__(
        self, machine: Machine, gpio: Gpio, i2s: I2s, uarte: Uarte, uicr: Registers
    ) -> None:
        super().__init__(machine, "OV7675", 0x21, RESET_VALUES)
        self.gpio, self.uarte, self.uicr = gpio, uarte, uicr
        self.usual_identity = self.identity = 0x76
        self.readers |= {PID: lambda: self.identity, VER: lambda: 0x73, 0x1C: lambda: 0x7F}
        self.readers[0x1D] = lambda: 0xA2
        self.writers[COM7] = self._format
        for register in (CLKRC, DBLV, COM2, DCWCTR, PCLK_DIV, COM14, TSLB, COM13, COM15, RGB444):
            self.writers[register] = partial(self._set, register)
        self.bus = Bus(SCL, SDA, lambda: self.fitted, self._restart)
        self.bus.devices = {self.address: self}
        self.fitted = False
        self._pictures = b""
        self._seconds = 1.0
        self._clock_hz = self._fast = 0
        self._channels = 1
        self._drawn: tuple[tuple[int, ...], bytes] = ((), b"")
        self._rise: Event | None = None
        for pin in (SCL, SDA):
            gpio.drive(pin, lambda: True if self.fitted else None)
        gpio.drive(VSYNC, self._vsync)
        gpio.drive_port(0, 1 << HREF | 1 << PCLK, self._strobes)
        gpio.drive_port(1, DATA_MASK, self._data)
        gpio.watch(VSYNC, self._sensed)
        i2s.listeners[XCLK] = self._clocked

    def load(self, blob: bytes, **settings: object) -> None:
        """Fit a camera that sees uint8 (pictures, 480, 640), each for `seconds`, over and over.

        With `channels` 3 they are (pictures, 480, 640, 3): red, green, blue. With `fitted` false it
        is unplugged.
        """
        self.fitted = bool(settings.get("fitted", True))
        if not self.fitted:
            self._restart()
            return
        seconds, identity = settings.get("seconds", 1.0), settings.get("identity", 0x76)
        channels = settings.get("channels", 1)
        assert channels in (1, 3)
        assert isinstance(channels, int)
        assert isinstance(seconds, int | float)
        assert isinstance(identity, int)
        assert blob
        assert len(blob) % (WIDTH * HEIGHT * channels) == 0
        self._channels = channels
        self._pictures, self._seconds, self.identity = blob, float(seconds), identity
        self._restart()

    def _restart(self) -> None:
        self.power(self.fitted)

    def reset(self) -> None:
        """As after power on; the clock is the chip's to give."""
        super().reset()
        self._begin()

    def following(self, register: int) -> int:
        """SCCB knows no growing address."""
        return register

    # Clocks

    def _clocked(self, hertz: int) -> None:
        self._clock_hz = hertz
        self._begin()

    def _set(self, register: int, value: int) -> None:
        self.values[register] = value
        self._begin()

    def _format(self, value: int) -> None:
        if value & 0x80:
            self.reset()
        elif value & ~RGB:
            raise GuestFaultError(
                f"COM7 of the OV7675 is {value:#04x}; YUV 4:2:2 and RGB565 of the whole picture "
                "are modelled"
            )
        else:
            self._set(COM7, value)

    def _begin(self) -> None:
        """A frame begins now, with the settings of now."""
        self._begun = self.machine.now
        runs = self.powered and self._clock_hz and not self.values[COM2] & 0x10
        self._divider = (self.values[CLKRC] & 0x3F) + 1
        self._fast = self._clock_hz * LOOP_FACTORS[self.values[DBLV] >> 6] if runs else 0
        self._across, self._down = self.values[DCWCTR] & 3, self.values[DCWCTR] >> 4 & 3
        if not self.values[COM14] & 0x10:
            self._across = self._down = 0
        state = "off" if not self.powered else "on" if runs else "standby"
        self.machine.activity.set("camera", state)
        self._sensed()

    def _position(self) -> tuple[int, int, int, int]:
        """Frame, line, clock in the line, and half of the clock."""
        elapsed = self.machine.now - self._begun
        halves = elapsed * 2 * self._fast // (CLOCK_HZ * self._divider)
        clocks, half = divmod(halves, 2)
        lines, clock = divmod(clocks, LINE_CLOCKS)
        return lines // LINES, lines % LINES, clock, half

    # Pins

    def _row(self, line: int, clock: int) -> int | None:
        """Which row of the output goes over the pins."""
        row = line - FIRST_LINE
        if not 0 <= row < HEIGHT or row % (1 << self._down) or clock >= 2 * WIDTH:
            return None
        return row >> self._down

    def _vsync(self) -> bool | None:
        if not self.fitted:
            return None
        if not self._fast or self.uicr.values[NFCPINS] & 1:
            return False
        return self._position()[1] < SYNC_LINES

    def _strobes(self) -> int | None:
        """HREF, and PCLK: low in the first half of each byte."""
        if not self.fitted:
            return None
        if not self._fast:
            return 0
        _, line, clock, half = self._position()
        if self._row(line, clock) is None:
            quiet = self.values[COM10] & 0x20
            return 0 if quiet else half << PCLK
        return 1 << HREF | (2 * clock + half >> self._clock_shift() & 1) << PCLK

    def _clock_shift(self) -> int:
        shift = self.values[PCLK_DIV] & 7 if self.values[COM14] & 0x10 else 0
        if shift != self._across:
            raise GuestFaultError(
                "the OV7675's pixel clock is divided by another factor (0x73) than its rows (0x72)"
            )
        return shift

    def _data(self) -> int | None:
        if not self.fitted:
            return None
        if not self._fast:
            return 0
        if self.uarte.values[0x500] == 8:
            raise GuestFaultError(
                "the camera's D1 and D2 are read while UARTE0, which has the same pins, is enabled"
            )
        frame, line, clock, _ = self._position()
        row = self._row(line, clock)
        if row is None:
            return 0
        place = row * 2 * (WIDTH >> self._across) + (clock >> self._clock_shift())
        value = self._picture(frame)[place]
        return (value & 3) << 2 | (value >> 2) << 10

    def _picture(self, frame: int) -> bytes:
        """The bytes of a frame, two a pixel, from means of blocks cut to integers."""
        registers = (self.values[register] for register in (COM7, TSLB, COM13, COM15, RGB444))
        key = (frame, self._across, self._down, *registers)
        if self._drawn[0] != key:
            length = LINES * LINE_CLOCKS * CLOCK_HZ * self._divider // self._fast
            seconds = (self._begun + frame * length) / CLOCK_HZ
            size, channels = WIDTH * HEIGHT * self._channels, self._channels
            index = int(seconds / self._seconds) % (len(self._pictures) // size)
            picture = self._pictures[index * size : (index + 1) * size]
            planes = [
                shrunk(picture[channel::channels], 1 << self._across, 1 << self._down)
                for channel in range(channels)
            ]
            self._drawn = (key, self._coded(planes))
        return self._drawn[1]

    def _coded(self, planes: list[bytes]) -> bytes:
        """One plane, grey, or three -> the bytes over the pins."""
        if not self.values[COM7] & RGB:
            chroma_first, v_first = self.values[TSLB] & 8, self.values[COM13] & 1
            return yuv(planes, bool(chroma_first), bool(v_first))
        if self.values[COM15] & 0x30 != 0x10 or self.values[RGB444] & 2:
            raise GuestFaultError(
                "RGB of the OV7675 other than 5:6:5 (COM15 0x10, 0x8C 0), which is not modelled"
            )
        return rgb565(planes)

    # Waking the core

    def _sensed(self) -> None:
        """Something senses VSYNC, or no longer: its next rise is an event."""
        if self._rise is not None:
            self._rise.cancel()
            self._rise = None
        if self._fast and self.gpio.sensed(VSYNC):
            frame = self._position()[0] + 1
            clocks = frame * LINES * LINE_CLOCKS
            moment = self._begun - (-clocks * CLOCK_HZ * self._divider // self._fast)
            self._rise = self.machine.schedule.at(moment, self._rose, foreground=True)

    def _rose(self) -> None:
        self._rise = None
        self.gpio.sense()
        self._sensed()


def shrunk(picture: bytes, across: int, down: int) -> bytes:
    """Means over blocks of `down` rows and `across` columns."""
    rows: list[bytes] = []
    for row in range(0, HEIGHT, down):
        lines = [picture[(row + i) * WIDTH : (row + i + 1) * WIDTH] for i in range(down)]
        sums = [sum(column) for column in zip(*lines, strict=True)]
        blocks = (sum(sums[i : i + across]) for i in range(0, WIDTH, across))
        rows.append(bytes(block // (across * down) for block in blocks))
    return b"".join(rows)


def yuv(planes: list[bytes], chroma_first: bool, v_first: bool) -> bytes:
    """YUV 4:2:2 by ITU-R BT.601 over the full range: each pair of pixels has one U and one V."""
    if len(planes) == 1:
        light, u, v = planes[0], bytes([NEUTRAL]), bytes([NEUTRAL])
    else:
        pixels = list(zip(*planes, strict=True))
        light = bytes((77 * r + 150 * g + 29 * b) >> 8 for r, g, b in pixels)
        pairs = [[x + y >> 1 for x, y in zip(*pixels[i : i + 2], strict=True)]
                 for i in range(0, len(pixels), 2)]  # fmt: skip
        u = bytes(min(255, NEUTRAL + ((-43 * r - 85 * g + 128 * b) >> 8)) for r, g, b in pairs)
        v = bytes(min(255, NEUTRAL + ((128 * r - 107 * g - 21 * b) >> 8)) for r, g, b in pairs)
    coded = bytearray(2 * len(light))
    first = 0 if chroma_first else 1
    coded[1 - first :: 2] = light
    for place, chroma in enumerate((v, u) if v_first else (u, v)):
        coded[first + 2 * place :: 4] = chroma * (len(light) // 2 // len(chroma))
    return bytes(coded)


def rgb565(planes: list[bytes]) -> bytes:
    """Five bits of red, six of green, five of blue, the high byte first."""
    red, green, blue = planes if len(planes) == 3 else 3 * planes
    coded = bytearray(2 * len(red))
    coded[0::2] = bytes(r & 0xF8 | g >> 5 for r, g in zip(red, green, strict=True))
    coded[1::2] = bytes((g & 0x1C) << 3 | b >> 3 for g, b in zip(green, blue, strict=True))
    return bytes(coded)
