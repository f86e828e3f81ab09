# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""An nRF52840 in a process of its own: Unicorn, its memory, and the peripherals that firmware uses.

Unicorn is GPL; this file alone touches it, imports nothing of Coincell, and is started as
`python -I emulator_worker.py`. It reads commands from its standard input and answers on its
standard output, one answer a command. A message either way is

    uint32 header bytes, uint32 blob bytes (little-endian), header (JSON, an object), blob

A command's header names it under "do"; its other keys are the arguments of the method of that name
of `Worker`. The answer is what the method returned, or {"error": text}.
"""

from __future__ import annotations

import ctypes
import json
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

Reply = tuple[dict[str, Any], bytes]

ENTRIES = 1 << 16
OWNERS = 4096
WFI = b"\x30\xbf"
STOPPED_BUDGET = 1
STOPPED_TABLE_FULL = 2
CORES = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4f": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7f": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33f": arm.UC_CPU_ARM_CORTEX_M33,
}
REGISTERS = {f"r{i}": getattr(arm, f"UC_ARM_REG_R{i}") for i in range(13)} | {
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
}


class BlockCounter(ctypes.Structure):
    """`block_counter` of block_counter.c."""

    _fields_ = [
        ("budget", ctypes.c_int64),
        ("stop", ctypes.c_void_p),
        ("table", ctypes.c_void_p),
        ("owner_of", ctypes.c_void_p),
        ("watched", ctypes.c_void_p),
        ("previous", ctypes.c_void_p),
        ("entries", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("code_begin", ctypes.c_uint32),
        ("code_halfwords", ctypes.c_uint32),
        ("previous_end", ctypes.c_uint32),
        ("owner", ctypes.c_uint32),
        ("counting", ctypes.c_uint32),
        ("stopped", ctypes.c_uint32),
        ("loads", ctypes.c_uint64 * OWNERS),
    ]


BLOCK_COUNT_BYTES = 24


class GuestFaultError(Exception):
    """The guest did what the hardware, or this model of it, does not allow."""


class Registers:
    """A peripheral whose registers keep what is written; `tasks` run on a write instead.

    An access to an offset that is not listed is a fault: what is not modelled must not look as if
    it were zero.
    """

    def __init__(self, name: str, base: int, plain: dict[int, int]) -> None:
        self.name = name
        self.base = base
        self.reset_values = plain
        self.values = dict(plain)
        self.tasks: dict[int, Callable[[int], None]] = {}
        self.readers: dict[int, Callable[[], int]] = {}

    def reset(self) -> None:
        """As after power on."""
        self.values = dict(self.reset_values)

    def read(self, offset: int, size: int) -> int:
        """The value at `offset`."""
        self._check("read from", offset, size)
        if offset in self.readers:
            return self.readers[offset]()
        return self.values.get(offset, 0)

    def write(self, offset: int, size: int, value: int) -> None:
        """Store, or run the task there."""
        self._check("write to", offset, size)
        if offset in self.tasks:
            self.tasks[offset](value)
        else:
            self.values[offset] = value

    def _check(self, verb: str, offset: int, size: int) -> None:
        known = offset in self.values or offset in self.tasks or offset in self.readers
        if not known or size != 4:
            raise GuestFaultError(
                f"{size}-byte {verb} {self.base + offset:#010x} ({self.name}), "
                "a register that the virtual board does not model"
            )


def gpio() -> Registers:
    """Ports 0 and 1: outputs, directions, pin configuration."""
    plain: dict[int, int] = {}
    for port in (0x000, 0x300):
        for offset in (0x504, 0x514):  # OUT, DIR
            plain[port + offset] = 0
        for pin in range(32):
            plain[port + 0x700 + 4 * pin] = 2
    block = Registers("GPIO", 0x50000000, plain)
    for port in (0x000, 0x300):
        for target, set_, clear in ((0x504, 0x508, 0x50C), (0x514, 0x518, 0x51C)):
            _set_and_clear(block, port + target, port + set_, port + clear)
    return block


def _set_and_clear(block: Registers, target: int, set_: int, clear: int) -> None:
    def on_set(value: int) -> None:
        block.values[target] |= value

    def on_clear(value: int) -> None:
        block.values[target] &= ~value & 0xFFFFFFFF

    for offset, task in ((set_, on_set), (clear, on_clear)):
        block.tasks[offset] = task
        block.readers[offset] = lambda: block.values[target]


class Interrupts(Registers):
    """The part of NVIC and SCB that firmware without interrupt handlers uses."""

    def __init__(self) -> None:
        plain = {0xD08: 0, 0xD88: 0}  # VTOR, CPACR
        super().__init__("system control space", 0xE000E000, plain)
        self.enabled = 0
        self.pending = 0
        self.tasks = {0xD0C: self._system_reset}
        self.readers = {0xD0C: lambda: 0xFA050000}
        for bank in (0, 1):  # the nRF52840 has 48 interrupts
            self._add_bank(4 * bank, 32 * bank)

    def _add_bank(self, offset: int, shift: int) -> None:
        """ISER, ICER, ISPR, ICPR of the 32 interrupts from `shift` on."""

        def enable(value: int) -> None:
            self.enabled |= value << shift

        def disable(value: int) -> None:
            self.enabled &= ~(value << shift)

        def pend(value: int) -> None:
            self.pending |= value << shift

        def unpend(value: int) -> None:
            self.pending &= ~(value << shift)

        tasks = {0x100: enable, 0x180: disable, 0x200: pend, 0x280: unpend}
        self.tasks |= {register + offset: task for register, task in tasks.items()}
        for register in (0x100, 0x180):
            self.readers[register + offset] = lambda: self.enabled >> shift & 0xFFFFFFFF
        for register in (0x200, 0x280):
            self.readers[register + offset] = lambda: self.pending >> shift & 0xFFFFFFFF

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self.enabled = self.pending = 0

    def wakes(self) -> bool:
        """Whether WFI returns."""
        return bool(self.enabled & self.pending)

    def _system_reset(self, value: int) -> None:
        raise GuestFaultError(f"the firmware reset itself (AIRCR = {value:#010x})")


class Uarte(Registers):
    """UARTE0: bytes by EasyDMA. What the host feeds waits here until the firmware receives it."""

    INTERRUPT = 2
    ENDRX, ENDTX, RXSTARTED, TXSTARTED, TXSTOPPED = 0x110, 0x120, 0x14C, 0x150, 0x158
    ENABLE, RXD_PTR, RXD_MAXCNT, RXD_AMOUNT = 0x500, 0x534, 0x538, 0x53C
    TXD_PTR, TXD_MAXCNT, TXD_AMOUNT, INTEN = 0x544, 0x548, 0x54C, 0x300
    PSEL_TXD, PSEL_RXD, BAUDRATE, CONFIG = 0x50C, 0x514, 0x524, 0x56C
    LINE = ((PSEL_TXD, 35), (PSEL_RXD, 42), (BAUDRATE, 0x10000000), (CONFIG, 0))

    def __init__(self, memory: Memory, interrupts: Interrupts) -> None:
        events = (self.ENDRX, self.ENDTX, self.RXSTARTED, self.TXSTARTED, self.TXSTOPPED)
        transfers = (self.RXD_PTR, self.RXD_MAXCNT, self.TXD_PTR, self.TXD_MAXCNT)
        amounts = (self.RXD_AMOUNT, self.TXD_AMOUNT)
        plain = dict.fromkeys((*events, *transfers, *amounts, self.INTEN, self.ENABLE), 0)
        plain |= dict.fromkeys((0x508, self.PSEL_TXD, 0x510, self.PSEL_RXD), 0xFFFFFFFF)
        plain |= {self.BAUDRATE: 0x04000000, self.CONFIG: 0}
        super().__init__("UARTE0", 0x40002000, plain)
        self.memory = memory
        self.interrupts = interrupts
        self.receiving = False
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.tasks = {0x000: self._start_rx, 0x008: self._start_tx, 0x00C: self._stop_tx}
        _set_and_clear(self, self.INTEN, 0x304, 0x308)

    def reset(self) -> None:
        """As after power on, with nothing on the line."""
        super().reset()
        self.receiving = False
        self.incoming.clear()
        self.outgoing.clear()

    def feed(self, data: bytes) -> None:
        """Bytes from the host."""
        self.incoming += data
        self._receive()

    def _event(self, offset: int) -> None:
        self.values[offset] = 1
        if self.values[self.INTEN] >> ((offset - 0x100) // 4) & 1:
            self.interrupts.pending |= 1 << self.INTERRUPT

    def _enabled(self) -> None:
        if self.values[self.ENABLE] != 8:
            raise GuestFaultError("a transfer on UARTE0 while it is not enabled")
        if any(self.values[register] != value for register, value in self.LINE):
            raise GuestFaultError("UARTE0 is not set to the board's pins, 1 Mbaud and 8N1")

    def _start_rx(self, value: int) -> None:
        if value & 1:
            self._enabled()
            self.values[self.RXD_AMOUNT] = 0
            self.receiving = True
            self._event(self.RXSTARTED)
            self._receive()

    def _receive(self) -> None:
        if not self.receiving:
            return
        begin, length = self.values[self.RXD_PTR], self.values[self.RXD_MAXCNT] & 0xFFFF
        done = self.values[self.RXD_AMOUNT]
        count = min(length - done, len(self.incoming))
        self.memory.dma_write(begin + done, bytes(self.incoming[:count]))
        del self.incoming[:count]
        self.values[self.RXD_AMOUNT] = done + count
        if done + count == length:
            self.receiving = False
            self._event(self.ENDRX)

    def _start_tx(self, value: int) -> None:
        if value & 1:
            self._enabled()
            count = self.values[self.TXD_MAXCNT] & 0xFFFF
            self._event(self.TXSTARTED)
            self.outgoing += self.memory.dma_read(self.values[self.TXD_PTR], count)
            self.values[self.TXD_AMOUNT] = count
            self._event(self.ENDTX)

    def _stop_tx(self, value: int) -> None:
        if value & 1:
            self._event(self.TXSTOPPED)


class Memory:
    """Guest memory as EasyDMA sees it: RAM only."""

    def __init__(self, engine: unicorn.Uc, begin: int, size: int) -> None:
        self.engine = engine
        self.begin = begin
        self.end = begin + size

    def dma_read(self, address: int, count: int) -> bytes:
        """Bytes that a peripheral takes."""
        self._check(address, count)
        return bytes(self.engine.mem_read(address, count))

    def dma_write(self, address: int, data: bytes) -> None:
        """Bytes that a peripheral puts."""
        self._check(address, len(data))
        self.engine.mem_write(address, data)

    def _check(self, address: int, count: int) -> None:
        if not self.begin <= address <= self.end - count:
            raise GuestFaultError(
                f"EasyDMA of {count} bytes at {address:#010x}; it reaches RAM only"
            )


class Worker:
    """The commands. One guest; `open` first."""

    def __init__(self) -> None:
        self.fault = ""
        self.fault_address: int | None = None

    def open(self, blob: bytes, library: str, core: str, flash: list[int], ram: list[int]) -> Reply:
        """Make the machine. `blob` is the content of flash from its begin; the rest is erased."""
        self.engine = engine = unicorn.Uc(
            unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
        )
        engine.ctl_set_cpu_model(CORES[core])
        self.flash, self.ram = flash, ram
        read_only = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
        engine.mem_map(flash[0], flash[1], read_only)
        engine.mem_map(ram[0], ram[1])
        self.content = blob + b"\xff" * (flash[1] - len(blob))
        engine.mem_write(flash[0], self.content)
        self.interrupts = Interrupts()
        self.uarte = Uarte(Memory(engine, ram[0], ram[1]), self.interrupts)
        clock = Registers("CLOCK", 0x40000000, {0x100: 0, 0x40C: 0})
        clock.tasks[0x000] = lambda _: clock.values.update({0x100: 1, 0x40C: 0x10001})
        nvmc = Registers("NVMC", 0x4001E000, {0x400: 1, 0x540: 0})
        self.peripherals = [clock, self.uarte, nvmc, gpio(), self.interrupts]
        for peripheral in self.peripherals:
            self._map(peripheral)
        engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_invalid)
        self._attach(library)
        return {}, b""

    def _map(self, peripheral: Registers) -> None:
        def read(_engine: object, offset: int, size: int, _user: object) -> int:
            try:
                return peripheral.read(offset, size)
            except GuestFaultError as error:
                self._stop(str(error), peripheral.base + offset)
                return 0

        def write(_engine: object, offset: int, size: int, value: int, _user: object) -> None:
            try:
                peripheral.write(offset, size, value)
            except GuestFaultError as error:
                self._stop(str(error), peripheral.base + offset)

        self.engine.mmio_map(peripheral.base, 0x1000, read, None, write, None)

    def _attach(self, library: str) -> None:
        """The native hook, with its buffers."""
        self.native = ctypes.CDLL(library)
        self.table = ctypes.create_string_buffer(ENTRIES * BLOCK_COUNT_BYTES)
        self.owner_of = ctypes.create_string_buffer(self.flash[1])
        self.counter = counter = BlockCounter()
        counter.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        counter.table = ctypes.addressof(self.table)
        counter.owner_of = ctypes.addressof(self.owner_of)
        counter.entries = ENTRIES
        counter.code_begin = self.flash[0]
        counter.code_halfwords = self.flash[1] // 2
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self.engine._uch,
            ctypes.byref(handle),
            unicorn.UC_HOOK_BLOCK,
            self._native("coincell_on_block"),
            ctypes.byref(counter),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)

    def _native(self, name: str) -> ctypes.c_void_p:
        return ctypes.cast(getattr(self.native, name), ctypes.c_void_p)

    def _stop(self, fault: str, address: int | None) -> None:
        if not self.fault:
            self.fault, self.fault_address = fault, address
        self.engine.emu_stop()

    def _on_invalid(
        self, _engine: object, access: int, address: int, size: int, _value: int, _user: object
    ) -> bool:
        verbs = {
            unicorn.UC_MEM_READ_UNMAPPED: f"{size}-byte read from",
            unicorn.UC_MEM_WRITE_UNMAPPED: f"{size}-byte write to",
            unicorn.UC_MEM_FETCH_UNMAPPED: "jump to",
            unicorn.UC_MEM_WRITE_PROT: f"{size}-byte write to flash at",
            unicorn.UC_MEM_READ_PROT: f"{size}-byte read from",
            unicorn.UC_MEM_FETCH_PROT: "jump to",
        }
        if not self.fault:
            self.fault = f"{verbs.get(access, 'access to')} {address & 0xFFFFFFFF:#010x}"
            self.fault_address = address & 0xFFFFFFFF
        return False

    def reset(self, blob: bytes, fill: int) -> Reply:
        """As after power on: RAM holds `fill`; the core starts from the vectors."""
        del blob
        self.fault, self.fault_address = "", None
        for peripheral in self.peripherals:
            peripheral.reset()
        self.engine.mem_write(self.ram[0], bytes([fill]) * self.ram[1])
        stack, entry = struct.unpack_from("<II", self.content)
        for register in REGISTERS.values():
            self.engine.reg_write(register, 0)
        self.engine.reg_write(arm.UC_ARM_REG_SP, stack)
        self.engine.reg_write(arm.UC_ARM_REG_PC, entry | 1)
        self.counter.previous = None
        return {}, b""

    def run(self, blob: bytes, budget: int) -> Reply:
        """Feed `blob` to the line, run until the core waits with nothing to wake it.

        `budget` is in bytes of code. Answers the state ("waiting", "budget", "fault"), and as blob
        what the firmware sent.
        """
        self.counter.budget = budget
        self.counter.stopped = 0
        try:
            self.uarte.feed(blob)
            state = self._run()
        except GuestFaultError as error:
            self.fault = self.fault or str(error)
            state = "fault"
        sent = bytes(self.uarte.outgoing)
        self.uarte.outgoing.clear()
        answer = {"state": state, "left": self.counter.budget}
        if state == "fault":
            answer |= {"fault": self.fault, "address": self.fault_address}
        if state != "waiting":
            answer["registers"] = self._registers()
        return answer, sent

    def _run(self) -> str:
        while True:
            at = self.engine.reg_read(arm.UC_ARM_REG_PC) | 1
            try:
                self.engine.emu_start(at, 0xFFFFFFFF)
            except unicorn.UcError as error:
                self.fault = self.fault or str(error)
            if self.fault:
                return "fault"
            if self.counter.stopped == STOPPED_BUDGET:
                return "budget"
            if self.counter.stopped == STOPPED_TABLE_FULL:
                self.fault = "more distinct blocks of code than the counter has room for"
                return "fault"
            if self.counter.stopped:
                self.fault = "a write to flash"
                return "fault"
            at = self.engine.reg_read(arm.UC_ARM_REG_PC)
            if bytes(self.engine.mem_read(at - 2, 2)) != WFI:
                self.fault = "the emulator stopped for no reason that is known here"
                return "fault"
            if not self.interrupts.wakes():
                return "waiting"
            if not self.engine.reg_read(arm.UC_ARM_REG_PRIMASK) & 1:
                self.fault = "an interrupt would be taken, which the virtual board does not model"
                return "fault"

    def _registers(self) -> dict[str, int]:
        return {name: self.engine.reg_read(number) for name, number in REGISTERS.items()}

    def registers(self, blob: bytes) -> Reply:
        """The core's."""
        del blob
        return {"registers": self._registers()}, b""

    def spent(self, blob: bytes) -> Reply:
        """CPU time of this process, in seconds: for benchmarks."""
        del blob
        return {"seconds": time.process_time()}, b""

    def read(self, blob: bytes, address: int, count: int) -> Reply:
        """Guest memory."""
        del blob
        return {}, bytes(self.engine.mem_read(address, count))

    def write(self, blob: bytes, address: int) -> Reply:
        """Guest memory."""
        self.engine.mem_write(address, blob)
        return {}, b""

    def own(self, blob: bytes) -> Reply:
        """Who owns which code: uint16 for each halfword of flash from its begin."""
        ctypes.memmove(self.owner_of, blob, min(len(blob), len(self.owner_of)))
        return {}, b""

    def count(self, blob: bytes, on: bool, owner: int) -> Reply:
        """Switch counting, from zero when on; `owner` is the first. Answers the counts so far."""
        del blob
        raw = self.table.raw if self.counter.used else b""
        records = (raw[i : i + BLOCK_COUNT_BYTES] for i in range(0, len(raw), BLOCK_COUNT_BYTES))
        found = b"".join(record for record in records if record[4:6] != b"\0\0")
        loads = {str(i): count for i, count in enumerate(self.counter.loads) if count}
        self.counter.counting = int(on)
        if on:
            ctypes.memset(self.table, 0, len(self.table))
            ctypes.memset(self.counter.loads, 0, ctypes.sizeof(self.counter.loads))
            self.counter.used = 0
            self.counter.previous = None
            self.counter.owner = owner
        return {"loads": loads}, found

    def watch(self, blob: bytes, begin: int, end: int, on: bool) -> Reply:
        """Count each load from [begin, end) of flash, whole pages; nothing may run from there."""
        del blob
        size = end - begin
        if size == 0:  # an image without constants
            return {}, b""
        offset = begin - self.flash[0]
        content = self.content[offset : offset + size]
        self.engine.mem_unmap(begin, size)
        if not on:
            read_only = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
            self.engine.mem_map(begin, size, read_only)
            self.engine.mem_write(begin, content)
            return {}, b""
        self.watched = ctypes.create_string_buffer(content, size)
        self.counter.watched = ctypes.addressof(self.watched)
        status = uclib.uc_mmio_map(
            self.engine._uch,
            ctypes.c_uint64(begin),
            ctypes.c_size_t(size),
            self._native("coincell_on_load"),
            ctypes.byref(self.counter),
            self._native("coincell_on_store"),
            ctypes.byref(self.counter),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)
        return {}, b""


def _read_message(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    lengths = stream.read(8)
    if len(lengths) < 8:
        return None
    header, blob = struct.unpack("<II", lengths)
    return json.loads(stream.read(header)), stream.read(blob)


def main() -> None:
    """Answer commands until the input ends; stopping is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker()
    while (message := _read_message(sys.stdin.buffer)) is not None:
        header, blob = message
        command = header.pop("do")
        answer: dict[str, Any]
        try:
            answer, payload = getattr(worker, command)(blob, **header)
        except unicorn.UcError as error:
            answer, payload = {"error": f"{command}: {error}"}, b""
        text = json.dumps(answer).encode()
        sys.stdout.buffer.write(struct.pack("<II", len(text), len(payload)) + text + payload)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
