"""Board descriptions: TOML, hostile until checked, then frozen."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from coincell.errors import BoardError
from coincell.firmware.currents import Currents
from coincell.firmware.tables import DESCRIPTION_HINT, parse_table

_MAX_BYTES = 1 << 16
_ADDRESS_LIMIT = 1 << 32
_SUFFIX = ".toml"

FIRMWARE_CHIP = "nRF52840"
"""The chip that the firmware and the virtual board are for; others are compiled for."""

MODELLED_CORE = "cortex-m4f"
"""The core whose cycles are modelled."""

Address = Annotated[int, Field(ge=0, lt=_ADDRESS_LIMIT)]
UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
OpenOcdFile = Annotated[str, Field(pattern=r"^\w[\w./-]*\.cfg$")]
Pin = Annotated[str, Field(pattern=r"^P[01]\.(0[0-9]|[12][0-9]|3[01])$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(_Table):
    """[flash] and [ram]: what an application may fill."""

    origin: Address = Field(description="First address.")
    bytes: int = Field(gt=0, le=1 << 28, description="Size.")

    @property
    def end(self) -> int:
        """The first address behind the region."""
        return self.origin + self.bytes

    @model_validator(mode="after")
    def _word_aligned(self) -> Self:
        if self.origin % 1024 or self.bytes % 1024 or self.end > _ADDRESS_LIMIT:
            raise ValueError("origin and bytes must be multiples of 1024 below 2^32")
        return self


class Latency(_Table):
    """[latency]: from modelled cycles to time, and how far to trust it."""

    flash_load_wait_cycles: int = Field(ge=0, le=16, description="For each data load from flash.")
    range_factor: tuple[float, float] = Field(description="latency_range_ms = latency_ms times it.")
    model: str = Field(description="In words: what cycles are computed from.")
    error: str = Field(description="In words: how far the times may be off, and how that is known.")

    @model_validator(mode="after")
    def _around_one(self) -> Self:
        low, high = self.range_factor
        if not 0 < low <= 1 <= high < 100:
            raise ValueError("range_factor must be [low, high] with 0 < low <= 1 <= high")
        return self


class Pins(_Table):
    """[pins]: by port and number, such as "P1.03"."""

    uart_tx: Pin
    uart_rx: Pin


class Microphone(_Table):
    """[microphone]: a digital one at the chip's PDM interface; a board that has one can listen."""

    title: str
    clock: Pin
    data: Pin
    power: Pin = Field(description="High: the microphone has power.")
    settling_ms: int = Field(
        default=0, ge=0, le=1000, description="After a start, what no decision is made on."
    )

    @property
    def settling_samples(self) -> int:
        """The same in samples of the firmware, which takes 16,000 a second."""
        return 16 * self.settling_ms


class Imu(_Table):
    """[imu]: an inertial sensor, with what else is on its two-wire bus."""

    title: str
    clock: Pin
    data: Pin
    power: Pin = Field(description="High: the sensor has power.")
    pull_ups: Pin = Field(description="High: the bus's pull-ups have; it may be the same pin.")
    interrupt: Pin = Field(description="Of the sensor's, into the chip.")
    fastest_hz: int = Field(
        default=400, ge=1, le=10_000, description="Readings a second that its driver keeps up with."
    )
    magnetometer: bool = Field(default=False, description="Whether it has one.")
    addresses: tuple[Annotated[int, Field(ge=8, le=0x77)], ...] = Field(
        default=(), max_length=4, description="At which something answers."
    )


class Camera(_Table):
    """[camera]: one that can be plugged in, on the pins of device/sensors/camera.c."""

    title: str


class Light(_Table):
    """[light]: what is lit while a keyword is decided."""

    pin: Pin
    low: bool = Field(default=False, description="Whether it is lit by a low level.")


class Usb(_Table):
    """[usb]: by which vendor and product the board is known on a computer's ports."""

    device: UsbId | None = Field(
        default=None, description="What Coincell's own image calls itself; without it, no USB."
    )
    bootloader_request: int = Field(
        default=0, ge=0, le=255, description="GPREGRET's value that asks for the bootloader."
    )
    running: tuple[UsbId, ...] = Field(default=(), description="While its application runs.")
    bootloader: tuple[UsbId, ...] = Field(default=(), description="While its bootloader waits.")
    enter: str = Field(default="", description="In words: how a person starts the bootloader.")


class Uf2(_Table):
    """[flashing.uf2]: a bootloader that shows a drive and takes UF2 files."""

    family: Address = Field(description="The chip's number in Microsoft's list of families.")
    board_ids: tuple[str, ...] = Field(
        min_length=1, description="Board-ID in the drive's INFO_UF2.TXT, of each bootloader."
    )


class Flashing(_Table):
    """[flashing]: what each tool calls the board; one that is not named cannot flash it."""

    bossac: bool = Field(default=False, description="Through the USB bootloader.")
    arduino_fqbn: str = Field(default="", pattern=r"^([\w.-]+(:[\w.-]+){2})?$")
    pyocd_target: str = Field(default="", pattern=r"^([a-z0-9]\w*)?$")
    openocd: tuple[OpenOcdFile, ...] = Field(default=(), description="Its configuration files.")
    uf2: Uf2 | None = None


class Identity(_Table):
    """[board]"""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    title: str
    chip: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,31}$")
    core: Literal["cortex-m0plus", "cortex-m4f", "cortex-m33f", "cortex-m7f"]
    clock_hz: int = Field(gt=0, le=10**9)


class Board(_Table):
    """A board: memory, clock, core, currents. Its name is also a target of the compiler."""

    board: Identity
    flash: Region
    ram: Region
    latency: Latency | None = Field(
        default=None, description="None: its cycles and times are not known."
    )
    currents: Currents | None = None
    pins: Pins | None = Field(default=None, description="Of the serial line, for an nRF52840.")
    microphone: Microphone | None = None
    light: Light | None = None
    imu: Imu | None = None
    camera: Camera | None = None
    usb: Usb = Usb()
    flashing: Flashing = Flashing()

    @property
    def name(self) -> str:
        """Such as "nano33ble"."""
        return self.board.name

    @property
    def core(self) -> str:
        """As `coincell.toolchain.find_cross_compiler` takes it."""
        return self.board.core

    @property
    def clock_hz(self) -> int:
        """Of the core."""
        return self.board.clock_hz

    @property
    def runs_firmware(self) -> bool:
        """Whether Coincell has a firmware for its chip, and a virtual board to run it on."""
        return self.board.chip == FIRMWARE_CHIP

    @property
    def flash_wait_cycles(self) -> int:
        """For each data load from flash; 0 where nothing is known."""
        return self.latency.flash_load_wait_cycles if self.latency else 0

    @model_validator(mode="after")
    def _memories_apart(self) -> Self:
        if self.flash.origin < self.ram.end and self.ram.origin < self.flash.end:
            raise ValueError("flash and ram must not overlap")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.latency and self.core != MODELLED_CORE:
            raise ValueError(
                f"latency is only for {MODELLED_CORE}, whose cycles are modelled; leave it out"
            )
        if self.runs_firmware and (self.pins is None or self.latency is None):
            raise ValueError(f"a board with an {FIRMWARE_CHIP} needs [pins] and [latency]")
        return self


def board_names() -> list[str]:
    """Every board that Coincell describes."""
    folder = resources.files(__package__) / "boards"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_board(name: str) -> Board:
    """The board called `name`, or the one that the file NAME.toml describes.

    Raises:
        BoardError: there is none, and the hint names the nearest; or the file is wrong.
    """
    names = board_names()
    if name.endswith(_SUFFIX):
        return read_board(Path(name))
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else f"Known: {', '.join(names)}."
        hint += " A board of your own is a file: --board ./mine.toml, say."
        raise BoardError(f"No board is called {name!r}.", hint)
    entry = resources.files(__package__) / "boards" / f"{name}.toml"
    return parse_board(entry.read_text(encoding="utf-8"), f"{name}.toml")


def read_board(path: Path) -> Board:
    """A board described by the user's own file.

    Raises:
        BoardError: it cannot be read, or says something that cannot be.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BoardError(
                f"{path} is larger than 64 KiB; it cannot be a board description.",
                hint=DESCRIPTION_HINT,
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BoardError(
            f"Cannot read the board description {path}: {error.strerror}.",
            hint="Name a board, or a file NAME.toml that is there.",
        ) from error
    except UnicodeDecodeError as error:
        raise BoardError(
            f"The board description {path} must be text in UTF-8; its byte {error.start} is none.",
            hint=DESCRIPTION_HINT,
        ) from error
    return parse_board(text, str(path))


def need_firmware(board: Board) -> None:
    """Refuse a board that there is no firmware for.

    Raises:
        BoardError: its chip is not the firmware's.
    """
    if not board.runs_firmware:
        raise BoardError(
            f"There is no firmware and no virtual board for {board.board.title} "
            f"({board.board.chip}); both are for the {FIRMWARE_CHIP}.",
            hint=f"A model alone is compiled and measured for it: coincell bench MODEL.tflite "
            f"--target {board.name}. docs/boards.md tells what each board can do.",
        )


def parse_board(text: str, source: str) -> Board:
    """Check `text` (TOML) and freeze it.

    Raises:
        BoardError: names the key and what was received.
    """
    return parse_table(Board, text, source)
