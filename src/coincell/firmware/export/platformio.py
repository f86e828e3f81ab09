"""A PlatformIO project: the self-test, then what the board's sensor gives, if it has one."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.firmware.export.arduino import (
    bluetooth_header,
    live_sketch,
    memory_table,
    sketch_memory,
    sketch_values,
)
from coincell.firmware.export.content import Content
from coincell.firmware.export.memory import Sizes, check_memory, target_of
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import render

_GUIDE = """\
## Use it

```
pio run -t upload
pio device monitor
```

{prints}
`src/main.cpp` is yours to change; the library lies in `lib/{name}`.

{memory}
"""


_SENSES = "The first line is PASS or FAIL; then comes a line a decision."
_SENSES_NOTHING = """\
It prints PASS or FAIL, and the manifest. The board has no {sensor} of its own: give `{name}_take`
what yours delivers."""
_SENSORS = {"microphone": "microphone", "imu": "motion sensor", "camera": "camera"}
_LIBRARIES = {"imu": "Arduino_LSM9DS1", "camera": "Arduino_OV767X"}
"""Sketch -> what it needs of PlatformIO's registry."""


def platformio(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """platformio.ini, src/main.cpp and lib/NAME.

    Raises:
        UserError: PlatformIO's name of the board is not known.
        GateError: the program does not fit the board, and the request is not forced.
    """
    target = target_of(request.board, "platformio")
    live = live_sketch(request)
    senses = live == "sensor" or live in target["sketches"]
    sketch = live if senses else "self_test"
    values = sketch_values(request) | {
        "target": target,
        "is_main": True,
        "needs": _LIBRARIES.get(sketch, ""),
    }
    lib = f"lib/{request.name}"
    files = {f"{lib}/src/{path}": text for path, text in library.items()}
    files |= {f"{lib}/{path}": text for path, text in bluetooth_header(values).items()}
    files |= {
        "platformio.ini": render("platformio/platformio.ini", values),
        f"{lib}/library.json": render("platformio/library.json", values),
        "src/main.cpp": render(f"arduino/{sketch}/{sketch}.ino", values),
    }
    parts = sketch_memory(request, library)
    # Where it listens, it does what two of the sketches do; the system's share is in both.
    size = Sizes(parts["self_test"].flash_bytes, parts[sketch].ram_bytes)
    check_memory("The program", size, request.board, request.forced)
    memory = {"main": size}
    nothing = _SENSES_NOTHING.format(name=request.name, sensor=_SENSORS.get(live, live))
    prints = _SENSES if senses else nothing
    guide = _GUIDE.format(name=request.name, prints=prints, memory=memory_table(request, memory))
    hint = "`src/main.cpp` prints it as its first line."
    return Content(files, "This is a PlatformIO project.", guide, hint, memory=memory)
