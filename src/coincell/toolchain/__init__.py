"""Compilers: find them, run them, and keep what they built by the content it was built from."""

from coincell.toolchain.build import build_shared_library
from coincell.toolchain.cache import build_cached
from coincell.toolchain.compilers import (
    C_FLAGS,
    EXACT_FLAGS,
    Compiler,
    find_cross_compiler,
    find_host_compiler,
    host_compilers,
    usual_command,
)
from coincell.toolchain.objects import compile_units, write_files

__all__ = [
    "C_FLAGS",
    "EXACT_FLAGS",
    "Compiler",
    "build_cached",
    "build_shared_library",
    "compile_units",
    "find_cross_compiler",
    "find_host_compiler",
    "host_compilers",
    "usual_command",
    "write_files",
]
