# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The computer at the other end of the USB cable: it enumerates the device as an operating system
does, holds its serial port open, and moves bytes at full speed's pace.

Whatever the device does against chapter 9 of USB 2.0 is a fault that says what is wrong. The order
of requests is that of Linux (drivers/usb/core/hub.c and drivers/usb/class/cdc-acm.c).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from ..machine import Machine
from ..registers import GuestFaultError
from ..schedule import Event
from .usb_requests import (
    AFRESH,
    CLEAR_FEATURE,
    GET_DESCRIPTOR,
    IN,
    PACKET,
    SET_ADDRESS,
    SET_CONFIGURATION,
    SET_CONTROL_LINE_STATE,
    SET_INTERFACE,
    SET_LINE_CODING,
    Control,
    request,
)
from .usb_rules import Function, check_configuration, check_device, check_string, demand, u16

if TYPE_CHECKING:
    from .usbd import Usbd

MS = 64_000
DEBOUNCE, RESET, RECOVERY, ADDRESS_RECOVERY = 100 * MS, 10 * MS, 10 * MS, 2 * MS
"""USB 2.0, sections 7.1.7.3, 7.1.7.5, 9.2.6.3."""
IDLE = 3 * MS
"""After so much silence a device must suspend (7.1.7.6)."""
DATA_LIMIT, STATUS_LIMIT = 500 * MS, 50 * MS
"""How long a device may take for a packet of data, and for the end of a request (9.2.6.4)."""
OVERHEAD = 13
"""Bytes of a bulk transaction beside its data (5.8.4), each 8 bits of 12 Mbit/s."""
READ_BYTES = 2 * PACKET
"""What the driver asks for at once, as cdc-acm does: it is given to the program when so much has
come, or a packet that is not full."""
ADDRESS = 5
ENGLISH = 0x0409
OPEN = 3  # DTR and RTS

Script = Generator["int | Control", "bytes | None", None]


class UsbHost:
    """The computer.

    Attributes:
        descriptors: what the device told: "device", "configuration" as bytes, strings as text.
        answers: to the requests that `ask` added: hexadecimal digits, or "stall".
        state: "detached", "attached", "default", "address", "configured".
    """

    def __init__(self, machine: Machine, device: Usbd) -> None:
        self.machine, self.device = machine, device
        self.answers: list[str] = []
        self._requests: deque[Control] = deque()
        self.reset()

    def reset(self) -> None:
        """As if the device had never been seen."""
        self._script: Script | None = None
        self._control: Control | None = None
        self._event: Event | None = None  # of the transaction on the bus
        self._timer: Event | None = None  # of the script
        self._requests.clear()
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self._read = bytearray()
        self.descriptors: dict[str, Any] = {}
        self.function: Function | None = None
        self.toggles: dict[int, int] = {}
        self._stopped: set[int] = (
            set()
        )  # endpoints that answered STALL, until their halt is cleared
        self.state = "detached"
        self.suspended = self.open = False
        self._last_out = False

    @property
    def in_control(self) -> bool:
        """Whether a control transfer waits for the firmware."""
        return self._control is not None and self._control.setup[:2] != bytes(SET_ADDRESS)

    # The program on the computer

    def feed(self, data: bytes) -> None:
        """Bytes that the program writes to the port."""
        self.incoming += data
        self.kick()

    def take(self) -> bytes:
        """What the program has read since the last call."""
        sent = bytes(self.outgoing)
        self.outgoing.clear()
        return sent

    def ask(self, setup: bytes, data: bytes) -> None:
        """One more control transfer; its answer comes into `answers`."""
        self._requests.append(Control(setup, data))
        self._begin_requests()

    def set_line(self, baud: int, opened: bool) -> None:
        """A program opens the port, changes its speed, or closes it."""
        assert self.function is not None, "the device is configured"
        index = self.function.control
        coding = baud.to_bytes(4, "little") + bytes([0, 0, 8])
        state = OPEN if opened else 0
        self._requests.append(request(SET_LINE_CODING, index=index, data=coding))
        self._requests.append(request(SET_CONTROL_LINE_STATE, state, index))
        self._begin_requests()

    def suspend(self, suspended: bool) -> None:
        """The bus falls silent, or wakes."""
        if suspended != self.suspended and self.state not in ("detached", "attached"):
            self.suspended = suspended
            from_now = IDLE if suspended else 0
            bits = 1 << (8 if suspended else 9)
            self._at(from_now, lambda: self.device.cause(bits))
            self.kick()

    def report(self) -> dict[str, Any]:
        """What a test asks for; the answers are forgotten."""
        answers, self.answers = self.answers, []
        described = {
            key: value.hex() if isinstance(value, bytes) else value
            for key, value in self.descriptors.items()
        }
        return {
            "state": self.state,
            "suspended": self.suspended,
            "open": self.open,
            "descriptors": described,
            "answers": answers,
            "toggles": {f"{end:#04x}": value for end, value in self.toggles.items()},
        }

    # The cable

    def attached(self) -> None:
        """The device has connected its pull-up."""
        self.state = "attached"
        self._run(self._enumerate())

    def gone(self) -> None:
        """The device is not on the bus any more."""
        limit = self._control.limit if self._control is not None else None
        for event in (self._event, self._timer, limit):
            if event is not None:
                event.cancel()
        outgoing = self.outgoing
        self.reset()
        self.outgoing = outgoing

    # Scripts

    def _at(self, cycles: int, call: Callable[[], None]) -> Event:
        moment = self.machine.now + cycles
        return self.machine.schedule.at(moment, call, foreground=True)

    def _run(self, script: Script) -> None:
        self._script = script
        self._go_on(None)

    def _go_on(self, answer: bytes | None) -> None:
        assert self._script is not None
        try:
            step = self._script.send(answer)
        except StopIteration:
            self._script = None
            self._begin_requests()
            self.kick()
            return
        if isinstance(step, int):
            self._timer = self._at(step, lambda: self._go_on(None))
        else:
            self._begin_control(step)

    def _begin_requests(self) -> None:
        if self._script is None and self._requests and self.state == "configured":
            self._run(self._serve())

    def _serve(self) -> Script:
        """The requests that were asked for from outside."""
        while self._requests:
            control = self._requests.popleft()
            answer = yield control
            self.answers.append("stall" if answer is None else answer.hex())

    def _reset_bus(self) -> Script:
        yield RESET
        self.toggles.clear()
        self.device.bus_reset()
        self.state = "default"
        yield RECOVERY

    def _describe(self, kind: int, length: int, index: int = 0) -> Generator[Control, Any, bytes]:
        language = ENGLISH if kind == 3 and index else 0
        control = request(GET_DESCRIPTOR, kind << 8 | index, language, length)
        answer: bytes | None = yield control
        demand(answer is not None, f"the {control} must be answered", "STALL")
        return answer or b""

    def _enumerate(self) -> Script:
        yield DEBOUNCE
        yield from self._reset_bus()
        first = yield from self._describe(1, 8)
        demand(len(first) == 8, "the first 8 bytes of the device descriptor come", first.hex())
        demand(first[7] == PACKET, "bMaxPacketSize0 is what its packets have", first[7])
        yield from self._reset_bus()
        answer = yield request(SET_ADDRESS, ADDRESS)
        demand(answer is not None, "SET_ADDRESS must be answered", "STALL")
        self.state = "address"
        yield ADDRESS_RECOVERY
        device = yield from self._describe(1, 18)
        check_device(device)
        demand(device[:8] == first, "the device descriptor stays the same", device.hex())
        self.descriptors["device"] = device
        yield from self._configure(device)

    def _configure(self, device: bytes) -> Script:
        head = yield from self._describe(2, 9)
        whole = yield from self._describe(2, u16(head, 2))
        self.function = function = check_configuration(whole)
        demand(whole[:9] == head, "the configuration descriptor stays the same", whole.hex())
        self.descriptors["configuration"] = whole
        languages = yield from self._describe(3, 255)
        check_string(languages)
        told = [u16(languages, i) for i in range(2, len(languages), 2)]
        demand(ENGLISH in told, "strings are in English, among others", languages.hex())
        for name, index in (("product", 15), ("manufacturer", 14), ("serial_number", 16)):
            if device[index]:
                text = yield from self._describe(3, 255, device[index])
                self.descriptors[name] = check_string(text)
        coding = (115_200).to_bytes(4, "little") + bytes([0, 0, 8])
        for control in (
            request(SET_CONFIGURATION, function.value),
            request(SET_LINE_CODING, index=function.control, data=coding),
            request(SET_CONTROL_LINE_STATE, OPEN, function.control),
        ):
            answer = yield control
            demand(answer is not None, f"the {control} must be answered", "STALL")

    # Control transfers

    def _begin_control(self, control: Control) -> None:
        self._control = control
        self._limit(DATA_LIMIT if control.length else STATUS_LIMIT)
        self._transact(8, lambda: self.device.setup(control.setup), after=self._hardware_address)

    def _limit(self, cycles: int) -> None:
        control = self._control
        assert control is not None
        if control.limit is not None:
            control.limit.cancel()

        def late() -> None:
            raise GuestFaultError(
                f"the computer gives up: the USB device left its {control} without an answer for "
                f"{cycles // MS} ms ({control.stage} stage)"
            )

        control.limit = self._at(cycles, late)

    def _hardware_address(self) -> None:
        """SET_ADDRESS is answered by the chip itself."""
        control = self._control
        if control is not None and control.setup[:2] == bytes(SET_ADDRESS):
            self.device.address = u16(control.setup, 2) & 0x7F
            self._end_control(b"")

    def _end_control(self, answer: bytes | None) -> None:
        control = self._control
        assert control is not None
        if control.limit is not None:
            control.limit.cancel()
        self._control = None
        if answer is not None:
            self._follow(control)
        self._go_on(answer)

    def _follow(self, control: Control) -> None:
        """What a request that was granted means for the computer."""
        kind, value, index = tuple(control.setup[:2]), u16(control.setup, 2), u16(control.setup, 4)
        if kind in (SET_CONFIGURATION, SET_INTERFACE):
            self.toggles.clear()
            self._stopped.clear()
        if kind == SET_CONFIGURATION:
            self.state = "configured" if value else "address"
            self._read.clear()
        elif kind == CLEAR_FEATURE:
            self.toggles[index] = 0
            self._stopped.discard(index)
        elif kind == SET_CONTROL_LINE_STATE:
            self.open = bool(value & 1)

    def _next_of_control(self, control: Control) -> bool:
        """Put the control transfer's next transaction on the bus, if the device lets it."""
        device = self.device
        if device.stalled:
            self._end_control(None)
            return True
        if control.stage == "in":
            if device.status_allowed and IN not in device.packets:
                raise GuestFaultError(
                    f"the answer to {control} ends with a full packet and is shorter than asked "
                    "for; an empty packet must follow (USB 2.0, section 5.5.3)"
                )
            if IN in device.packets:
                self._transact(len(device.packets[IN]), self._take_answer)
        elif control.stage == "out" and device.data_allowed:
            device.data_allowed = False
            packet = control.data[control.sent : control.sent + PACKET]
            self._transact(len(packet), lambda: self._give(packet))
        elif control.stage == "status" and device.status_allowed:
            self._transact(0, lambda: self._end_control(control.answer))
        return self._event is not None

    def _take_answer(self) -> None:
        control = self._control
        assert control is not None
        assert control.answer is not None
        packet = self.device.packets.pop(IN)
        control.answer += packet
        if len(control.answer) > control.length:
            raise GuestFaultError(
                f"the USB device answers {control} by {len(control.answer)} bytes, and "
                f"{control.length} were asked for"
            )
        if len(packet) < PACKET or len(control.answer) == control.length:
            control.stage = "status"
        self._limit(DATA_LIMIT)
        self.device.data(IN)

    def _give(self, packet: bytes) -> None:
        control = self._control
        assert control is not None
        control.sent += len(packet)
        if control.sent == len(control.data):
            control.stage = "status"
        self._limit(DATA_LIMIT)
        self.device.packets[0] = packet
        self.device.data(0)

    # The bus

    def _transact(
        self, count: int, call: Callable[[], None], after: Callable[[], None] | None = None
    ) -> None:
        """A transaction of `count` bytes; nothing else is on the bus meanwhile."""

        def done() -> None:
            self._event = None
            call()
            if after is not None:
                after()
            self.kick()

        wait = max(self.device.busy_until - self.machine.now, 0)
        self._event = self._at(wait + (OVERHEAD + count) * 8 * 64 // 12, done)

    def kick(self) -> None:
        """Something has changed: put the next transaction on the bus, if there is one."""
        if self._event is not None or self.suspended or self.state in ("detached", "attached"):
            return
        if self._control is not None and self._next_of_control(self._control):
            return
        fresh = self._control and tuple(self._control.setup[:2]) in AFRESH
        if self._event is None and self.state == "configured" and self.open and not fresh:
            turns = (self._write_bulk, self._read_bulk)
            for turn in turns if not self._last_out else reversed(turns):
                if turn():
                    return

    def _stops(self, end: int) -> bool:
        if end in self.device.halted:
            self._stopped.add(end)
        return end in self._stopped

    def _write_bulk(self) -> bool:
        device, function = self.device, self.function
        if not self.incoming or function is None or self._stops(function.bulk_out):
            return False
        if function.bulk_out not in device.accepts:
            return False
        count, self._last_out = min(PACKET, len(self.incoming)), True
        self._transact(count, lambda: self._put(function.bulk_out, count))
        return True

    def _put(self, end: int, count: int) -> None:
        self._check_toggle(end)
        self.device.accepts.discard(end)
        self.device.packets[end] = bytes(self.incoming[:count])
        del self.incoming[:count]
        self.device.data(end)

    def _read_bulk(self) -> bool:
        device, function = self.device, self.function
        if function is None or self._stops(function.bulk_in):
            return False
        packet = device.packets.get(function.bulk_in)
        if packet is None:
            return False
        self._last_out = False
        self._transact(len(packet), lambda: self._get(function.bulk_in))
        return True

    def _get(self, end: int) -> None:
        packet = self.device.packets.pop(end, None)
        if packet is None:  # the firmware has begun the endpoint afresh
            return
        self._check_toggle(end)
        self._read += packet
        if len(packet) < PACKET or len(self._read) >= READ_BYTES:
            self.outgoing += self._read
            self._read.clear()
        self.device.data(end)

    def _check_toggle(self, end: int) -> None:
        expected, found = self.toggles.get(end, 0), self.device.toggles.get(end, 0)
        if expected != found:
            raise GuestFaultError(
                f"endpoint {end:#04x} of the USB device is at DATA{found} where the computer is at "
                f"DATA{expected}; both begin at DATA0 when a configuration or an interface is set "
                "and when a halt is cleared (USB 2.0, section 9.1.1.5 and 9.4.5)"
            )
        self.toggles[end] = expected ^ 1
