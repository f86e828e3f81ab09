"""A Zephyr module: Kconfig switches, a library, and a sample that runs the self-test."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.firmware.export.content import Content
from coincell.firmware.export.host import in_folders
from coincell.firmware.export.library import units
from coincell.firmware.export.memory import Sizes, check_memory, target_of, unit_sizes
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import render
from coincell.toolchain import EXACT_FLAGS

_SYSTEM = Sizes(32 * 1024, 16 * 1024)
"""An allowance for Zephyr's kernel with console and main thread; a minimal one takes less."""

_MAIN_STACK_BYTES = 4096

_GUIDE = """\
## Use it

Build the sample, from a Zephyr workspace:

```
west build -b {board} {name}/sample
west flash
```

For an application of your own, add this folder to `ZEPHYR_EXTRA_MODULES` (or to your manifest), and
set `CONFIG_{upper}=y`; then `#include <{name}.h>`. `CONFIG_{upper}_SELF_TEST=y` adds the self-test
and its {test_bytes:,} bytes of flash.

The library with the self-test takes at the most {flash:,} bytes of flash and {ram:,} of RAM.
"""


def zephyr(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """zephyr/module.yml, CMakeLists.txt, Kconfig, include/, src/ and sample/.

    Raises:
        GateError: the sample does not fit the board, and the request is not forced.
    """
    name = request.name
    target = target_of(request.board, "zephyr")
    sizes = unit_sizes(library, request.board)
    total = sum(sizes.values(), Sizes())
    check_memory("The sample", total + _SYSTEM, request.board, request.forced)
    test = f"{name}_self_test.c"
    values = request.values | {
        "units": [unit for unit in units(library) if unit != test],
        "exact_flags": " ".join(EXACT_FLAGS),
        "test_flash_bytes": sizes[test].flash_bytes,
        "main_stack_bytes": _MAIN_STACK_BYTES,
        "min_flash_kib": -(-(total + _SYSTEM).flash_bytes // 1024),
        "min_ram_kib": -(-(total + _SYSTEM).ram_bytes // 1024),
    }
    files = in_folders(request, library)
    for template, path in (_FILES | (_COUNTING_FILES if values["counts"] else {})).items():
        files[path] = render(f"zephyr/{template}", values)
    guide = _GUIDE.format(
        name=name,
        upper=name.upper(),
        board=target["board"],
        test_bytes=sizes[test].flash_bytes,
        flash=total.flash_bytes,
        ram=total.ram_bytes,
    )
    hint = "The sample prints it."
    what = "This is a Zephyr module with a sample application."
    return Content(files, what, guide, hint, memory={"sample": total + _SYSTEM})


_FILES = {
    "module.yml": "zephyr/module.yml",
    "CMakeLists.txt": "CMakeLists.txt",
    "Kconfig": "Kconfig",
    "sample_CMakeLists.txt": "sample/CMakeLists.txt",
    "prj.conf": "sample/prj.conf",
    "sample.yaml": "sample/sample.yaml",
    "main.c": "sample/src/main.c",
}
"""Template -> its place."""

_COUNTING_FILES = {
    "bluetooth.conf": "sample/bluetooth.conf",
    "bluetooth.c": "sample/src/bluetooth.c",
    "bluetooth.h": "sample/src/bluetooth.h",
}
"""The same of what counts only."""
