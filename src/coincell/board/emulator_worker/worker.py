# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The program: commands on standard input, answers on standard output, one answer a command.

A message either way is

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
from typing import Any, BinaryIO

import unicorn
from unicorn.unicorn_py3.unicorn import uclib

from .block_hook import BLOCK_COUNT_BYTES
from .machine import Machine
from .peripherals import Chip
from .registers import GuestFaultError

Reply = tuple[dict[str, Any], bytes]


class Worker:
    """The commands. One guest; `open` first."""

    def open(
        self,
        blob: bytes,
        library: str,
        core: str,
        flash: list[int],
        ram: list[int],
        flash_wait: int,
        code: list[list[int]] | None = None,
        wiring: dict[str, list[int]] | None = None,
    ) -> Reply:
        """Make the machine. `blob` is the content of flash from its begin; the rest is erased.

        `code` are the ranges [begin, end) of memory where code may run; without it, anywhere.
        `wiring` is of the board's pins, as `Chip` takes it.
        """
        self.machine = Machine(blob, library, core, flash, ram, flash_wait)
        self.machine.traps.code = code or []
        self.chip = Chip(self.machine, wiring or {})
        return {}, b""

    def reset(self, blob: bytes, fill: int) -> Reply:
        """As after power on: RAM holds `fill`; the core starts from the vectors."""
        del blob
        self.chip.reset()
        self.machine.reset(fill)
        return {}, b""

    def run(self, blob: bytes, budget: int, until: int | None = None, wake: bool = False) -> Reply:
        """Feed `blob` to the line, run until the core waits with nothing to wake it.

        `budget` is in bytes of code, `until` in cycles since power on: with it, time passes while
        the core sleeps. `wake` ends a sleep as a debugger would. Answers the state ("waiting",
        "time", "budget", "fault", "off"), the time, the resets since the last run, and as blob what
        the firmware sent.
        """
        machine = self.machine
        resets = machine.resets
        if resets.pending:  # a watchdog's bite, which was told
            machine.fault, machine.fault_address = "", None
        known = len(resets.log)
        try:
            self.chip.feed(blob)
            if wake:
                machine.wake()
            state = machine.run(budget, until)
        except GuestFaultError as error:
            machine.fault = machine.fault or str(error)
            state = "fault"
        answer = {"state": state, "left": machine.hook.budget, "now": machine.now}
        answer["resets"] = resets.log[known:]
        if state == "waiting":
            resets.settled()
        if state == "fault":
            answer |= {"fault": machine.fault, "address": machine.fault_address}
            # Who jumped to where it lies; what is already done, when the core is beyond it.
            answer |= {"from": machine.fault_from, "done": machine.fault_done}
        if state not in ("waiting", "time"):
            answer["registers"] = machine.registers()
        return answer, self.chip.take()

    def activity(self, blob: bytes, restart: bool = False) -> Reply:
        """How long each component was in which state, and each change as JSON lines in the blob.

        `restart`: the sums begin anew.
        """
        del blob
        activity = self.machine.activity
        report, changes = activity.report(), json.dumps(activity.changes()).encode()
        if restart:
            activity.restart()
        return report, changes

    def world(self, blob: bytes, kind: str, **settings: Any) -> Reply:
        """Fill what is around the chip: `kind` is a key of `Chip.worlds`."""
        self.chip.worlds[kind].load(blob, **settings)
        return {}, b""

    def usb(self, blob: bytes) -> Reply:
        """What the computer at the end of the USB cable knows; its answers are forgotten."""
        del blob
        return self.chip.usbd.host.report(), b""

    def learn(self, blob: bytes, on: bool) -> Reply:
        """Learn from now on how many constants each block loads, or take it into account.

        While learning, the constants must be watched.
        """
        del blob
        machine = self.machine
        machine.hook.learning = int(on)
        if not on:
            machine.native.coincell_learn(ctypes.byref(machine.hook), machine.flash_wait)
        return {}, b""

    def registers(self, blob: bytes) -> Reply:
        """The core's."""
        del blob
        return {"registers": self.machine.registers()}, b""

    def spent(self, blob: bytes) -> Reply:
        """CPU time of this process, in seconds: for benchmarks."""
        del blob
        return {"seconds": time.process_time()}, b""

    def read(self, blob: bytes, address: int, count: int) -> Reply:
        """Guest memory."""
        del blob
        return {}, bytes(self.machine.engine.mem_read(address, count))

    def write(self, blob: bytes, address: int) -> Reply:
        """Guest memory."""
        self.machine.engine.mem_write(address, blob)
        return {}, b""

    def own(self, blob: bytes) -> Reply:
        """Who owns which code: uint16 for each halfword of flash from its begin."""
        owner_of = self.machine.owner_of
        ctypes.memmove(owner_of, blob, min(len(blob), len(owner_of)))
        return {}, b""

    def count(self, blob: bytes, on: bool, owner: int) -> Reply:
        """Switch counting, from zero when on; `owner` is the first. Answers the counts so far."""
        del blob
        hook, table = self.machine.hook, self.machine.table
        raw = table.raw if hook.used else b""
        records = (raw[i : i + BLOCK_COUNT_BYTES] for i in range(0, len(raw), BLOCK_COUNT_BYTES))
        found = b"".join(record for record in records if record[4:6] != b"\0\0")
        loads = {str(i): count for i, count in enumerate(hook.loads) if count}
        hook.counting = int(on)
        if on:
            ctypes.memset(table, 0, len(table))
            ctypes.memset(hook.loads, 0, ctypes.sizeof(hook.loads))
            hook.used = 0
            hook.previous = None
            hook.owner = owner
        return {"loads": loads}, found

    def watch(self, blob: bytes, begin: int, end: int, on: bool) -> Reply:
        """Count each load from [begin, end) of flash, whole pages; nothing may run from there."""
        del blob
        machine, size = self.machine, end - begin
        if size == 0:  # an image without constants
            return {}, b""
        offset = begin - machine.flash[0]
        content = bytes(machine.content[offset : offset + size])
        machine.engine.mem_unmap(begin, size)
        if not on:
            read_only = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
            machine.engine.mem_map(begin, size, read_only)
            machine.engine.mem_write(begin, content)
            return {}, b""
        self.watched = ctypes.create_string_buffer(content, size)
        machine.hook.watched = ctypes.addressof(self.watched)
        status = uclib.uc_mmio_map(
            machine.engine._uch,
            ctypes.c_uint64(begin),
            ctypes.c_size_t(size),
            machine.function("coincell_on_load"),
            ctypes.byref(machine.hook),
            machine.function("coincell_on_store"),
            ctypes.byref(machine.hook),
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
