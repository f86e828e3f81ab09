"""The runtime's feature files that a block needs, and no others."""

from __future__ import annotations

import re
from functools import cache

from coincell.runtime import c_sources

_INCLUDE = re.compile(r'^#include "(features/\w+)\.h"$', re.MULTILINE)


@cache
def _all() -> dict[str, str]:
    return c_sources("features")


def needed_sources(*units: str) -> dict[str, str]:
    """`units` ("features/raw"), what they include, and the C behind it: path -> text."""
    texts = _all()
    found: set[str] = set()
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit in found:
            continue
        found.add(unit)
        for suffix in (".h", ".c"):
            waiting += _INCLUDE.findall(texts.get(unit + suffix, ""))
    paths = sorted(unit + suffix for unit in found for suffix in (".c", ".h"))
    return {path: texts[path] for path in paths if path in texts}
