"""The runtime's C, compiled for this computer and loaded into Python."""

from __future__ import annotations

import ctypes
import functools

from coincell.runtime.sources import c_sources, host_sources
from coincell.toolchain import build_shared_library


@functools.cache
def load_library(group: str) -> ctypes.CDLL:
    """A group of the runtime ("features" or "decision") as a library of this process.

    It is compiled on first use and kept in the build cache by its content. The library holds the
    very files that go to the device, and beside them loops over many windows at once
    (runtime/host), which never do.

    Raises:
        ToolchainError: there is no C compiler, or it refused the code.
    """
    sources = c_sources(group) | host_sources(group)
    return ctypes.CDLL(str(build_shared_library(f"coincell-{group}", sources)))
