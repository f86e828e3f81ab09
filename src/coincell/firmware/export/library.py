"""The C library inside every export: the chain, a small interface, a known window, the manifest.

The chain's files are those of the image, put under core/. Two things are changed, since a
stranger's build system compiles them beside others': an include names its file from where it
stands, so no folder need be on a path; and names.h gives every symbol a name that begins with the
library's.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from coincell.firmware.application import application_sources
from coincell.firmware.export.golden import Golden
from coincell.firmware.export.request import ExportRequest
from coincell.firmware.export.templates import number_rows, render, string_rows
from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library

_INCLUDE = re.compile(r'^(\s*#\s*include\s+)"([^"]+)"', re.MULTILINE)
_OF_THE_TOOLCHAIN = frozenset({"memcpy", "memmove", "memset"})
"""Declared by the chain, in kernels/memory.h, and not its own: they keep their names."""


def library_files(
    request: ExportRequest, golden: Golden, manifest: Mapping[str, Any]
) -> dict[str, str]:
    """Relative path -> text: NAME.h, NAME.c, NAME_self_test.c, NAME_manifest.c and core/."""
    name = request.name
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    values = request.values | {
        "window_rows": number_rows(golden.window),
        "feature_rows": number_rows(golden.features),
        "score_rows": number_rows(golden.scores),
        "golden_label": golden.label,
        "golden_score": golden.score,
        "manifest_rows": string_rows(text),
    }
    core = application_sources(request.application)
    if request.application.counting:
        core |= c_sources("digest")
    # The image's description would say the same as the manifest.
    core.pop("application/description.c")
    return {
        f"{name}.h": render("library/library.h", values),
        f"{name}.c": render("library/library.c", values),
        f"{name}_self_test.c": render("library/self_test.c", values),
        f"{name}_manifest.c": render("library/manifest.c", values),
        "core/names.h": render("library/names.h", values | {"symbols": global_symbols(core)}),
        **{f"core/{path}": _moved(path, text, core) for path, text in core.items()},
    }


def units(files: Mapping[str, str]) -> list[str]:
    """What has to be compiled, in order."""
    return sorted(path for path in files if path.endswith(".c"))


def _moved(path: str, text: str, core: Mapping[str, str]) -> str:
    """The file with includes from its own folder, and names.h before all else."""
    names = posixpath.relpath("names.h", posixpath.dirname(path) or ".")
    return f'#include "{names}"\n{relative_includes(path, text, core)}'


def relative_includes(path: str, text: str, core: Mapping[str, str]) -> str:
    """The file at `path` of `core`, with includes of the others from its own folder."""
    folder = posixpath.dirname(path) or "."

    def relative(match: re.Match[str]) -> str:
        target = match.group(2)
        near = posixpath.normpath(posixpath.join(folder, target))
        found = near if near in core and target not in core else target
        if found not in core:
            return match.group(0)
        return f'{match.group(1)}"{posixpath.relpath(found, folder)}"'

    return _INCLUDE.sub(relative, text)


def global_symbols(core: Mapping[str, str]) -> list[str]:
    """Every function and variable of the chain that other files can see, sorted.

    Read from the compiled library, and from the sources for what only another processor has.
    """
    from elftools.elf.elffile import ELFFile

    path = build_shared_library("export_names", core)
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".dynsym")
        compiled = {
            symbol.name
            for symbol in (table.iter_symbols() if table else ())
            if symbol["st_shndx"] != "SHN_UNDEF" and not symbol.name.startswith("_")
        }
    words = set(re.findall(r"\w+", " ".join(core.values())))
    return sorted((compiled & words) | _declared(core))


def _declared(core: Mapping[str, str]) -> set[str]:
    """Functions that headers declare and that are not static."""
    pattern = re.compile(
        r"^(?!static|typedef|#|return)[A-Za-z_][\w \t*]*?\b(\w+)\s*\(", re.MULTILINE
    )
    found: set[str] = set()
    for path, text in core.items():
        if path.endswith(".h"):
            found.update(pattern.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))
    return {name for name in found - _OF_THE_TOOLCHAIN if not name.startswith("__")}
