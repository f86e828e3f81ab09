"""Plain C with a Makefile, and the same as a CMake project; both with a program that listens."""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Mapping

from coincell.firmware.export.content import Content
from coincell.firmware.export.library import units
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import render
from coincell.toolchain import EXACT_FLAGS

_FLAGS = " ".join(EXACT_FLAGS)

_READS = {
    "sound": "a WAV file or raw samples from its standard input, or the computer's microphone with "
    "`--microphone` (by `arecord`)",
    "motion": "a WAV file of as many channels, or raw int16 readings, from its standard input",
    "picture": "binary PGM or PPM pictures, or raw pixels, from its standard input",
}
SAMPLE_FILES = {"sound": "sound.wav", "motion": "motion.wav", "picture": "picture.pnm"}
"""What the examples of a README name, by sense."""

_C_GUIDE = """\
## Use it

```
make test
./{program} < {sample}
```

For a board: compile `{name}*.c` (without `{program}.c`) and everything below `core/` as C11
with `{flags}`; no folder need be on the include path but this one.

{reads}"""

_CMAKE_GUIDE = """\
## Use it

```
cmake -B build && cmake --build build && ctest --test-dir build
./build/{program} < {sample}
```

In a project of your own:

```cmake
add_subdirectory({name})
target_link_libraries(app PRIVATE {name}::{name})
```

{reads}"""


def plain_c(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """The library's files as they are, the program that listens, a Makefile."""
    values = request.values | {"units": units(library), "exact_flags": _FLAGS}
    files = dict(library) | {
        f"{request.program}.c": listen_program(request),
        "Makefile": render("host/Makefile", values),
    }
    guide = _C_GUIDE.format(flags=_FLAGS, **guide_values(request))
    return Content(files, "This is a folder of C11.", guide, "`make test` runs it.")


def cmake(request: ExportRequest, library: Mapping[str, str]) -> Content:
    """CMakeLists.txt, include/, src/ and the program that listens."""
    values = request.values | {"units": units(library), "exact_flags": _FLAGS}
    files = in_folders(request, library) | {
        f"{request.program}.c": listen_program(request),
        "CMakeLists.txt": render("host/CMakeLists.txt", values),
    }
    guide = _CMAKE_GUIDE.format(**guide_values(request))
    return Content(files, "This is a CMake project.", guide, "`ctest` runs it.")


def guide_values(request: ExportRequest) -> dict[str, str]:
    """What guides say of the program for computers."""
    sense = request.application.form.sense
    reads = f"`{request.program}` reads {_READS[sense]}, and prints a line of JSON a decision."
    return {
        "name": request.name,
        "program": request.program,
        "sample": SAMPLE_FILES[sense],
        "reads": textwrap.fill(reads, 100) + "\n",
    }


def listen_program(request: ExportRequest) -> str:
    """The C of NAME_listen, or of NAME_decide where it is not sound."""
    return render("host/listen.c", request.values)


def in_folders(request: ExportRequest, library: Mapping[str, str]) -> dict[str, str]:
    """NAME.h in include/, all else in src/."""
    header = f"{request.name}.h"
    files = {f"src/{path}": text for path, text in library.items() if path != header}
    return files | {posixpath.join("include", header): library[header]}
