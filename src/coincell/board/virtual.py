"""The virtual board: an image on an emulated nRF52840, reached over its serial line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from coincell.board.emulator import Emulator
from coincell.board.faults import EXCEPTION_RETURN, SourceMap, called_from, hint_for
from coincell.board.foreign import check_runs
from coincell.errors import BoardError, CoincellError, GateError
from coincell.firmware import RODATA_ALIGN, Board, Elf, Image, plain_binary, wiring

DEFAULT_BUDGET = 4_000_000_000
"""Bytes of code that may run between two waits before the board counts as hung (over a minute of
the real one's time)."""

START_BUDGET = 1_000_000_000
"""The same for the first wait after power on."""

_GUARD = 1 << 16
"""An access this far below RAM, with the stack all but spent, is taken for the stack's overflow."""

_LOOPS = "Look at the loop there; it never ends."
_SILENT = """
Look at the loop there; it never ends. The image has never sent a byte: one compiled by hand does \
not speak Coincell's protocol, and nothing can be asked of it."""

_UNMAPPED = re.compile(r".*(read from|write to) 0x[0-9a-f]{8}")

_RAM_FILL = 0xA5
"""RAM after power on: neither zero nor the stack's paint, so that nobody relies on it."""


class StackOverflowError(GateError):
    """The chain needs more stack than the image reserves for it."""


class VirtualBoard:
    """Loads an image and runs it; `send` and `receive` are the board's serial line.

    A context manager: leaving it ends the emulator's process.

    Args:
        image: what to run: an `Image`, or the parsed ELF of any image.
        board: its memory and clock; an `Image` knows its own.
        budget: bytes of code that may run without an answer.
        core: the processor in place of the board's own, as the toolchain calls it.
        device: the chip's identity, 16 hexadecimal digits (FICR.DEVICEID); "coincell" in ASCII
            unless given.
        settles: after power on, run it until it waits; else time begins with `advance`, for images
            that may never wait.

    Attributes:
        now: cycles since power on.
        sources: functions, lines and callers of the image.
        resets: of each reset since power on, the cycle, and what asked for it and where.

    Raises:
        MissingExtraError: the extra "emulator" is not installed.
        BoardError: the image is for another chip or place, or does not come to wait.
    """

    def __init__(
        self,
        image: Image | Elf,
        board: Board | None = None,
        budget: int = DEFAULT_BUDGET,
        core: str = "",
        settles: bool = True,
        device: str = "",
    ) -> None:
        if isinstance(image, Image):
            self.elf, self.board = image.parsed, board or image.board
        else:
            if board is None:
                raise ValueError("an ELF does not say for which board it is")
            self.elf, self.board = image, board
        check_runs(self.elf, self.board, core or self.board.core)
        flash, ram = self.board.flash, self.board.ram
        content = plain_binary(self.elf.segments, flash.origin)
        self.budget, self.settles = budget, settles
        self.emulator = Emulator()
        self._received = bytearray()
        self.now = 0
        self.sources = SourceMap(self.elf)
        self.resets: list[tuple[int, str]] = []
        self._resets_told = 0
        self._spoken = False
        try:
            self.emulator.ask(
                "open",
                content,
                library=str(self.emulator.library),
                core=core or self.board.core,
                flash=[flash.origin, flash.bytes],
                ram=[ram.origin, ram.bytes],
                flash_wait=self.board.flash_wait_cycles,
                code=self.elf.executable,
                wiring=wiring(self.board) | _identity(device),
            )
            self.restart()
        except BaseException:
            self.emulator.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.emulator.close()

    def restart(self) -> None:
        """Power off and on; runs until the firmware waits, if it `settles`."""
        self._received.clear()
        self.resets.clear()
        self.emulator.ask("reset", fill=_RAM_FILL)
        self.now = 0
        if self.settles:
            self._run(b"", min(self.budget, START_BUDGET))

    def send(self, data: bytes) -> None:
        """Bytes to the firmware; runs it until it waits for more.

        Raises:
            BoardError: it faulted or hung; the message says where.
            StackOverflowError: it used more stack than it has.
        """
        self._resets_told = len(self.resets)
        self._run(data, self.budget)

    def resume(self) -> None:
        """Wake the core as a debugger would; runs it until it waits again.

        Raises:
            BoardError, StackOverflowError: as `send`.
        """
        self._run(b"", self.budget, wake=True)

    def advance(self, cycles: int) -> None:
        """Let `cycles` of the core's clock pass, awake or asleep; `receive` what was sent.

        Raises:
            BoardError, StackOverflowError: as `send`.
        """
        self._run(b"", self.budget, until=self.now + cycles)

    @contextmanager
    def learning_waits(self) -> Iterator[None]:
        """While it lasts, learn how long each piece of code waits for constants in flash.

        Afterwards virtual time counts those waits, on average, for code that ran meanwhile; without
        it, the waits for literals alone. What runs meanwhile runs about ten times slower.
        """
        begin, end = self.watched_pages()
        self.emulator.ask("watch", begin=begin, end=end, on=True)
        self.emulator.ask("learn", on=True)
        try:
            yield
        finally:
            if self.emulator.alive:
                self.emulator.ask("learn", on=False)
                self.emulator.ask("watch", begin=begin, end=end, on=False)

    def watched_pages(self) -> tuple[int, int]:
        """`watched_pages` of its image, checked.

        Raises:
            BoardError: the image tells a place for its constants where none can be.
        """
        begin, end = watched_pages(self.elf)
        flash = self.board.flash
        if begin % RODATA_ALIGN or not flash.origin <= begin <= end <= flash.origin + flash.bytes:
            raise BoardError(
                f"The image tells constants from {begin:#x} to {end:#x}; they fill whole pages of "
                f"{RODATA_ALIGN:,} bytes in the flash of {self.board.board.title}, "
                f"{flash.origin:#x} to {flash.origin + flash.bytes:#x}.",
                hint="Make the image again with `coincell run`.",
            )
        return begin, end

    def put_world(self, kind: str, data: bytes = b"", **settings: Any) -> None:
        """Fill what is around the chip, such as its microphone's sound."""
        self.emulator.ask("world", data, kind=kind, **settings)

    def usb(self) -> dict[str, Any]:
        """What the computer at the end of the USB cable knows of the board.

        The form is that of `UsbHost.report` in emulator_worker/peripherals/usb_host.py.
        """
        return self.emulator.ask("usb")[0]

    def activity(self, restart: bool = False) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
        """Cycles by component and state, counts, and each change as (cycle, component, state).

        The form stands in emulator_worker/schedule.py. `restart`: they begin anew afterwards.
        """
        report, changes = self.emulator.ask("activity", restart=restart)
        return report, [(moment, name, state) for moment, name, state in json.loads(changes)]

    def place(self) -> str:
        """Where the core is now, in words."""
        registers = self.emulator.ask("registers")[0]["registers"]
        return str(self.sources.place(registers["pc"]))

    def _run(self, data: bytes, budget: int, **arguments: Any) -> None:
        answer, sent = self.emulator.ask("run", data, budget=budget, **arguments)
        self._received += sent
        self._spoken |= bool(sent)
        self.now = answer["now"]
        for reset in answer["resets"]:
            what = f"{reset['what']}, {self.sources.place(reset['registers']['pc'])}"
            self.resets.append((reset["cycle"], what))
        if answer["state"] not in ("waiting", "time"):
            raise self._explain(answer, budget)

    def receive(self, count: int) -> bytes:
        """Exactly `count` bytes that the firmware sent.

        Raises:
            BoardError: it has sent fewer, and waits.
        """
        if len(self._received) < count and len(self.resets) > self._resets_told:
            raise BoardError(
                f"The board did not answer: {self.resets[-1][1]}, and the firmware began anew.",
                hint="What it was asked is lost. A fault handler or an interrupt that nobody "
                "handles often ends in such a reset.",
            )
        if len(self._received) < count:
            raise BoardError(
                f"The board waits, but {count} bytes of answer were expected and "
                f"{len(self._received)} came.",
                hint="Does the image speak Coincell's protocol? One compiled by hand may not.",
            )
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    @property
    def waiting(self) -> int:
        """How many bytes the firmware has sent and nobody received."""
        return len(self._received)

    def discard(self) -> None:
        """Forget what the firmware has sent and nobody received."""
        self._received.clear()

    def read_memory(self, address: int, count: int) -> bytes:
        """Guest memory."""
        return self.emulator.ask("read", address=address, count=count)[1]

    def write_memory(self, address: int, data: bytes) -> None:
        """Guest memory, as a debugger writes it."""
        self.emulator.ask("write", data, address=address)

    def _explain(self, answer: dict[str, Any], budget: int) -> BoardError | StackOverflowError:
        registers, what = answer["registers"], answer.get("fault", "")
        at, callers = self._whereabouts(registers, answer)
        if answer["state"] == "off":
            return BoardError(
                f"The board is off: the firmware switched the system off {at}, and nothing on "
                f"the line ends that.{callers}",
                hint="A pin that senses its level does, or power.",
            )
        if answer["state"] == "budget":
            return BoardError(
                f"The firmware hangs {at}: it ran {budget:,} bytes of code without waiting "
                f"for a message.{callers}",
                hint=_LOOPS if self._spoken else _SILENT.strip(),
            )
        address, ram = answer["address"], self.board.ram
        below = address is not None and ram.origin - _GUARD <= address < ram.origin
        if below and registers["sp"] < ram.origin + 1024:
            return StackOverflowError(
                f"The stack overflowed {at}: sp is {registers['sp']:#010x}, "
                f"and the stack ends at {ram.origin:#010x}.{callers}",
                hint="Raise board.stack_bytes, which the image reserves for the stack.",
            )
        if address is not None and _is_peripheral(address) and _UNMAPPED.fullmatch(what):
            what += ", a register that the virtual board does not model"
        if "jump" in what and address is not None and (name := self.elf.symbol_at(address)):
            what += f" ({name})"
        return BoardError(f"The firmware faulted {at}: {what}.{callers}", hint=hint_for(what))

    def _whereabouts(self, registers: dict[str, int], answer: dict[str, Any]) -> tuple[str, str]:
        """The place of a fault and the chain of callers, in words."""
        jumped, done = answer.get("from"), answer.get("done")

        def read(address: int, count: int) -> bytes:
            try:
                return self.read_memory(address, count)
            except CoincellError as error:
                raise LookupError from error

        pc = registers["pc"] & ~1
        if jumped is not None and self.sources.holds_code(jumped):
            leaves = registers["pc"] >= EXCEPTION_RETURN  # else it was jumped from there
            chain = self.sources.callers(registers if leaves else registers | {"pc": 0}, read)
            if chain and chain[0].address & ~3 == jumped & ~3:  # a call, whose caller it is
                chain = chain[1:]
            return str(self.sources.place(jumped)), called_from(chain)
        chain = self.sources.callers(registers, read)
        if done is not None:
            place = self.sources.place(done)
            if self.sources.place(pc).function.split("+")[0] != place.function.split("+")[0]:
                chain = (self.sources.place(pc - 2), *chain)  # it has returned meanwhile
            return str(place), called_from(chain)
        if chain and not self.sources.holds_code(pc):
            where = str(chain[0]).removeprefix("in ")
            return f"in no function, called from {where}", called_from(chain[1:])
        return str(self.sources.place(pc)), called_from(chain)


def _identity(device: str) -> dict[str, list[int]]:
    """What the emulator takes, from 16 hexadecimal digits or "".

    Raises:
        BoardError: they are something else.
    """
    if not device:
        return {}
    if not re.fullmatch(r"[0-9a-fA-F]{16}", device):
        raise BoardError(f"A device's identity is 16 hexadecimal digits. Received: {device!r}.")
    return {"device": [int(device[:8], 16), int(device[8:], 16)]}


def _is_peripheral(address: int) -> bool:
    """Whether the Armv7-M memory map keeps `address` for devices or the system."""
    return 0x40000000 <= address < 0x60000000 or address >= 0xE0000000


def watched_pages(elf: Elf) -> tuple[int, int]:
    """The whole pages that hold the constants: the linker script gives them pages of their own."""
    begin = elf.label("image_rodata_begin")
    pages = -(-(elf.label("image_rodata_end") - begin) // RODATA_ALIGN)
    return begin, begin + RODATA_ALIGN * pages
