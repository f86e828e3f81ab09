"""Compiling C for this computer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from coincell.errors import ToolchainError
from coincell.toolchain.cache import build_cached
from coincell.toolchain.compilers import C_FLAGS, Compiler, find_host_compiler
from coincell.toolchain.objects import compile_units


def build_shared_library(
    name: str,
    sources: Mapping[str, str],
    flags: Sequence[str] = ("-O2",),
    compiler: Compiler | None = None,
    link_flags: Sequence[str] = (),
) -> Path:
    """Compile C for this computer into a shared library, cached by content.

    Args:
        name: the library's name, without prefix and suffix.
        sources: relative file name -> text, headers included; every *.c is compiled, and the
            root of the tree is on the include path.
        flags: optimisation and other flags beside the house's `C_FLAGS`.
        compiler: the host's compiler unless given.
        link_flags: what the linker is told beside them.

    Returns:
        Path of the .so file.
    """
    chosen = compiler or find_host_compiler()
    parts: dict[str, str | bytes] = {f"file:{path}": text for path, text in sources.items()}
    parts["flags"] = " ".join((*C_FLAGS, *flags))
    parts["link"] = " ".join(link_flags)
    parts["compiler"] = chosen.identity

    def build(folder: Path) -> None:
        units = sorted(path for path in sources if path.endswith(".c"))
        if not units:
            raise ToolchainError(f"Nothing to compile for {name!r}: no .c file was given.")
        objects = compile_units(units, sources, chosen, [*C_FLAGS, *flags, "-fPIC"])
        library = f"lib{name}.so"
        chosen.run([*flags, *link_flags, "-shared", *objects, "-o", library], directory=folder)

    return build_cached(name, parts, build) / f"lib{name}.so"
