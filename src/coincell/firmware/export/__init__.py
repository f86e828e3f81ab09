"""An application as a library for other tools: Arduino, PlatformIO, Zephyr, C, CMake, Python."""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincell.errors import FileError, UserError
from coincell.files import disk_error
from coincell.firmware.export.arduino import arduino
from coincell.firmware.export.content import Content
from coincell.firmware.export.golden import golden_vector
from coincell.firmware.export.host import cmake, plain_c
from coincell.firmware.export.library import library_files
from coincell.firmware.export.manifest import make_manifest, readable
from coincell.firmware.export.platformio import platformio
from coincell.firmware.export.python_wheel import python
from coincell.firmware.export.request import ExportRequest, check_name
from coincell.firmware.export.templates import licence, render
from coincell.firmware.export.zephyr import zephyr

__all__ = [
    "EXPORT_FORMATS",
    "ExportRequest",
    "ExportResult",
    "check_export",
    "export_application",
]

_Make = Callable[[ExportRequest, Mapping[str, str]], Content]

_MAKERS: Mapping[str, _Make] = {
    "arduino": arduino,
    "platformio": platformio,
    "zephyr": zephyr,
    "c": plain_c,
    "cmake": cmake,
}

EXPORT_FORMATS: tuple[str, ...] = (*_MAKERS, "python")
"""What `export_application` can write."""


@dataclass(frozen=True)
class ExportResult:
    """An export that was written.

    Attributes:
        folder: where.
        files: relative paths, sorted.
        manifest: the content of manifest.json.
        memory: program -> flash_bytes and ram_bytes on the board, at the most; empty where the
            format is for computers.
    """

    folder: Path
    files: tuple[str, ...]
    manifest: Mapping[str, Any]
    memory: Mapping[str, Mapping[str, int]]


def check_export(form: str, out: Path, name: str) -> None:
    """What can be told before there is an application.

    Raises:
        UserError: there is no such format, `out` exists, or no library can be called `name`.
    """
    if form not in EXPORT_FORMATS:
        near = difflib.get_close_matches(form.lower(), EXPORT_FORMATS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else ""
        raise UserError(
            f"--format must be one of {', '.join(EXPORT_FORMATS)}; received {form!r}.", hint
        )
    check_name(name)
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        raise FileError(
            f"{out} exists, and an export never writes over anything.",
            hint="Name another folder with --output, or take this one away.",
        )


Progress = Callable[[int, int, str], None]
"""Steps done, all steps, what is done now."""


def _silent(done: int, total: int, message: str) -> None:
    del done, total, message


def export_application(
    request: ExportRequest, form: str, out: Path, progress: Progress = _silent
) -> ExportResult:
    """Write the application as `form` into the new folder `out`, whole or not at all.

    Raises:
        UserError: there is no such format, or `out` exists.
        GateError: it does not fit the board, and the request is not forced.
        ToolchainError: a compiler is missing, or refused.
    """
    check_export(form, out, request.name)
    progress(0, 3, "Run the known window")
    golden = golden_vector(request.application)
    manifest = make_manifest(request, golden) | {"format": form}
    progress(1, 3, "Name every symbol")
    library = library_files(request, golden, manifest)
    progress(2, 3, f"Build and check for {form}")
    if form == "python":
        content = python(request, library, manifest)
    else:
        content = _MAKERS[form](request, library)
    memory = {name: size.to_json() for name, size in content.memory.items()}
    files = (
        dict(request.documents)
        | dict(content.files)
        | {
            "LICENSE": licence(),
            "README.md": _readme(request, content),
            "manifest.json": json.dumps(manifest, indent=1, sort_keys=True) + "\n",
            "MANIFEST.txt": readable(manifest),
        }
    )
    _write(out, files, content.executable)
    progress(3, 3, "Written")
    return ExportResult(out, tuple(sorted(files)), manifest, memory)


def _readme(request: ExportRequest, content: Content) -> str:
    metrics = request.application.manifest.get("metrics", {})
    accuracy, clips = metrics.get("accuracy"), metrics.get("clips")
    figures = [(f"accuracy on {clips} test clips", accuracy)] if accuracy is not None else []
    values = request.values | {
        "what": content.what,
        "guide": content.guide,
        "self_test_hint": content.self_test_hint,
        "figures": figures,
    }
    return render("library/README.md", values)


def _write(out: Path, files: Mapping[str, str | bytes], executable: frozenset[str]) -> None:
    """All files into a folder beside `out`, which then takes its place."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        raise disk_error(out, error) from error
    try:
        work.chmod(0o755)
        for path, content in files.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
            if path in executable:
                target.chmod(0o755)
        work.replace(out)
    except OSError as error:
        raise disk_error(out, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
