"""A PlatformIO project: the self-test, then what the board's microphone hears, if it has one."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.firmware.export.arduino import memory_table, sketch_memory, sketch_values
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


_HEARS = """\
The first line is PASS or FAIL; then comes a line a decision: the word or -, and its score from 0 to
1."""
_HEARS_NOTHING = """\
It prints PASS or FAIL, and the manifest. The board has no microphone of its own: give `{name}_take`
what yours delivers."""


def platformio(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """platformio.ini, src/main.cpp and lib/NAME.

    Raises:
        UserError: PlatformIO's name of the board is not known.
        GateError: the program does not fit the board, and the request is not forced.
    """
    target = target_of(request.board, "platformio")
    values = sketch_values(request) | {"target": target, "is_main": True}
    sketch = "microphone" if target["microphone"] else "self_test"
    lib = f"lib/{request.name}"
    files = {f"{lib}/src/{path}": text for path, text in library.items()}
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
    prints = (_HEARS if target["microphone"] else _HEARS_NOTHING).format(name=request.name)
    guide = _GUIDE.format(name=request.name, prints=prints, memory=memory_table(request, memory))
    hint = "`src/main.cpp` prints it as its first line."
    return Content(files, "This is a PlatformIO project.", guide, hint, memory=memory)
