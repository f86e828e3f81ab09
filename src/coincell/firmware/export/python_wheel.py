"""A Python wheel around the compiled C, and a small program for Linux."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincell.firmware.export.content import Content
from coincell.firmware.export.host import guide_values, listen_program
from coincell.firmware.export.library import units
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import licence, render, source
from coincell.toolchain import (
    C_FLAGS,
    build_cached,
    build_shared_library,
    compile_units,
    find_host_compiler,
)

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the archive, so that the same sources give the same bytes."""

_GUIDE = """\
## Use it

```
pip install {wheel}
python -m {name} --self-test
python -m {name} {sample}
```

```python
import {name}

for decision in {name}.push(samples):   # {what}
    print(decision.seconds, decision.label, decision.score)
```

It needs no other package. The wheel fits this kind of computer ({platform}); `c/` holds the
sources.

Without Python `bin/{program}` does the same. {reads}"""

_PARTS = {
    "sound": "any number of them",
    "motion": "the channels of a reading side by side",
    "picture": "the pixels of a picture, rows from the top",
}


def python(
    request: ExportRequest, library: Mapping[str, str], manifest: Mapping[str, Any]
) -> Content:
    """NAME-VERSION-py3-none-PLATFORM.whl, bin/NAME_listen, and the C of both.

    Raises:
        ToolchainError: there is no C compiler, or it refused.
    """
    name = request.name
    platform = re.sub(r"\W", "_", sysconfig.get_platform())
    wheel = f"{name}-{request.version}-py3-none-{platform}.whl"
    sources = dict(library) | {f"{request.program}.c": listen_program(request)}
    program = f"bin/{request.program}"
    files: dict[str, str | bytes] = {f"c/{path}": text for path, text in sources.items()}
    files[wheel] = wheel_bytes(request, library, manifest, platform)
    files[program] = _program(request.program, sources).read_bytes()
    what = f"{request.values['words'].value}, {_PARTS[request.application.form.sense]}"
    told = guide_values(request)
    guide = _GUIDE.format(wheel=wheel, platform=platform, what=what, **told)
    return Content(
        files,
        "This is a Python package with the same C, compiled, and a program for Linux.",
        guide,
        f"`python -m {name} --self-test` runs it, and `{program} --self-test` too.",
        executable=frozenset({program}),
    )


def _program(program: str, sources: Mapping[str, str]) -> Path:
    """The compiled program, kept by its content."""
    compiler = find_host_compiler()
    flags = [*C_FLAGS, "-O2"]
    parts: dict[str, str | bytes] = {f"file:{path}": text for path, text in sources.items()}
    parts |= {"flags": " ".join(flags), "compiler": compiler.identity}

    def build(folder: Path) -> None:
        objects = compile_units(units(sources), sources, compiler, flags)
        compiler.run([*flags, "-s", *objects, "-o", program], directory=folder)

    return build_cached("export-program", parts, build) / program


def wheel_bytes(
    request: ExportRequest, library: Mapping[str, str], manifest: Mapping[str, Any], platform: str
) -> bytes:
    """The wheel, as the binary distribution format of the Python Packaging Authority has it."""
    name, values = request.name, request.values
    compiled = build_shared_library(name, library, link_flags=("-s",))
    info = f"{name}-{request.version}.dist-info"
    files: dict[str, str | bytes] = {
        f"{name}/__init__.py": source("python/binding.py.jinja"),
        f"{name}/__main__.py": render("python/main.py.jinja", values),
        f"{name}/manifest.json": json.dumps(manifest, indent=1, sort_keys=True) + "\n",
        f"{name}/py.typed": "",
        f"{name}/lib{name}.so": compiled.read_bytes(),
        f"{info}/METADATA": render("python/METADATA", values),
        f"{info}/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: coincell\nRoot-Is-Purelib: false\n"
            f"Tag: py3-none-{platform}\n"
        ),
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
        f"{info}/licenses/LICENSE": licence(),
    }
    records = []
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            records.append(f"{path},sha256={digest},{len(data)}")
            _add(archive, path, data)
        record = f"{info}/RECORD"
        _add(archive, record, "\n".join([*records, f"{record},,", ""]).encode())
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(path, _LONG_AGO)
    entry.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)
