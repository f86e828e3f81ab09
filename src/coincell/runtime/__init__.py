"""The C that runs on the device, and how Python reaches the same C on the host."""

from coincell.runtime.library import load_library
from coincell.runtime.sources import c_sources

__all__ = ["c_sources", "load_library"]
