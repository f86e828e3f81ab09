"""Plain C with a Makefile, and the same as a CMake project; both with a program that listens."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from coincell.firmware.export.content import Content
from coincell.firmware.export.library import units
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import render
from coincell.toolchain import EXACT_FLAGS

_FLAGS = " ".join(EXACT_FLAGS)

_LISTEN = """\
`{name}_listen` reads a WAV file or raw samples from its standard input, or the computer's
microphone with `--microphone` (by `arecord`), and prints a line of JSON a decision.
"""

_C_GUIDE = """\
## Use it

```
make test
./{name}_listen < sound.wav
```

For a board: compile `{name}*.c` (without `{name}_listen.c`) and everything below `core/` as C11
with `{flags}`; no folder need be on the include path but this one.

{listen}"""

_CMAKE_GUIDE = """\
## Use it

```
cmake -B build && cmake --build build && ctest --test-dir build
./build/{name}_listen < sound.wav
```

In a project of your own:

```cmake
add_subdirectory({name})
target_link_libraries(app PRIVATE {name}::{name})
```

{listen}"""


def plain_c(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """The library's files as they are, the program that listens, a Makefile."""
    name = request.name
    values = request.values | {"units": units(library), "exact_flags": _FLAGS}
    files = dict(library) | {
        f"{name}_listen.c": listen_program(request),
        "Makefile": render("host/Makefile", values),
    }
    guide = _C_GUIDE.format(name=name, flags=_FLAGS, listen=_LISTEN.format(name=name))
    return Content(files, "This is a folder of C11.", guide, "`make test` runs it.")


def cmake(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """CMakeLists.txt, include/, src/ and the program that listens."""
    name = request.name
    values = request.values | {"units": units(library), "exact_flags": _FLAGS}
    files = in_folders(request, library) | {
        f"{name}_listen.c": listen_program(request),
        "CMakeLists.txt": render("host/CMakeLists.txt", values),
    }
    guide = _CMAKE_GUIDE.format(name=name, listen=_LISTEN.format(name=name))
    return Content(files, "This is a CMake project.", guide, "`ctest` runs it.")


def listen_program(request: ExportRequest) -> str:
    """The C of NAME_listen."""
    return render("host/listen.c", request.values)


def in_folders(request: ExportRequest, library: Mapping[str, str]) -> dict[str, str]:
    """NAME.h in include/, all else in src/."""
    header = f"{request.name}.h"
    files = {f"src/{path}": text for path, text in library.items() if path != header}
    return files | {posixpath.join("include", header): library[header]}
