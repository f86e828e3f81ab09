# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""What a computer demands of descriptors: USB 2.0, section 9.6, and CDC120, section 5.2.3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..registers import GuestFaultError

DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT, CLASS_SPECIFIC = 1, 2, 3, 4, 5, 0x24
CONTROL_TYPE, ISOCHRONOUS, BULK, INTERRUPT = range(4)
COMMUNICATIONS, ABSTRACT_CONTROL, DATA = 2, 2, 10
HEADER, UNION = 0, 6


def demand(met: bool, rule: str, received: object) -> None:
    """A fault that says which rule the device breaks, unless it is met."""
    if not met:
        raise GuestFaultError(f"the computer refuses the USB device: {rule}; it sent {received!r}")


def u16(data: bytes, offset: int) -> int:
    """Little-endian."""
    return int.from_bytes(data[offset : offset + 2], "little")


def check_device(data: bytes) -> None:
    """A device descriptor (9.6.1)."""
    demand(len(data) == 18 and data[0] == 18, "a device descriptor has 18 bytes", data.hex())
    demand(data[1] == DEVICE, "a device descriptor is of type 1", data[1])
    demand(u16(data, 2) in (0x0110, 0x0200), "bcdUSB is 1.1 or 2.0", hex(u16(data, 2)))
    demand(data[4] != 0 or data[5] == 0, "class 0 has subclass 0", data[5])
    demand(data[5] != 0 or data[6] == 0, "subclass 0 has protocol 0", data[6])
    demand(data[7] in (8, 16, 32, 64), "bMaxPacketSize0 is 8, 16, 32 or 64", data[7])
    demand(u16(data, 8) != 0, "idVendor is somebody's", u16(data, 8))
    decimal = all(digit < 10 for digit in (data[12] >> 4, data[12] & 15, data[13] >> 4))
    demand(decimal and data[13] & 15 < 10, "bcdDevice has decimal digits", data[12:14].hex())
    demand(data[17] >= 1, "there is a configuration", data[17])


@dataclass
class Function:
    """What a configuration offers: a serial port.

    Attributes:
        value: what SET_CONFIGURATION takes.
        control: the interface that takes the class's requests.
        bulk_in, bulk_out: addresses of the endpoints for data.
    """

    value: int
    control: int
    bulk_in: int
    bulk_out: int


@dataclass
class Interface:
    """An interface's descriptor with what belongs to it."""

    number: int
    kind: tuple[int, int, int]
    endpoints_told: int
    endpoints: list[bytes] = field(default_factory=list)
    specific: list[bytes] = field(default_factory=list)


def _descriptors(data: bytes) -> Iterator[bytes]:
    while data:
        length = data[0]
        demand(2 <= length <= len(data), "a descriptor lies within wTotalLength", data.hex())
        yield data[:length]
        data = data[length:]


def _check_endpoint(data: bytes, seen: set[int]) -> None:
    demand(len(data) == 7, "an endpoint descriptor has 7 bytes", data.hex())
    address, kind, size = data[2], data[3] & 3, u16(data, 4)
    demand(address & 0x70 == 0 and address & 15 != 0, "an endpoint has a number", hex(address))
    demand(address not in seen, "an endpoint has an address of its own", hex(address))
    seen.add(address)
    demand(data[3] >> 2 == 0, "bmAttributes' upper bits are 0", hex(data[3]))
    demand(kind in (BULK, INTERRUPT), "an endpoint here is bulk or interrupt", kind)
    if kind == BULK:
        demand(size in (8, 16, 32, 64), "a bulk packet has 8, 16, 32 or 64 bytes", size)
    else:
        demand(1 <= size <= 64, "an interrupt packet has up to 64 bytes", size)
        demand(data[6] >= 1, "an interrupt endpoint is asked each 1 to 255 ms", data[6])


def _interfaces(data: bytes) -> list[Interface]:
    found: list[Interface] = []
    seen: set[int] = set()
    for item in _descriptors(data):
        kind = item[1]
        if kind == INTERFACE:
            demand(len(item) == 9, "an interface descriptor has 9 bytes", item.hex())
            demand(item[3] == 0, "there is one setting of each interface", item[3])
            found.append(Interface(item[2], (item[5], item[6], item[7]), item[4]))
            continue
        demand(bool(found), "an interface comes before what belongs to it", kind)
        if kind == ENDPOINT:
            _check_endpoint(item, seen)
            found[-1].endpoints.append(item)
        else:
            demand(kind == CLASS_SPECIFIC, "descriptors are of a type that is known", kind)
            found[-1].specific.append(item)
    for index, interface in enumerate(found):
        demand(interface.number == index, "interfaces count from 0", interface.number)
        told, count = interface.endpoints_told, len(interface.endpoints)
        demand(told == count, f"bNumEndpoints is {count}", told)
    return found


def check_configuration(data: bytes) -> Function:
    """A configuration with all that belongs to it (9.6.3); it must be a serial port."""
    demand(len(data) >= 9 and data[0] == 9, "a configuration descriptor has 9 bytes", data.hex())
    demand(data[1] == CONFIGURATION, "a configuration descriptor is of type 2", data[1])
    demand(u16(data, 2) == len(data), f"wTotalLength is {len(data)}", u16(data, 2))
    demand(data[5] != 0, "a configuration's value is not 0", data[5])
    demand(data[7] & 0x9F == 0x80, "bmAttributes' bit 7 is 1, bits 4 to 0 are 0", hex(data[7]))
    demand(data[8] <= 250, "bMaxPower is up to 500 mA", data[8])
    interfaces = _interfaces(data[9:])
    demand(data[4] == len(interfaces), f"bNumInterfaces is {len(interfaces)}", data[4])
    return _serial_port(data[5], interfaces)


def _serial_port(value: int, interfaces: list[Interface]) -> Function:
    kinds = [interface.kind[:2] for interface in interfaces]
    known = kinds == [(COMMUNICATIONS, ABSTRACT_CONTROL), (DATA, 0)]
    demand(known, "a serial port is a communications and a data interface", kinds)
    control, data = interfaces
    specific = {item[2]: item for item in control.specific if len(item) > 2}
    first = control.specific[0][2] if control.specific else None
    demand(first == HEADER, "the class's first descriptor is its header", first)
    union = specific.get(UNION, b"")
    demand(list(union[3:]) == [0, 1], "the union is of interfaces 0 and 1", union.hex())
    demand(len(specific.get(ABSTRACT_CONTROL, b"")) == 4, "it tells the control model", kinds)
    ends = {item[2] & 0x80: item[2] for item in data.endpoints if item[3] & 3 == BULK}
    demand(set(ends) == {0, 0x80}, "data have a bulk endpoint each way", data.endpoints)
    return Function(value, control.number, ends[0x80], ends[0])


def check_string(data: bytes) -> str:
    """A string descriptor (9.6.7)."""
    fits = len(data) >= 2 and data[0] == len(data) and len(data) % 2 == 0
    demand(fits and data[1] == STRING, "a string descriptor tells its length and type", data.hex())
    try:
        return data[2:].decode("utf-16-le")
    except UnicodeDecodeError:
        demand(False, "a string is in UTF-16", data.hex())
        raise
