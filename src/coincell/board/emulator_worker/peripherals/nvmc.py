# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The controller of flash (nRF52840 product specification, section 4.3): erasing and writing.

Component "flash": idle, erasing, writing. Code that runs from flash waits meanwhile; code that runs
from RAM goes on and sees READY. Counts: "flash pages erased", "flash words written".
"""

from __future__ import annotations

from collections.abc import Callable

from ..machine import Machine
from ..registers import GuestFaultError, Registers
from .ficr import Uicr

CYCLES_A_MS = 64_000
ERASE_PAGE_CYCLES = 85 * CYCLES_A_MS
ERASE_ALL_CYCLES = 169 * CYCLES_A_MS
WRITE_CYCLES = 41 * CYCLES_A_MS // 1000
"""Of one word."""
PAGE = 4096
WRITES_A_WORD = 2
"""Between two erasures."""

READY, READYNEXT, CONFIG, ICACHECNF, PARTIAL_MS = 0x400, 0x408, 0x504, 0x540, 0x51C
READ_ONLY, WRITING, ERASING = 0, 1, 2


class Nvmc(Registers):
    """Flash changes through this alone: writes clear bits, erasing a page sets them."""

    def __init__(
        self, machine: Machine, uicr: Uicr, compares: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__("NVMC", 0x4001E000, {CONFIG: 0, ICACHECNF: 0, PARTIAL_MS: 10})
        self.machine = machine
        self.uicr = uicr
        self.compares = compares
        """Whether the power-fail comparator is on."""
        self.readers |= {READY: self._ready, READYNEXT: self._ready}
        self.tasks |= {
            CONFIG: self._configure,
            0x508: self._erase_page,  # ERASEPAGE, ERASEPCR1
            0x510: self._erase_page,  # ERASEPCR0
            0x50C: self._erase_all,
            0x514: self._erase_uicr,
            0x518: self._erase_partially,
        }
        machine.writable.guard = self
        self._forget()

    def _forget(self) -> None:
        self._busy_until = 0
        self._erased_for: dict[int, int] = {}  # page -> ms of partial erasure
        self._written: dict[int, int] = {}  # word -> writes since it was erased

    def reset(self) -> None:
        """Read only, cache off. What was written stays, as flash does."""
        super().reset()
        self._busy_until = 0
        self.machine.activity.set("flash", "idle")

    def _ready(self) -> int:
        return self.machine.now >= self._busy_until

    def _configure(self, value: int) -> None:
        if value not in (READ_ONLY, WRITING, ERASING):
            raise GuestFaultError(f"NVMC.CONFIG = {value}; 0 (read), 1 (write), 2 (erase) is known")
        self.values[CONFIG] = value

    def check_write(self, address: int, size: int) -> None:
        """Whether a store to flash is allowed now: a `GuestFaultError` if it is not."""
        verb = f"{size}-byte write to flash at {address:#010x}"
        if self.values[CONFIG] != WRITING:
            raise GuestFaultError(f"{verb}, while NVMC.CONFIG does not enable writing")
        if size % 4 or address % 4:
            raise GuestFaultError(f"{verb}; only whole words can be written")
        for word in range(address, address + size, 4):
            self._written[word] = self._written.get(word, 0) + 1
            if self._written[word] > WRITES_A_WORD:
                raise GuestFaultError(
                    f"{verb}, the third since that word was erased; the chip allows {WRITES_A_WORD}"
                )

    def wrote(self, words: int) -> None:
        """After a store: it takes its time."""
        self.machine.activity.count("flash words written", words)
        self._take(words * WRITE_CYCLES, "writing")

    def _take(self, cycles: int, state: str) -> None:
        if self.compares():
            raise GuestFaultError(
                f"{state} flash while the power-fail comparator is on; where the supply falls "
                "meanwhile the chip hangs (anomaly 242): POFCON must be 0"
            )
        machine = self.machine
        if self._busy_until > machine.now:
            machine.wait(self._busy_until - machine.now)
        machine.activity.set("flash", state)
        self._busy_until = machine.now + cycles
        machine.schedule.at(self._busy_until, self._done, foreground=True)
        if machine.writable.runs():
            machine.wait(cycles)

    def _done(self) -> None:
        if self._busy_until <= self.machine.now:
            self.machine.activity.set("flash", "idle")

    def _check_erase(self, what: str) -> None:
        if self.values[CONFIG] != ERASING:
            raise GuestFaultError(f"{what} while NVMC.CONFIG does not enable erasing")

    def _check_page(self, address: int) -> None:
        begin, size = self.machine.flash
        self._check_erase(f"erasing the page at {address:#010x}")
        if address % PAGE:
            raise GuestFaultError(f"erasing a page at {address:#010x}, where none begins")
        if not begin <= address < begin + size:
            raise GuestFaultError(
                f"erasing the page at {address:#010x}, outside of the {size:,} bytes of flash "
                f"from {begin:#010x} on that the board leaves to the application"
            )

    def _clear(self, begin: int, size: int) -> None:
        self.machine.writable.change(begin, b"\xff" * size)
        self.machine.activity.count("flash pages erased", size // PAGE)
        for word in [word for word in self._written if begin <= word < begin + size]:
            del self._written[word]
        for page in [page for page in self._erased_for if begin <= page < begin + size]:
            del self._erased_for[page]

    def _erase_page(self, address: int) -> None:
        self._check_page(address)
        self._clear(address, PAGE)
        self._take(ERASE_PAGE_CYCLES, "erasing")

    def _erase_partially(self, address: int) -> None:
        """So many ms of erasing; the page is erased when they come to the time of a whole one."""
        self._check_page(address)
        milliseconds = self.values[PARTIAL_MS] & 0x7F
        self._erased_for[address] = self._erased_for.get(address, 0) + milliseconds
        if self._erased_for[address] * CYCLES_A_MS >= ERASE_PAGE_CYCLES:
            self._clear(address, PAGE)
        self._take(milliseconds * CYCLES_A_MS, "erasing")

    def _erase_all(self, value: int) -> None:
        if value & 1:
            self._check_erase("erasing all of flash")
            self._clear(*self.machine.flash)
            self.uicr.erase()
            self._take(ERASE_ALL_CYCLES, "erasing")

    def _erase_uicr(self, value: int) -> None:
        if value & 1:
            self._check_erase("erasing UICR")
            self.uicr.erase()
            self._take(ERASE_PAGE_CYCLES, "erasing")
