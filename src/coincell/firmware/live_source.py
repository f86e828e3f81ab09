"""Which of the board's sensors an image listens to, and how: firmware/live_source.h."""

from __future__ import annotations

from typing import Literal, Protocol

from coincell.errors import BoardError
from coincell.firmware.channels import Channels
from coincell.firmware.description import Board
from coincell.firmware.sensors import sensor_sources
from coincell.project import DecisionSettings, WindowForm

Source = Literal["microphone", "motion", "camera", "none"]

SENSES_NOTHING = "senses_nothing"
"""Where the description of an image that senses nothing by itself tells why."""

MICROPHONE_RATE_HZ = 16_000
MOTION_SETTLING_MS = 100
"""After its start an inertial sensor's filters settle; taken as Arduino's libraries wait."""

_CAMERA_MOST = (320, 240)
_PARTS = {"a": "IMU_ACCELERATION", "g": "IMU_ROTATION", "m": "IMU_FIELD"}
_ELSEWHERE = (
    "Name channels otherwise when they come from another sensor than the board's: the image then "
    "answers a computer, and senses nothing by itself."
)


class Sensing(Protocol):
    """What is to be sensed: an application, or what a board collects."""

    @property
    def form(self) -> WindowForm:
        """Of what is sensed."""

    @property
    def sample_rate_hz(self) -> int:
        """Steps a second."""

    @property
    def channels(self) -> Channels | None:
        """Of motion."""

    @property
    def decision(self) -> DecisionSettings:
        """How often a picture is taken."""


def live_source(application: Sensing, board: Board, line: Literal["usb", "uart"]) -> Source:
    """What an image senses by itself on `board`, talking over `line`; "none" where the board has
    no such sensor, or the readings come from elsewhere.

    Raises:
        BoardError: the board has the sensor, and it cannot give what the application takes.
    """
    if why_no_source(application, board, line):
        return "none"
    sense = application.form.sense
    if sense == "sound":
        return "microphone"
    if sense == "picture":
        _check_camera(application, board)
        return "camera"
    assert application.channels is not None
    _check_motion(application.sample_rate_hz, application.channels, board)
    return "motion"


def why_no_source(application: Sensing, board: Board, line: Literal["usb", "uart"]) -> str:
    """Why an image senses nothing by itself on `board`, and what would help; "" where it does."""
    title, sense = board.board.title, application.form.sense
    if sense == "sound":
        if board.microphone is None:
            return f"{title} has no microphone in its description."
        if application.sample_rate_hz == MICROPHONE_RATE_HZ:
            return ""
        return (
            f"The microphone of {title} gives {MICROPHONE_RATE_HZ:,} samples a second, and the "
            f"project takes {application.sample_rate_hz:,}: data.sample_rate_hz = "
            f"{MICROPHONE_RATE_HZ} would do."
        )
    if sense == "picture":
        if board.camera is None:
            return f"{title} has no camera in its description."
        if line == "usb":
            return ""
        return "Two of the camera's pins are the UART's: board.link = \"usb\" would do."
    if board.imu is None:
        return f"{title} has no inertial sensor in its description."
    channels = application.channels
    if channels is not None and channels.inertial:
        return ""
    names = ", ".join(channels.names) if channels is not None else "none"
    return (
        f"The sensor of {title} gives aX, aY, aZ (acceleration), gX, gY, gZ (rotation) and perhaps "
        f"mX, mY, mZ (magnetic field); the project's data.channels are {names}, and so readings "
        "of another sensor. Named as the board's, with units, they would be taken from there."
    )


def settling_samples(source: Source, board: Board, rate_hz: int) -> int:
    """Steps at the begin of a live stream that no decision is made on."""
    if source == "microphone" and board.microphone is not None:
        return board.microphone.settling_samples
    return -(-rate_hz * MOTION_SETTLING_MS // 1000) if source == "motion" else 0


def _check_camera(application: Sensing, board: Board) -> None:
    form = application.form
    width, height = _CAMERA_MOST
    if form.width > width or form.height > height:
        raise BoardError(
            f"The camera of {board.board.title} gives pictures of up to {width} x {height} for a "
            f"stream; data.camera asks for {form.width} x {form.height}.",
            hint="Set data.camera width and height to 160 and 120, say, or to the features' size.",
        )


def _check_motion(rate_hz: int, channels: Channels, board: Board) -> None:
    imu = board.imu
    assert imu is not None
    if rate_hz > imu.fastest_hz:
        raise BoardError(
            f"The inertial sensor of {board.board.title} gives up to {imu.fastest_hz} readings a "
            f"second; data.sample_rate_hz is {rate_hz}.",
            hint=f"Any rate up to {imu.fastest_hz} can be had. {_ELSEWHERE}",
        )
    field = [name for name in channels.names if name.startswith("m")]
    if field and not imu.magnetometer:
        raise BoardError(
            f"{board.board.title} has no magnetometer for {field[0]}: its sensor ({imu.title}) "
            "gives aX, aY, aZ, gX, gY, gZ.",
            hint=f"Leave the channel out. {_ELSEWHERE}",
        )
    channels.factors()


def live_sources(
    application: Sensing,
    board: Board,
    line: Literal["usb", "uart"],
    imu_configuration: bytes | None = None,
) -> dict[str, str]:
    """firmware/live_source.h, and the drivers that it needs; path -> text.

    `imu_configuration` is the BMI270's, 8192 bytes (`find_bmi270_configuration`), if it is there.

    Raises:
        BoardError: the board's sensor cannot give what the application takes.
    """
    source = live_source(application, board, line)
    lines = [
        f"#define SOURCE_{name.upper()} {int(source == name)}" for name in ("motion", "camera")
    ]
    if source == "motion":
        lines += _motion_lines(application, board)
    if source == "camera":
        lines += _camera_lines(application)
    text = "\n".join(lines)
    header = f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: what the image senses by itself.
 */
#ifndef COINCELL_LIVE_SOURCE_H
#define COINCELL_LIVE_SOURCE_H

{text}

#endif
"""
    drivers = sensor_sources(imu_configuration, board) if source in ("motion", "camera") else {}
    return {"firmware/live_source.h": header} | drivers


def _motion_lines(application: Sensing, board: Board) -> list[str]:
    channels = application.channels
    assert channels is not None
    parts = " | ".join(_PARTS[part] for part in channels.parts)
    columns = ", ".join(str(column) for column in channels.columns)
    factors = ", ".join(str(factor) for factor in channels.factors())
    settling = settling_samples("motion", board, application.sample_rate_hz)
    return [
        f"#define MOTION_PARTS ({parts})",
        "/* Of each channel: its place among the driver's nine values, and 2^-24 for one step. */",
        f"#define MOTION_COLUMNS {{{columns}}}",
        f"#define MOTION_FACTORS {{{factors}}}",
        f"#define MOTION_SETTLING_STEPS {settling}u",
    ]


def _camera_lines(application: Sensing) -> list[str]:
    form = application.form
    small = form.width <= 160 and form.height <= 120
    size = (160, 120) if small else _CAMERA_MOST
    colour = form.channels == 3
    fits = colour or (form.width, form.height) != size
    return [
        f"#define CAMERA_SIZE CAMERA_{size[0]}",
        f"#define CAMERA_COLOUR {'CAMERA_RGB565' if colour else 'CAMERA_GREY'}",
        f"#define CAMERA_IN_COLOUR {int(colour)}",
        "/* Whether the frame is made smaller, or of another form. */",
        f"#define CAMERA_FITS {int(fits)}",
        f"#define APPLICATION_HOP_MS {application.decision.hop_ms}u",
    ]
