"""An Arduino library: the C below src/, four examples, each checked against the board's memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from coincell.firmware.export.content import Content, Memory
from coincell.firmware.export.memory import Sizes, arduino_share, check_memory, unit_sizes
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import render

EXAMPLES = ("microphone", "imu", "camera", "self_test")
_QCIF_HEIGHT = 144
_CAMERA_FRAME_BYTES = 176 * 144 * 2
_SKETCH_CODE_BYTES = 16 * 1024
"""An allowance for a sketch's own code and its sensor's library; ours take under 4 KiB of it."""

_GUIDE = """\
## Use it

Put this folder into the `libraries` folder of your sketchbook (or zip it, and choose Sketch,
Include Library, Add .ZIP Library). Then File, Examples, {name}:

- `self_test` prints PASS or FAIL. Begin with it.
- `microphone` listens without a pause, with the PDM library of the board's core.
- `imu` reads acceleration (Arduino_LSM9DS1, or Arduino_BMI270_BMM150 for Rev2).
- `camera` reads an OV7675 (Arduino_OV767X).

The last two fill the window from another sensor; they are of use to models trained for that.

{memory}
"""


def sketch_values(request: ExportRequest) -> dict[str, Any]:
    """What the sketches' templates use beside the rest."""
    side = math.isqrt(request.application.form.values)
    return request.values | {
        "ring_samples": ring_samples(request),
        "camera_side": min(side, _QCIF_HEIGHT),
        "is_main": False,
    }


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
    for example in EXAMPLES:
        path = f"{example}/{example}.ino"
        files[f"examples/{path}"] = render(f"arduino/{path}", values)
    memory = sketch_memory(request, library)
    guide = _GUIDE.format(name=request.name, memory=memory_table(request, memory))
    hint = "The example `self_test` prints what it returns."
    return Content(files, "This is an Arduino library.", guide, hint, memory=memory)


def sketch_memory(request: ExportRequest, library: Mapping[str, str]) -> Memory:
    """What each example takes of the board, Arduino's own share included; checked."""
    sizes = unit_sizes(library, request.board)
    test = f"{request.name}_self_test.c"
    common = sum((size for unit, size in sizes.items() if unit != test), Sizes())
    common += Sizes(_SKETCH_CODE_BYTES, 1024)
    share = arduino_share(request.board)
    if share:
        common += share.size
    own = {
        "microphone": Sizes(0, 2 * ring_samples(request)),
        "imu": Sizes(),
        "camera": Sizes(0, _CAMERA_FRAME_BYTES),
        "self_test": sizes[test],
    }
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
