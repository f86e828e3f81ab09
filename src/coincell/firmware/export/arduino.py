"""An Arduino library: the C below src/, two examples, both checked against the board's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.errors import DataError
from coincell.firmware.channels import Channels
from coincell.firmware.export.content import Content, Memory
from coincell.firmware.export.memory import Sizes, arduino_share, check_memory, unit_sizes
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import decimal, render
from coincell.firmware.live_source import MICROPHONE_RATE_HZ
from coincell.project import WindowForm

FRAME_WIDTH, FRAME_HEIGHT = 176, 144
"""Of the camera in a sketch: QCIF."""

_CAMERA_FRAME_BYTES = FRAME_WIDTH * FRAME_HEIGHT * 2
_SKETCH_CODE_BYTES = 16 * 1024
"""An allowance for a sketch's own code and its sensor's library; ours take under 4 KiB of it."""

_GUIDE = """\
## Use it

Put this folder into the `libraries` folder of your sketchbook (or zip it, and choose Sketch,
Include Library, Add .ZIP Library). Then File, Examples, {name}:

- `self_test` prints PASS or FAIL. Begin with it.
{live}

{memory}
"""

_LIVE = {
    "microphone": """\
- `microphone` listens without a pause, with the PDM library of the board's core.""",
    "imu": """\
- `imu` decides on how the board is moved (Arduino_LSM9DS1, or Arduino_BMI270_BMM150 for Rev2).""",
    "sensor": """\
- `sensor` decides on what a sensor of yours gives, once you fill in its `readSensor`.""",
    "camera": "- `camera` looks through an OV7675 (Arduino_OV767X).",
}
"""Example -> what the README says of it."""


def live_sketch(request: ExportRequest) -> str:
    """The example that senses by itself: its name."""
    form = request.application.form
    if form.sense == "motion":
        return "imu" if _inertial(request.application.channels) else "sensor"
    return "microphone" if form.sense == "sound" else "camera"


def _inertial(channels: Channels | None) -> bool:
    """Whether an inertial sensor gives all channels, in units that are known."""
    if channels is None or not channels.inertial:
        return False
    try:
        return bool(channels.physical)
    except DataError:
        return False


def sketch_values(request: ExportRequest) -> dict[str, Any]:
    """What the sketches' templates use beside the rest."""
    application = request.application
    channels = application.channels
    inertial = channels if channels is not None and live_sketch(request) == "imu" else None
    crop_width, crop_height = middle_of_frame(application.form)
    return request.values | {
        "ring_samples": ring_samples(request),
        "microphone_rate_hz": MICROPHONE_RATE_HZ,
        "pdm_gain": pdm_gain(request.microphone_gain_db),
        "inertial_places": inertial.columns if inertial else (),
        "inertial_parts": inertial.parts if inertial else "",
        "inertial_steps": [decimal(1 / step) for step in inertial.physical] if inertial else [],
        "crop_width": crop_width,
        "crop_height": crop_height,
        "is_main": False,
    }


def middle_of_frame(form: WindowForm) -> tuple[int, int]:
    """Columns and rows of the largest part of a camera's frame that has the picture's form."""
    if form.sense != "picture":
        return 0, 0
    wide = FRAME_WIDTH * form.height >= FRAME_HEIGHT * form.width
    if wide:
        return FRAME_HEIGHT * form.width // form.height, FRAME_HEIGHT
    return FRAME_WIDTH, FRAME_WIDTH * form.height // form.width


def pdm_gain(gain_db: float) -> int:
    """What Arduino's PDM library takes on the nRF52840: the register, 40 for 0 dB, in halves."""
    return round(40 + 2 * gain_db)


def ring_samples(request: ExportRequest) -> int:
    """Room for the sound of one hop, which is what a decision may take; a power of two."""
    return 1 << max(9, (request.application.hop_samples - 1).bit_length())


def arduino(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """library.properties, src/ and examples/.

    Raises:
        GateError: an example does not fit the board, and the request is not forced.
    """
    values = sketch_values(request)
    files = {f"src/{path}": text for path, text in library.items()}
    files |= {
        "library.properties": render("arduino/library.properties", values),
        "keywords.txt": render("arduino/keywords.txt", values),
    }
    files |= bluetooth_header(values)
    live = live_sketch(request)
    for example in (live, "self_test"):
        path = f"{example}/{example}.ino"
        files[f"examples/{path}"] = render(f"arduino/{path}", values)
    memory = sketch_memory(request, library)
    guide = _GUIDE.format(name=request.name, live=_LIVE[live], memory=memory_table(request, memory))
    hint = "The example `self_test` prints what it returns."
    return Content(files, "This is an Arduino library.", guide, hint, memory=memory)


def bluetooth_header(values: dict[str, Any]) -> dict[str, str]:
    """src/NAME_bluetooth.h of what counts: reports by ArduinoBLE."""
    if not values["counts"]:
        return {}
    return {f"src/{values['name']}_bluetooth.h": render("arduino/bluetooth.h", values)}


def sketch_memory(request: ExportRequest, library: Mapping[str, str]) -> Memory:
    """What each example takes of the board, Arduino's own share included; checked."""
    sizes = unit_sizes(library, request.board)
    test = f"{request.name}_self_test.c"
    common = sum((size for unit, size in sizes.items() if unit != test), Sizes())
    common += Sizes(_SKETCH_CODE_BYTES, 1024)
    share = arduino_share(request.board)
    if share:
        common += share.size
    buffers = {
        "microphone": Sizes(0, 2 * ring_samples(request)),
        "imu": Sizes(),
        "sensor": Sizes(),
        "camera": Sizes(0, _CAMERA_FRAME_BYTES),
    }
    live = live_sketch(request)
    own = {live: buffers[live], "self_test": sizes[test]}
    needed = {example: common + size for example, size in own.items()}
    for example, size in needed.items():
        check_memory(f"The sketch {example!r}", size, request.board, request.forced)
    return needed


def memory_table(request: ExportRequest, memory: Memory) -> str:
    """What `sketch_memory` found, in Markdown."""
    board, share = request.board, arduino_share(request.board)
    rows = "\n".join(
        f"| {example} | {size.flash_bytes:,} of {board.flash.bytes:,} | "
        f"{size.ram_bytes:,} of {board.ram.bytes:,} |"
        for example, size in memory.items()
    )
    said = (
        f"Arduino's own share is in it: {share.size.flash_bytes:,} bytes of flash, "
        f"{share.size.ram_bytes:,} of RAM\nwith the stack of its main thread ({share.source})."
        if share
        else "What Arduino's core takes on this board is not known, and not in it."
    )
    return (
        f"At the most, in bytes, on {board.board.title}:\n\n| example | flash | RAM |\n"
        f"| --- | --- | --- |\n{rows}\n\n{said}"
    )
