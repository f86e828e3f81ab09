# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Exceptions of the Cortex-M4: which is pending, which is taken when, and the frames on the stack.

Unicorn models neither the NVIC nor exception entry, so both are here, delivered between blocks of
code. After the Armv7-M Architecture Reference Manual (Arm DDI 0403), sections B1.5 and B3.4;
cycles after the Cortex-M4 Technical Reference Manual (Arm DDI 0439), section 3.9.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .registers import GuestFaultError, Registers
from .resets import SREQ

if TYPE_CHECKING:
    from .machine import Machine

IRQS = 48
FIRST_IRQ = 16
NMI, SVCALL, PENDSV, SYSTICK = 2, 11, 14, 15
PRIORITY_BITS = 0xE0  # the nRF52840 implements three
ENTRY_CYCLES, RETURN_CYCLES, TAIL_CYCLES, FPU_CYCLES = 12, 10, 6, 17
NAMES = {NMI: "NMI", SVCALL: "SVCall", PENDSV: "PendSV", SYSTICK: "SysTick"}
NO_PRIORITY = 256
MOST_CHAINED = 50_000
"""Exceptions taken one upon the other, nothing below going on, before that counts as a hang."""
FPCA, SPSEL = 4, 2
SFPA = 8
"""Of CONTROL: the emulator keeps it with FPCA, and begins a new FPU context where one is 0, though
this core has no such bit."""
FRAME_BYTES, FPU_FRAME_BYTES = 32, 104
ALIGNED = 1 << 9  # in the stacked xPSR: four bytes lie between frame and stack
EXCEPTION_BITS = 0x1FF

ICSR, VTOR, AIRCR, SCR, CCR, SHPR = 0xD04, 0xD08, 0xD0C, 0xD10, 0xD14, 0xD18
CPACR, DEMCR, FPCCR = 0xD88, 0xDFC, 0xF34
FPCCR_LAZY = 0xC0000000
SEVONPEND, SLEEPONEXIT = 1 << 4, 1 << 1


class Active(NamedTuple):
    """An exception that was taken and has not returned."""

    number: int
    owner: int  # of the costs of what it interrupted


class Interrupts(Registers):
    """The system control space: NVIC, SCB, and the exceptions of the core.

    A peripheral holds its line with `set_line`; a line that is still high when the handler returns
    makes the interrupt pending again.

    Attributes:
        systick_taken: is called when SysTick's exception stops to be pending.
    """

    def __init__(self, machine: Machine) -> None:
        plain = dict.fromkeys((VTOR, SCR, CPACR, DEMCR, 0xF38, 0xF3C, 0xD24, 0xD28, 0xD2C), 0)
        plain |= {CCR: 0x200, FPCCR: FPCCR_LAZY}
        super().__init__("system control space", 0xE000E000, plain)
        self.machine = machine
        self.systick_taken: Callable[[], None] = lambda: None
        self.tasks = {AIRCR: self._write_aircr, ICSR: self._write_icsr, 0xF00: self._trigger}
        self.tasks[CCR] = lambda value: machine.traps.configure(value)
        self.readers = {
            AIRCR: lambda: 0xFA050000 | self.group << 8,
            ICSR: self._read_icsr,
            0x004: lambda: 1,  # ICTR: 64 lines
            0xD00: lambda: 0x410FC241,  # CPUID
        }
        for bank in (0, 1):
            self._add_bank(4 * bank, 32 * bank)
        self._clear()

    def _clear(self) -> None:
        self.enabled = self.latched = self.lines = 0
        self.system_pending: set[int] = set()
        self.priorities = bytearray(FIRST_IRQ + 64)
        self.group = 0
        self.active: list[Active] = []
        self._chained = 0

    def reset(self) -> None:
        """As after power on."""
        super().reset()
        self._clear()

    # Registers

    def _add_bank(self, offset: int, shift: int) -> None:
        """ISER, ICER, ISPR, ICPR, IABR of the 32 interrupts from `shift` on."""
        known = ((1 << IRQS) - 1) >> shift & 0xFFFFFFFF

        def enable(value: int) -> None:
            self.enabled |= (value & known) << shift
            self.update()

        def disable(value: int) -> None:
            self.enabled &= ~(value << shift)
            self.update()

        def pend(value: int) -> None:
            self.latched |= (value & known) << shift
            self.update()

        def unpend(value: int) -> None:
            self.latched &= ~(value << shift)
            self.update()

        def active() -> int:
            numbers = (item.number - FIRST_IRQ for item in self.active)
            return sum(1 << number for number in numbers if number >= 0)

        tasks = {0x100: enable, 0x180: disable, 0x200: pend, 0x280: unpend}
        self.tasks |= {register + offset: task for register, task in tasks.items()}
        for register in (0x100, 0x180):
            self.readers[register + offset] = lambda: self.enabled >> shift & 0xFFFFFFFF
        for register in (0x200, 0x280):
            self.readers[register + offset] = lambda: self._pending() >> shift & 0xFFFFFFFF
        self.readers[0x300 + offset] = lambda: active() >> shift & 0xFFFFFFFF

    def read(self, offset: int, size: int) -> int:
        """A register; priorities by bytes too."""
        index = self._priority_index(offset, size)
        if index is not None:
            return int.from_bytes(self.priorities[index : index + size], "little")
        return super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; priorities by bytes too."""
        index = self._priority_index(offset, size)
        if index is not None:
            for i, byte in enumerate(value.to_bytes(size, "little")):
                self.priorities[index + i] = byte & PRIORITY_BITS
            self.update()
            return
        super().write(offset, size, value)
        if offset == FPCCR and value & FPCCR_LAZY != FPCCR_LAZY:
            raise GuestFaultError(
                "the FPU's context is not stacked lazily, which the virtual board does not model"
            )

    def _priority_index(self, offset: int, size: int) -> int | None:
        """Where in `priorities` a register of priorities lies."""
        if SHPR <= offset <= SHPR + 12 - size:
            return offset - SHPR + 4
        if 0x400 <= offset <= 0x400 + IRQS - size:
            return offset - 0x400 + FIRST_IRQ
        return None

    def _write_aircr(self, value: int) -> None:
        if value >> 16 != 0x05FA:
            return
        if value & 4:
            self.machine.resets.request(SREQ, f"the firmware reset itself (AIRCR = {value:#010x})")
            return
        self.group = value >> 8 & 7
        self.update()

    def _write_icsr(self, value: int) -> None:
        for bit, number, pending in (
            (31, NMI, True),
            (28, PENDSV, True),
            (27, PENDSV, False),
            (26, SYSTICK, True),
            (25, SYSTICK, False),
        ):
            if value >> bit & 1:
                self.pend_system(number, pending)

    def _read_icsr(self) -> int:
        best = self._best()
        value = self.active[-1].number if self.active else 0
        value |= (best[1] if best else 0) << 12
        value |= (len(self.active) < 2) << 11
        value |= (self._pending() != 0) << 22
        value |= (SYSTICK in self.system_pending) << 26
        return value | (PENDSV in self.system_pending) << 28

    def _trigger(self, value: int) -> None:
        self.pend(value & 0x1FF)

    # What peripherals do

    def set_line(self, number: int, high: bool) -> None:
        """The line of interrupt `number` from a peripheral."""
        bit = 1 << number
        if bool(self.lines & bit) == high:
            return
        if high:
            self.lines |= bit
            self.latched |= bit
        else:
            self.lines &= ~bit
        self.update()

    def pend(self, number: int) -> None:
        """One pulse on the line of interrupt `number`."""
        self.latched |= 1 << number
        self.update()

    def pend_system(self, number: int, pending: bool = True) -> None:
        """NMI, PendSV or SysTick."""
        if pending:
            self.system_pending.add(number)
        else:
            self._forget_pending(number)
        self.update()

    def _forget_pending(self, number: int) -> None:
        self.system_pending.discard(number)
        if number == SYSTICK:
            self.systick_taken()

    # Priorities

    def _pending(self) -> int:
        active = 0
        for item in self.active:
            if item.number >= FIRST_IRQ:
                active |= 1 << (item.number - FIRST_IRQ)
        return self.latched | self.lines & ~active

    def _group_of(self, priority: int) -> int:
        """The part of a priority that decides about preemption."""
        return priority if priority < 0 else priority & (0xFF << (self.group + 1)) & 0xFF

    def _priority(self, number: int) -> int:
        return -2 if number == NMI else self.priorities[number]

    def _best(self) -> tuple[int, int] | None:
        """(priority, number) of the pending exception that comes first."""
        irqs = self._pending() & self.enabled
        if not irqs and not self.system_pending:
            return None
        waiting = [(self._priority(number), number) for number in self.system_pending]
        while irqs:
            number = (irqs & -irqs).bit_length() - 1 + FIRST_IRQ
            waiting.append((self._priority(number), number))
            irqs &= irqs - 1
        return min(waiting, default=None)

    def _running(self) -> int:
        """The priority at which the core runs, masks aside."""
        return min((self._group_of(self._priority(a.number)) for a in self.active), default=256)

    def _masked(self, masks: bool) -> int:
        """The priority at which it runs, with BASEPRI and FAULTMASK, and PRIMASK if `masks`."""
        priority = self._running()
        basepri, primask, faultmask = self.machine.masks()
        if basepri:
            priority = min(priority, self._group_of(basepri))
        if masks and primask & 1:
            priority = min(priority, 0)
        if faultmask & 1:
            priority = min(priority, -1)
        return priority

    def update(self) -> None:
        """Tell the hook on blocks whether to look for open masks."""
        best = self._best()
        able = best is not None and self._group_of(best[0]) < self._running()
        hook = self.machine.hook
        hook.pending = int(able)
        if able and best is not None and best[1] == NMI:
            hook.pending = 2  # no mask holds it back
        hook.group_mask = self._group_of(0xFF)
        if able and best is not None:
            hook.pending_priority = max(self._group_of(best[0]), 0)
        if best is not None and self.values[SCR] & SEVONPEND:
            hook.event = 1

    def wakes(self) -> bool:
        """Whether WFI returns: something would be taken, were PRIMASK open."""
        best = self._best()
        return best is not None and self._group_of(best[0]) < self._masked(masks=False)

    # Entry and return

    def take(self) -> bool:
        """Enter the exception that is due, if any."""
        best = self._best()
        if best is None or self._group_of(best[0]) >= self._masked(masks=True):
            return False
        self._enter(best[1])
        return True

    def call_supervisor(self) -> None:
        """SVC: its exception is taken at once."""
        if self._group_of(self._priority(SVCALL)) >= self._masked(masks=True):
            raise GuestFaultError("SVC where its priority is masked, which escalates to HardFault")
        self._enter(SVCALL)

    def _enter(self, number: int) -> None:
        machine = self.machine
        self._handler(number)  # a missing one is told where it was needed
        control = machine.special("control")
        fpu = bool(control & FPCA)
        returning = 0xFFFFFFF1 if self.active else 0xFFFFFFFD if control & SPSEL else 0xFFFFFFF9
        sp = machine.register("sp")
        padding = 4 if self.values[CCR] & 0x200 and sp & 4 else 0
        sp -= padding + (FPU_FRAME_BYTES if fpu else FRAME_BYTES)
        xpsr = machine.special("xpsr") | (ALIGNED if padding else 0)
        data = struct.pack("<8I", *machine.stacked(), xpsr)
        if fpu:
            data += machine.fpu_frame()
        machine.store_frame(sp, data)
        machine.set_register("sp", sp)
        self._begin(number, returning & ~0x10 if fpu else returning, ENTRY_CYCLES)

    def _begin(self, number: int, returning: int, cycles: int) -> None:
        """Go to the handler; what it interrupted is on the stack."""
        machine = self.machine
        self.active.append(Active(number, machine.hook.owner))
        if number < FIRST_IRQ:
            self._forget_pending(number)
        else:
            self.latched &= ~(1 << (number - FIRST_IRQ))
        machine.set_special("xpsr", 1 << 24 | number)
        machine.set_special("control", machine.special("control") & ~(FPCA | SPSEL | SFPA))
        machine.set_register("lr", returning)
        handler = self._handler(number)
        machine.go(handler, cycles)
        machine.wake()
        machine.hook.event = 1
        self.update()

    def _name(self, number: int) -> str:
        """An exception in words, such as "exception 45 (PDM)"."""
        line = number - FIRST_IRQ
        known = (p.name for p in self.machine.peripherals if getattr(p, "interrupt", -1) == line)
        name = NAMES.get(number) or next(known, "")
        return f"exception {number} ({name})" if name else f"exception {number}"

    def _handler(self, number: int) -> int:
        vector = self.values[VTOR] + 4 * number
        flash, ram = self.machine.flash, self.machine.ram
        if not any(begin <= vector <= begin + size - 4 for begin, size in (flash, ram)):
            raise GuestFaultError(
                f"{self._name(number)} is taken, but its vector at {vector:#010x} is neither in "
                f"flash nor in RAM (VTOR = {self.values[VTOR]:#010x})"
            )
        handler = self.machine.word(vector)
        if not handler & 1 or not self.machine.traps.may_run(handler):
            raise GuestFaultError(
                f"{self._name(number)} is taken, but the vector at {vector:#010x} holds "
                f"{handler:#010x}, no handler"
            )
        return handler

    def leave(self, returning: int) -> None:
        """A jump to EXC_RETURN: back to what was interrupted, or on to what is pending."""
        machine = self.machine
        if not self.active:
            raise GuestFaultError(f"a return from an exception ({returning:#010x}) outside of any")
        left = self.active.pop()
        if left.number != NMI:
            machine.set_special("faultmask", 0)
        used_fpu = bool(machine.special("control") & FPCA)
        fpu = not returning & 0x10
        lazy = FPU_CYCLES if fpu and used_fpu else 0
        best = self._best()
        if best is not None and self._group_of(best[0]) < self._masked(masks=True):
            machine.hook.owner = left.owner
            self._chain(best[1])
            self._begin(best[1], returning, TAIL_CYCLES + lazy)
            return
        self._unstack(returning, fpu)
        machine.hook.owner = left.owner
        machine.go(machine.register("pc"), RETURN_CYCLES + lazy)
        machine.hook.event = 1
        self.update()
        if not self.active and self.values[SCR] & SLEEPONEXIT:
            machine.sleep(event=False)

    def _chain(self, number: int) -> None:
        """Count those that follow one another without a return to what they interrupted."""
        self._chained += 1
        if self._chained > MOST_CHAINED:
            raise GuestFaultError(
                f"{self._name(number)} is taken again and again: {MOST_CHAINED:,} handlers ran one "
                "upon the other, and what they interrupted never went on; either a handler does "
                "not clear what asks for it, or it comes faster than it is handled"
            )

    def _unstack(self, returning: int, fpu: bool) -> None:
        machine = self.machine
        self._chained = 0
        to_thread = bool(returning & 8)
        if to_thread == bool(self.active):
            raise GuestFaultError(
                f"EXC_RETURN {returning:#010x} with {len(self.active)} exceptions still active"
            )
        outer = self.active[-1].number if self.active else 0
        machine.set_special("xpsr", 1 << 24 | outer)
        control = machine.special("control") & ~(FPCA | SPSEL | SFPA)
        control |= (SPSEL if returning & 4 else 0) | (FPCA | SFPA if fpu else 0)
        machine.set_special("control", control)
        sp = machine.register("sp")
        size = FPU_FRAME_BYTES if fpu else FRAME_BYTES
        data = machine.load_frame(sp, size)
        *values, xpsr = struct.unpack_from("<8I", data)
        machine.set_stacked(values)
        if fpu:
            machine.set_fpu_frame(data[FRAME_BYTES:])
        machine.set_special("xpsr", xpsr & ~ALIGNED)
        machine.set_register("sp", sp + size + (4 if xpsr & ALIGNED else 0))
