# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""USBD of the nRF52840 (product specification, section 6.35) and the USB part of POWER (5.3).

What the chip does by itself is here; usb_host.py is the computer at the other end of the cable.
Isochronous endpoints and shortcuts are not modelled. The anomalies are those of Nordic's errata of
the nRF52840, and the writes those of nrfx: 166 (0x40027800), 171 and 187 (the page of 0x4006E000),
199 (0x40027C1C). What these registers are is not published; they keep what is written, and what
must have been written is asked for where it matters.
"""

from __future__ import annotations

from functools import partial

from ..machine import Machine
from ..registers import GuestFaultError, Peripheral, Registers
from ..resets import SREQ
from .system import HFCLKSTAT, ClockPower
from .usb_host import UsbHost

USBRESET, STARTED, ENDEPIN, EP0DATADONE, ENDEPOUT = 0x100, 0x104, 0x108, 0x128, 0x130
SOF, USBEVENT, EP0SETUP, EPDATA = 0x154, 0x158, 0x15C, 0x160
EVENTCAUSE, EPSTATUS, EPDATASTATUS, USBADDR, SETUP = 0x400, 0x468, 0x46C, 0x470, 0x480
SIZE_EPOUT, ENABLE, USBPULLUP, DTOGGLE = 0x4A0, 0x500, 0x504, 0x50C
EPINEN, EPOUTEN, EPSTALL, FRAMECNTR, LOWPOWER = 0x510, 0x514, 0x518, 0x520, 0x52C
EPIN, EPOUT, STRIDE, MAXCNT, AMOUNT = 0x600, 0x700, 0x14, 4, 8
ERRATA_166, ERRATA_199, ERRATA_171, ERRATA_187 = (0x800, 0x804), 0xC1C, 0xC14, 0xD14
SUSPEND, RESUME, READY = 1 << 8, 1 << 9, 1 << 11
USBDETECTED, USBREMOVED, USBPWRRDY, USBREGSTATUS = 0x11C, 0x120, 0x124, 0x438
GPREGRET, BOOTLOADERS = 0x51C, (0xB0, 0x57)
"""DFU_MAGIC_SERIAL_ONLY_RESET of ArduinoCore-mbed, variants/ARDUINO_NANO33BLE/pins_arduino.h;
DFU_MAGIC_UF2_RESET of Adafruit's bootloader for the nRF52."""

ENDPOINTS, PACKET, IN = 8, 64, 0x80
READY_CYCLES = 640
"""USBD wakes in microseconds; the specification does not say in how many."""
REGULATOR_CYCLES = 64_000
"""From power on the cable to the regulator's output, about 1 ms."""


class ErrataPage(Registers):
    """The page that anomalies 171 and 187 write to, behind its lock."""

    LOCK, KEY = 0xC00, 0x9375

    def __init__(self) -> None:
        super().__init__("errata", 0x4006E000, {ERRATA_171: 0, ERRATA_187: 0})
        self.open = False
        self.tasks[self.LOCK] = self._turn
        self.readers[self.LOCK] = lambda: int(self.open)

    def reset(self) -> None:
        """Locked."""
        super().reset()
        self.open = False

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; most need the key first."""
        if offset != self.LOCK and not self.open:
            raise GuestFaultError(
                f"a write to {self.base + offset:#010x} without the key {self.KEY:#x} in "
                f"{self.base + self.LOCK:#010x}, which it does not reach (anomalies 171 and 187)"
            )
        super().write(offset, size, value)

    def _turn(self, value: int) -> None:
        if value == self.KEY:
            self.open = not self.open


class Usbd(Peripheral):
    """Endpoints by address: 0x82 is 2 towards the computer, 0x02 is 2 towards the chip.

    Attributes:
        host: the computer.
        power: POWER, which tells of the cable.
        errata: the page of anomalies 171 and 187.
        plugged: whether there is power on the cable.
        packets: by address, what lies in an endpoint's buffer.
        accepts: the endpoints that take the computer's next packet.
        halted: the endpoints that answer STALL.
        toggles: DATA0 or DATA1 of an endpoint's next packet.
        status_allowed, data_allowed, stalled: what the firmware told of the control transfer.
        busy_until: when the last transfer by EasyDMA ends, and the computer finds what it brought.
    """

    def __init__(self, machine: Machine, power: ClockPower) -> None:
        plain = dict.fromkeys((*ERRATA_166, ERRATA_199, LOWPOWER), 0) | {EPINEN: 1, EPOUTEN: 1}
        for n in range(ENDPOINTS):
            for base in (EPIN + STRIDE * n, EPOUT + STRIDE * n):
                plain |= {base: 0, base + MAXCNT: 0, base + AMOUNT: 0}
        ends = (*range(ENDEPIN, ENDEPIN + 32, 4), *range(ENDEPOUT, ENDEPOUT + 32, 4))
        events = (USBRESET, STARTED, EP0DATADONE, SOF, USBEVENT, EP0SETUP, EPDATA, *ends)
        super().__init__(machine, "USBD", 0x40027000, plain, events)
        self.power, self.errata = power, ErrataPage()
        self._add_power()
        for offset in (EVENTCAUSE, EPSTATUS, EPDATASTATUS):
            self.reset_values[offset] = self.values[offset] = 0
            self.tasks[offset] = partial(self._clear_bits, offset)
        self._add_endpoints()
        self.tasks |= {
            0x04C: self._allow_data,
            0x050: self._allow_status,
            0x054: self._stall,
            ENABLE: self._enable,
            USBPULLUP: self._pull_up,
            DTOGGLE: self._toggle,
            EPSTALL: self._halt,
            LOWPOWER: self._low_power,
        }
        self.readers |= {
            USBADDR: lambda: self.address,
            ENABLE: lambda: int(self.on),
            USBPULLUP: lambda: int(self.attached),
            LOWPOWER: lambda: int(self.low_power),
            FRAMECNTR: lambda: machine.now // 64_000 & 0x7FF,
        }
        machine.resets.also.append(self._look_for_bootloader)
        self.plugged = True
        self.host = UsbHost(machine, self)
        self._clear()

    def _add_power(self) -> None:
        power, events = self.power, (USBDETECTED, USBREMOVED, USBPWRRDY)
        power.events = (*power.events, *events)
        power.reset_values |= dict.fromkeys(events, 0)
        power.values |= dict.fromkeys(events, 0)
        power.readers[USBREGSTATUS] = lambda: int(self.plugged) | self.regulator << 1

    def _add_endpoints(self) -> None:
        for n in range(ENDPOINTS):
            self.tasks[0x004 + 4 * n] = partial(self._start_in, n)
            self.tasks[0x028 + 4 * n] = partial(self._start_out, n)
            self.tasks[SIZE_EPOUT + 4 * n] = partial(self._accept, n)
            self.readers[SIZE_EPOUT + 4 * n] = partial(self._size, n)
            self.readers[0x420 + 4 * n] = partial(self._is_halted, n | IN)
            self.readers[0x444 + 4 * n] = partial(self._is_halted, n)
            self.readers[SETUP + 4 * n] = partial(self._setup_byte, n)

    def _clear(self) -> None:
        self.on = self.ready = self.attached = self.low_power = False
        self.regulator = self.plugged
        self.setup_packet = bytes(8)
        self._dma, self._ending, self.busy_until = "", 0, 0
        self._clear_bus()

    def _clear_bus(self) -> None:
        self.address = 0
        self.packets: dict[int, bytes] = {}
        self.accepts: set[int] = set()
        self.halted: set[int] = set()
        self.toggles: dict[int, int] = {}
        self.status_allowed = self.data_allowed = self.stalled = False

    def reset(self) -> None:
        """As after power on, with the cable as it is."""
        super().reset()
        self._clear()
        self.host.reset()
        self.machine.activity.set("usbd", "off")

    def _look_for_bootloader(self, reason: int) -> None:
        """At a reset: a bootloader would look for its number now, and stay.

        A reset by the watchdog clears it.
        """
        if not reason & SREQ:
            return
        number = self.power.values[GPREGRET]
        if number in BOOTLOADERS:
            raise GuestFaultError(
                f"the firmware asked for the bootloader (GPREGRET is {number:#x}) and reset "
                "itself; the virtual board has no bootloader"
            )

    # The cable

    def plug(self, plugged: bool) -> None:
        """Put the cable in, or pull it."""
        if plugged == self.plugged:
            return
        self.plugged = plugged
        if plugged:
            self.power.event(USBDETECTED)
            moment = self.machine.now + REGULATOR_CYCLES
            self.machine.schedule.at(moment, self._regulator_ready, foreground=True)
        else:
            self.regulator = False
            self._clear_bus()
            self.host.gone()
            self.power.event(USBREMOVED)

    def _regulator_ready(self) -> None:
        if self.plugged:
            self.regulator = True
            self.power.event(USBPWRRDY)

    def bus_reset(self) -> None:
        """The computer resets the bus: endpoint 0 alone is left."""
        self._clear_bus()
        self.values |= {EPINEN: 1, EPOUTEN: 1, EPDATASTATUS: 0}
        self.event(USBRESET)

    def setup(self, packet: bytes) -> None:
        """A control transfer begins."""
        self.setup_packet = packet
        self.status_allowed = self.data_allowed = self.stalled = False
        self.packets.pop(0, None)
        self.packets.pop(IN, None)
        self.event(EP0SETUP)

    def data(self, endpoint: int) -> None:
        """A packet of `endpoint` was acknowledged by whoever received it."""
        if endpoint & 0x7F == 0:
            self.event(EP0DATADONE)
            return
        self.toggles[endpoint] = self.toggles.get(endpoint, 0) ^ 1
        self.values[EPDATASTATUS] |= 1 << endpoint % ENDPOINTS << (0 if endpoint & IN else 16)
        self.event(EPDATA)

    def cause(self, bits: int) -> None:
        """What EVENTCAUSE tells."""
        self.values[EVENTCAUSE] |= bits
        self.event(USBEVENT)

    # Registers

    def _clear_bits(self, offset: int, value: int) -> None:
        self.values[offset] &= ~value

    def _setup_byte(self, n: int) -> int:
        return self.setup_packet[n]

    def _is_halted(self, endpoint: int) -> int:
        return int(endpoint in self.halted)

    def _size(self, n: int) -> int:
        return len(self.packets.get(n, b""))

    def _accept(self, n: int, _value: int) -> None:
        self.packets.pop(n, None)
        self.accepts.add(n)
        self.host.kick()

    def _activity(self) -> None:
        on = "suspended" if self.low_power else "on"
        self.machine.activity.set("usbd", on if self.on else "off")

    def _enable(self, value: int) -> None:
        if not value & 1:
            self.on = self.ready = False
            self._pull_up(0)
        elif not self.on:
            if not self.plugged:
                raise GuestFaultError("USBD is enabled without power on the cable; it never wakes")
            errata = self.errata.values
            if (errata[ERRATA_171], errata[ERRATA_187]) != (0xC0, 3):
                raise GuestFaultError(
                    "USBD is enabled without the writes of anomalies 171 and 187; it may not wake"
                )
            self.on = True
            moment = self.machine.now + READY_CYCLES
            self.machine.schedule.at(moment, self._wake, foreground=True)
        self._activity()

    def _wake(self) -> None:
        if self.on:
            self.ready = True
            self.cause(READY)

    def _pull_up(self, value: int) -> None:
        connect = bool(value & 1)
        if connect == self.attached:
            return
        if connect:
            self._check_attach()
        self.attached = connect
        if connect:
            self.host.attached()
        else:
            self._clear_bus()
            self.host.gone()

    def _check_attach(self) -> None:
        errata = self.errata.values
        wrong = ""
        if not self.ready or self.values[EVENTCAUSE] & READY:
            wrong = "before EVENTCAUSE told READY, or before that was cleared"
        elif not self.regulator:
            wrong = "before POWER told USBPWRRDY"
        elif self.power.values[HFCLKSTAT] != 0x10001:
            wrong = "without the 32 MHz crystal running"
        elif errata[ERRATA_171] or errata[ERRATA_187]:
            wrong = "before the writes of anomalies 171 and 187 were undone"
        elif tuple(self.values[offset] for offset in ERRATA_166) != (0x7E3, 0x40):
            wrong = "without the writes of anomaly 166"
        if wrong:
            raise GuestFaultError(f"USBD's pull-up is connected {wrong}")

    def _endpoint(self, value: int) -> int:
        return value & (IN | 7)

    def _toggle(self, value: int) -> None:
        if value >> 8 & 3:
            self.toggles[self._endpoint(value)] = (value >> 8 & 3) - 1

    def _halt(self, value: int) -> None:
        endpoint = self._endpoint(value)
        if value & 1 << 8:
            self.halted.add(endpoint)
        else:
            self.halted.discard(endpoint)
            self.host.kick()

    def _low_power(self, value: int) -> None:
        self.low_power = bool(value & 1)
        if self.low_power and not self.host.suspended:
            raise GuestFaultError("USBD goes to low power on a bus that is not suspended")
        self._activity()

    def _allow(self, value: int, what: str) -> bool:
        if value & 1 and not self.host.in_control:
            raise GuestFaultError(f"EP0{what}, and no control transfer waits for it")
        return bool(value & 1)

    def _allow_data(self, value: int) -> None:
        self.data_allowed |= self._allow(value, "RCVOUT")
        self.host.kick()

    def _allow_status(self, value: int) -> None:
        self.status_allowed |= self._allow(value, "STATUS")
        self.host.kick()

    def _stall(self, value: int) -> None:
        self.stalled |= self._allow(value, "STALL")
        self.host.kick()

    # EasyDMA

    def _start(self, value: int, name: str, count: int, enabled: int) -> bool:
        if not value & 1:
            return False
        if not self.ready:
            raise GuestFaultError(f"{name} while USBD is not enabled and ready")
        if self._dma:
            raise GuestFaultError(f"{name} while the transfer of {self._dma} lasts; one at a time")
        if self.values[ERRATA_199] != 0x82:
            raise GuestFaultError(f"{name} without the write of anomaly 199; a packet may be lost")
        if not enabled:
            raise GuestFaultError(f"{name} of an endpoint that is not enabled")
        if count > PACKET:
            raise GuestFaultError(f"{name} of {count} bytes; a packet has {PACKET} at most")
        self._dma = name
        self.event(STARTED)
        return True

    def _end(self, count: int, event: int) -> None:
        self._ending, self.busy_until = event, self.machine.now + 8 + count // 4
        self._announce_end()
        self.host.kick()

    def _announce_end(self) -> None:
        """An end that interrupts comes by itself; any other is there when somebody looks."""
        if self._ending and self.enabled(self._ending):
            self.machine.schedule.at(self.busy_until, self._settle)

    def _settle(self) -> None:
        """The transfer by EasyDMA has ended, if its time is over."""
        if self._ending and self.machine.now >= self.busy_until:
            event, self._ending, self._dma = self._ending, 0, ""
            self.event(event)

    def read(self, offset: int, size: int) -> int:
        """A register, as it is by now."""
        self._settle()
        return super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register, once what was under way has come to now."""
        self._settle()
        super().write(offset, size, value)
        if offset in (self.INTEN, self.INTENSET):
            self._announce_end()

    def _start_in(self, n: int, value: int) -> None:
        base = EPIN + STRIDE * n
        count = self.values[base + MAXCNT] & 0x7F
        if not self._start(value, f"STARTEPIN[{n}]", count, self.values[EPINEN] >> n & 1):
            return
        self.packets[n | IN] = self.machine.memory.read(self.values[base], count, self.name)
        self.values[base + AMOUNT] = count
        self.values[EPSTATUS] |= 1 << n
        self._end(count, ENDEPIN + 4 * n)

    def _start_out(self, n: int, value: int) -> None:
        base, name = EPOUT + STRIDE * n, f"STARTEPOUT[{n}]"
        count = self.values[base + MAXCNT] & 0x7F
        if not self._start(value, name, count, self.values[EPOUTEN] >> n & 1):
            return
        packet = self.packets.pop(n, None)
        if packet is None:
            raise GuestFaultError(f"{name}, and no packet has come")
        if len(packet) > count:
            raise GuestFaultError(f"{name} of {count} bytes; the packet has {len(packet)}")
        self.machine.memory.write(self.values[base], packet, self.name)
        self.values[base + AMOUNT] = len(packet)
        self.values[EPSTATUS] |= 1 << 16 + n
        if n:
            self.accepts.add(n)
        self._end(count, ENDEPOUT + 4 * n)
