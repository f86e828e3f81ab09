"""Which C files of the runtime a set of kernels needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coincell.errors import InternalError
from coincell.runtime import c_sources

_INCLUDE = re.compile(r'^#include "(kernels/[a-z0-9_/]+\.h)"', re.MULTILINE)


def kernel_sources(kernels: Iterable[str]) -> dict[str, str]:
    """Path -> text of the named kernels and of all that they include, sorted by path.

    A header that has a C file of the same name brings it along. A kernel that is specialised is a
    header alone.

    Raises:
        InternalError: a kernel, or a header it includes, does not exist.
    """
    known = c_sources("kernels")
    wanted = [
        next((path for path in _files(kernel) if path in known), _files(kernel)[0])
        for kernel in kernels
    ]
    found: dict[str, str] = {}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        if path not in known:
            raise InternalError(f"There is no kernel file {path}.")
        found[path] = known[path]
        for header in _INCLUDE.findall(known[path]):
            wanted.append(header)
            body = header.removesuffix(".h") + ".c"
            if body in known:
                wanted.append(body)
    return dict(sorted(found.items()))


def _files(kernel: str) -> tuple[str, str]:
    return f"kernels/{kernel}.c", f"kernels/{kernel}.h"
