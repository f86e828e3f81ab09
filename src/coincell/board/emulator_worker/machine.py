# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The chip: Unicorn's core, memory, virtual time, sleep, and whatever peripherals are attached.

Time is in cycles of the core's clock since power on. The hook on blocks (block_hook.c) adds what
each block costs; between blocks, events that are due happen and exceptions are taken. While the
core sleeps, time jumps to the next event.
"""

from __future__ import annotations

import ctypes
import struct

import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

from .block_hook import (
    ENTRIES,
    FOREVER,
    STOPPED_AGAIN,
    STOPPED_BUDGET,
    STOPPED_TABLE_FULL,
    STOPPED_UNALIGNED,
    STOPPED_UNALIGNED_BEFORE,
    STOPPED_UNALIGNED_HERE,
    STOPPED_WATCHED,
    BlockHook,
    PriceFunction,
)
from .code import Code
from .core import (
    ALIASES,
    BREAKPOINT,
    CORES,
    DATA_ABORT,
    EXCEPTION_EXIT,
    FPU_STACKED,
    MASKS,
    REGISTERS,
    SPECIAL,
    STACKED,
    SUPERVISOR_CALL,
    VERBS,
    WAIT_FOR_EVENT,
    WAIT_FOR_INTERRUPT,
)
from .core_registers import CoreRegisters, RegisterGroup
from .exceptions import Interrupts
from .flash import Flash
from .registers import GuestFaultError, Memory, Registers
from .resets import Resets
from .schedule import Activity, Schedule
from .traps import Traps


class Machine:
    """The chip without peripherals; `attach` adds them.

    Args:
        content: of flash from its begin; the rest is erased.
        library: path of block_hook.c, compiled.
        core: a key of `CORES`.
        flash, ram: [address, bytes].
        flash_wait: cycles of waiting for each word of data loaded from flash.

    Attributes:
        engine: Unicorn's.
        hook: the counters that the hook on blocks keeps.
        code: what the cycle model knows of the code that ran.
        schedule, activity, interrupts, memory, resets: what peripherals use.
        writable: how flash is written.
    """

    def __init__(
        self,
        content: bytes,
        library: str,
        core: str,
        flash: list[int],
        ram: list[int],
        flash_wait: int,
    ) -> None:
        self.engine = engine = unicorn.Uc(
            unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
        )
        engine.ctl_set_cpu_model(CORES[core])
        self.core = CoreRegisters(engine)
        self._stacked = RegisterGroup(engine, [REGISTERS[name] for name in STACKED])
        self._masks = RegisterGroup(engine, [SPECIAL[name] for name in MASKS])
        self._fpu_stacked = RegisterGroup(engine, FPU_STACKED)
        self.flash, self.ram, self.flash_wait = flash, ram, flash_wait
        engine.mem_map(flash[0], flash[1], unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        engine.mem_map(ram[0], ram[1])
        self.content = bytearray(content + b"\xff" * (flash[1] - len(content)))
        engine.mem_write(flash[0], bytes(self.content))
        self.code = Code(self)
        self._clear()
        self._attach_hook(library)
        engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_invalid)
        engine.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        self.schedule = Schedule(self._hurry)
        self.activity = Activity(lambda: self.now)
        self.memory = Memory(self, ram[0], ram[1])
        self.interrupts = Interrupts(self)
        self.resets = Resets(self)
        self.traps = Traps(self)
        self.writable = Flash(self)
        self.peripherals: list[Registers] = []
        self.attach(self.interrupts)

    def _clear(self) -> None:
        self.fault = ""
        self.fault_address: int | None = None
        self.fault_from: int | None = None
        self.fault_done: int | None = None
        self.sleeping = False
        self._sleeping_for_event = False
        self._moment: int | None = None
        self.code.clear()
        self._interrupted: int | None = None
        self._flash_store = self._repeat = False

    def in_flash(self, address: int, count: int) -> bool:
        """Whether any of the `count` bytes from `address` on is flash."""
        return address < sum(self.flash) and address + count > self.flash[0]

    def attach(self, peripheral: Registers) -> None:
        """Map the page of `peripheral`; it is reset with the machine from now on."""
        self.peripherals.append(peripheral)

        def read(_engine: object, offset: int, size: int, _user: object) -> int:
            try:
                self._begin_access(peripheral.base + offset)
                return peripheral.read(offset, size)
            except GuestFaultError as error:
                self.stop(str(error), peripheral.base + offset)
                return 0
            finally:
                self._moment = None

        def write(_engine: object, offset: int, size: int, value: int, _user: object) -> None:
            try:
                self._begin_access(peripheral.base + offset)
                peripheral.write(offset, size, value)
            except GuestFaultError as error:
                self.stop(str(error), peripheral.base + offset)
            finally:
                self._moment = None

        self.engine.mmio_map(peripheral.base, 0x1000, read, None, write, None)

    def reset(self, fill: int) -> None:
        """As after power on: RAM holds `fill`; the core starts from the vectors."""
        self._clear()
        self.slept = 0
        self.schedule.clear()
        hook = self.hook
        hook.now = hook.begun = hook.event = hook.wait_fraction = 0
        hook.previous = None
        self.activity.clear()
        self.resets.clear()
        self.fill_ram(fill)
        for peripheral in self.peripherals:
            peripheral.reset()
        self.start_core()

    def fill_ram(self, fill: int) -> None:
        """All of RAM becomes `fill`."""
        self.engine.mem_write(self.ram[0], bytes([fill]) * self.ram[1])

    def start_core(self) -> None:
        """From the vectors, as after any reset."""
        self._clear()
        self.hook.event = 0
        self.activity.set("cpu", "run")
        for number in REGISTERS.values():
            self.core.write(number, 0)
        self.core.write(arm.UC_ARM_REG_XPSR, 1 << 24)
        for name in ("control", "primask", "basepri", "faultmask", "fpscr"):
            self.set_special(name, 0)
        stack, entry = struct.unpack_from("<II", self.content)
        self.set_register("sp", stack)
        self.go(entry, 0)
        self.interrupts.update()

    # The hook on blocks

    def _attach_hook(self, library: str) -> None:
        self.native = ctypes.CDLL(library)
        self.table = ctypes.create_string_buffer(ENTRIES * 24)
        self.owner_of = ctypes.create_string_buffer(self.flash[1])
        self.hook = hook = BlockHook()
        hook.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        hook.read_register = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value
        hook.price = PriceFunction(self.code.price)
        hook.table = ctypes.addressof(self.table)
        hook.owner_of = ctypes.addressof(self.owner_of)
        hook.entries = ENTRIES
        hook.deadline = FOREVER
        hook.primask, hook.basepri = SPECIAL["primask"], SPECIAL["basepri"]
        hook.faultmask, hook.xpsr = SPECIAL["faultmask"], SPECIAL["xpsr"]
        hook.general = (ctypes.c_int32 * 16)(*(REGISTERS.get(f"r{i}", 0) for i in range(13)))
        regions = self.code.regions
        hook.regions = (type(regions[0]) * 2)(*regions)
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self.engine._uch,
            ctypes.byref(handle),
            unicorn.UC_HOOK_BLOCK,
            self.function("coincell_on_block"),
            ctypes.byref(hook),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)

    def function(self, name: str) -> ctypes.c_void_p:
        """A function of block_hook.c."""
        return ctypes.cast(getattr(self.native, name), ctypes.c_void_p)

    # Time

    @property
    def now(self) -> int:
        """Cycles since power on; in an access to a register, those up to the very instruction."""
        return self.hook.now if self._moment is None else self._moment

    @property
    def awake(self) -> int:
        """Cycles in which the core ran."""
        return self.now - self.slept

    def wait(self, cycles: int) -> None:
        """The core stands still so long, as it does while flash is busy."""
        self.hook.now += cycles
        self.hook.begun += cycles
        if self._moment is not None:
            self._moment += cycles

    def _begin_access(self, address: int) -> None:
        """Find the moment of an access to a register, whether or not anyone asks for it."""
        self._moment = self.code.moment_of(address)

    # The core

    def alias(self, name: str) -> int:
        """A register by any of its names."""
        return self.core.read(ALIASES[name])

    def register(self, name: str) -> int:
        """r0 to r12, sp, lr, pc."""
        return self.core.read(REGISTERS[name])

    def set_register(self, name: str, value: int) -> None:
        """r0 to r12, sp, lr, pc."""
        self.core.write(REGISTERS[name], value)

    def registers(self) -> dict[str, int]:
        """All of them."""
        return {name: self.register(name) for name in REGISTERS}

    def special(self, name: str) -> int:
        """A key of `SPECIAL`."""
        return self.core.read(SPECIAL[name])

    def set_special(self, name: str, value: int) -> None:
        """A key of `SPECIAL`."""
        self.core.write(SPECIAL[name], value)

    def word(self, address: int) -> int:
        """A word of memory."""
        return int.from_bytes(self.engine.mem_read(address, 4), "little")

    def masks(self) -> list[int]:
        """BASEPRI, PRIMASK, FAULTMASK."""
        return self._masks.read()

    def stacked(self) -> list[int]:
        """What an exception's entry stacks, xPSR aside: r0 to r3, r12, lr, pc."""
        return self._stacked.read()

    def set_stacked(self, values: list[int]) -> None:
        """The reverse of `stacked`."""
        self._stacked.write(values)

    def fpu_frame(self) -> bytes:
        """s0 to s15, FPSCR and a reserved word, as exception entry stacks them."""
        return struct.pack("<18I", *self._fpu_stacked.read(), self.special("fpscr"), 0)

    def set_fpu_frame(self, data: bytes) -> None:
        """The reverse of `fpu_frame`."""
        *values, fpscr, _ = struct.unpack("<18I", data)
        self._fpu_stacked.write(values)
        self.set_special("fpscr", fpscr)

    def store_frame(self, sp: int, data: bytes) -> None:
        """Put the frame of an exception on the stack."""
        self._check_frame(sp, len(data))
        self.engine.mem_write(sp, data)

    def load_frame(self, sp: int, size: int) -> bytes:
        """The frame of an exception."""
        self._check_frame(sp, size)
        return bytes(self.engine.mem_read(sp, size))

    def _check_frame(self, sp: int, size: int) -> None:
        if not self.ram[0] <= sp <= self.ram[0] + self.ram[1] - size:
            self.fault_address = sp & 0xFFFFFFFF
            raise GuestFaultError(f"the frame of an exception at {sp & 0xFFFFFFFF:#010x}")

    def go(self, address: int, cycles: int) -> None:
        """Continue at `address`, `cycles` later."""
        self.set_register("pc", address | 1)
        self.hook.now += cycles
        self.hook.previous = None
        self.hook.previous_end = address & ~1

    def _hurry(self, moment: int) -> None:
        self.hook.deadline = min(self.hook.deadline, moment)

    def sleep(self, event: bool) -> None:
        """WFI, or WFE if `event`."""
        self.sleeping, self._sleeping_for_event = True, event
        self.activity.set("cpu", "sleep")

    def wake(self) -> None:
        """The core runs."""
        if self.sleeping:
            self.sleeping = False
            self.activity.set("cpu", "run")

    def stop(self, fault: str, address: int | None = None) -> None:
        """Stop at the end of the block, with a fault."""
        if not self.fault:
            self.fault, self.fault_address = fault, address
        self.engine.emu_stop()

    def repeat(self) -> None:
        """Stop at the instruction that accesses a register, and do it again from there."""
        self._repeat = True
        self.engine.emu_stop()

    def run_to(self, block: int, address: int) -> None:
        """From the begin of a block to an instruction in it, for a fault to be exact."""
        if address != block:
            self.hook.after = 0
            self.engine.ctl_flush_tb()
            self.engine.emu_start(block | 1, address)
        self.code.forget(block, 2)

    # Running

    def run(self, budget: int, until: int | None) -> str:
        """Run until the core waits for the computer, or until the cycle `until`.

        Without `until` a sleeping core waits for the computer unless something is scheduled for it
        (a transfer on the line); with it, time passes in sleep.

        Returns "waiting", "time", "budget", "fault" or "off" (System OFF).
        """
        self.hook.budget = budget
        try:
            while True:
                state = self._step(until)
                if state:
                    return state
        except GuestFaultError as error:
            self.fault = self.fault or str(error)
            return "fault"

    def _step(self, until: int | None) -> str:
        """Whatever is due, then code or sleep until the next thing is; a state ends the run."""
        self._run_events()
        if self.resets.pending and not self.fault:
            self.fault = self.resets.perform()
        if self.fault:
            return "fault"
        if self.resets.off:
            return self._stay_off(until)
        self.interrupts.take()
        if until is not None and self.hook.now >= until:
            return "time"
        if not self.sleeping:
            return self._execute(until)
        if self.interrupts.wakes() or (self._sleeping_for_event and self.hook.event):
            self.hook.event = 0 if self._sleeping_for_event else self.hook.event
            self.wake()
            return ""
        return "" if self._sleep_on(until) else "waiting"

    def _stay_off(self, until: int | None) -> str:
        """System OFF: time passes, until something outside ends it."""
        self.resets.enter_off()
        if self.resets.look_for_wakers():
            return ""
        if until is not None and self.hook.now >= until:
            return "time"
        return "" if self._sleep_on(until) else "off"

    def _run_events(self) -> None:
        while (event := self.schedule.take(self.hook.now)) is not None:
            self._moment = event.at
            try:
                event.call()
            finally:
                self._moment = None

    def _sleep_on(self, until: int | None) -> bool:
        """Let time pass to the next event; False when nothing will happen by itself."""
        moment = self.schedule.next()
        if until is None:
            if moment is None or not self.schedule.foreground():
                return False
        elif moment is None or moment > until:
            moment = until
        assert moment is not None
        if moment > self.hook.now:
            self.slept += moment - self.hook.now
            self.hook.now = moment
        return True

    def _execute(self, until: int | None) -> str:
        """Run code until something stops it."""
        hook = self.hook
        due = [moment for moment in (self.schedule.next(), until) if moment is not None]
        hook.deadline = min(due, default=FOREVER)
        hook.stopped = 0
        self._interrupted = None
        error = None
        try:
            self.engine.emu_start(self.register("pc") | 1, 0xFFFFFFFF)
        except unicorn.UcError as raised:
            error = raised
        if self._flash_store:
            self._flash_store = False
            self.writable.store()
            return ""
        if self.fault:
            return "fault"
        if self._repeat or self.resets.off or self.resets.pending:
            self._repeat = False
            return ""
        return self._stopped_by_hook(hook.stopped) if hook.stopped else self._explain_stop(error)

    def _stopped_by_hook(self, reason: int) -> str:
        if reason == STOPPED_BUDGET:
            return "budget"
        if reason in (STOPPED_TABLE_FULL, STOPPED_WATCHED):
            self.fault = {
                STOPPED_TABLE_FULL: "more distinct blocks of code than the counter has room for",
                STOPPED_WATCHED: "a write to flash",
            }[reason]
        if reason == STOPPED_AGAIN:
            self.traps.exact.install()
        if reason == STOPPED_UNALIGNED_HERE:
            self.fault = self.traps.explain_here()
        if reason in (STOPPED_UNALIGNED, STOPPED_UNALIGNED_BEFORE):
            self.fault = self.traps.explain_unaligned(before=reason != STOPPED_UNALIGNED)
        return "fault" if self.fault else ""

    def _explain_stop(self, error: unicorn.UcError | None) -> str:
        """Unicorn stopped by itself: sleep, an exception's return, a supervisor call, a fault."""
        at = self.register("pc") & ~1
        if self._interrupted == EXCEPTION_EXIT:
            self.fault_from = self.hook.previous_end - 2
            self.interrupts.leave(at | 1)
            self.fault_from = None
            return ""
        if self._interrupted == SUPERVISOR_CALL:
            self.interrupts.call_supervisor()
            return ""
        if self._interrupted is not None:
            self.fault = f"exception {self._interrupted} of the emulator"
            if self._interrupted == BREAKPOINT:
                self.fault = "a breakpoint"
            if self._interrupted == DATA_ABORT:  # of nothing else where memory is
                self.fault = "an unaligned exclusive load or store"
            return "fault"
        before = self._code_before(at)
        if error is None and before.endswith(WAIT_FOR_INTERRUPT):
            self.sleep(event=False)
            return ""
        if before.endswith(WAIT_FOR_EVENT):
            if self.hook.event:
                self.hook.event = 0
            else:
                self.sleep(event=True)
            return ""
        self.fault = self.traps.explain_invalid(error, at)
        return "fault"

    def _code_before(self, address: int) -> bytes:
        """The four bytes in front of `address`; none where no memory is."""
        try:
            return bytes(self.engine.mem_read(address - 4, 4))
        except unicorn.UcError:
            return b""

    def _on_interrupt(self, engine: unicorn.Uc, number: int, _user: object) -> None:
        self._interrupted = number
        engine.emu_stop()

    def _on_invalid(
        self, _engine: object, access: int, address: int, size: int, _value: int, _user: object
    ) -> bool:
        if access == unicorn.UC_MEM_WRITE_PROT and self.writable.holds(address):
            self._flash_store = True
        elif not self.fault:
            verb = VERBS.get(access, "access to").format(size)
            self.fault = f"{verb} {address & 0xFFFFFFFF:#010x}"
            self.fault_address = address & 0xFFFFFFFF
            if access in (unicorn.UC_MEM_FETCH_UNMAPPED, unicorn.UC_MEM_FETCH_PROT):
                self.fault_from = self.hook.previous_end - 2
        return False
