"""Which C compilers there are, for the host and for the boards' cores."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coincell.errors import ToolchainError
from coincell.toolchain.cache import build_cached

EXACT_FLAGS: tuple[str, ...] = ("-ffp-contract=off", "-fno-fast-math", "-fno-strict-aliasing")
"""What our C needs in anybody's build: the same bits everywhere, and memory shared by all types."""

C_FLAGS: tuple[str, ...] = ("-std=c11", *EXACT_FLAGS, "-Wall", "-Wextra", "-Werror")
"""Flags of every C file in the house: the same arithmetic on every target, no warnings."""

_ARM_GCC = "arm-none-eabi-gcc"
_RISCV_GCC = "riscv64-unknown-elf-gcc"
_HARD_FLOAT = "thumb-freestanding-eabihf"


@dataclass(frozen=True)
class _Core:
    """How compilers are told of a core: GCC's program and flags, and zig's target flags."""

    gcc: str
    gcc_flags: tuple[str, ...]
    zig_flags: tuple[str, ...]


def _arm(core: str, fpu: str, zig_features: str) -> _Core:
    """An Arm core with a single-precision FPU."""
    flags = (f"-mcpu={core}", "-mthumb", "-mfloat-abi=hard", f"-mfpu={fpu}")
    return _Core(_ARM_GCC, flags, ("-target", _HARD_FLOAT, f"-mcpu={zig_features}"))


_CORES: dict[str, _Core] = {
    "cortex-m4f": _arm("cortex-m4", "fpv4-sp-d16", "cortex_m4+vfp4d16sp"),
    "cortex-m33f": _arm("cortex-m33", "fpv5-sp-d16", "cortex_m33+dsp+fp_armv8d16sp"),
    "cortex-m7f": _arm("cortex-m7", "fpv5-sp-d16", "cortex_m7-fp64+fp_armv8d16sp"),
    "cortex-m0plus": _Core(
        _ARM_GCC,
        ("-mcpu=cortex-m0plus", "-mthumb"),
        ("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m0plus"),
    ),
    "riscv32": _Core(
        _RISCV_GCC,
        ("-march=rv32imc_zicsr", "-mabi=ilp32"),
        ("-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+c"),
    ),
}

_HINT = 'Install the package "ziglang" with pip (it carries a C compiler), or a C compiler on PATH.'
_GCC_HINT = (
    "Install it (on Debian and Ubuntu gcc-arm-none-eabi or gcc-riscv64-unknown-elf), or leave the "
    "choice to Coincell."
)


@dataclass(frozen=True)
class Compiler:
    """A C compiler as it is called.

    Attributes:
        name: "gcc", "clang", "zig", "arm-none-eabi-gcc": the family, which decides on flags.
        command: the words that start it, target flags included.
        version: the first line that it says of itself.
    """

    name: str
    command: tuple[str, ...]
    version: str

    @property
    def identity(self) -> str:
        """What a cached build depends on: the version and the flags that are always there."""
        return f"{self.name} {self.version} {' '.join(self.command[1:])}"

    @property
    def target_flags(self) -> tuple[str, ...]:
        """Those of the command's words that choose the core."""
        first = 1 + self.command.index("cc") if self.name == "zig" else 1
        return self.command[first:]

    def run(self, arguments: Sequence[str | Path], directory: Path | None = None) -> str:
        """Run the compiler; returns what it printed.

        Raises:
            ToolchainError: it exited with an error; the message carries its first lines.
        """
        words = [*self.command, *(str(argument) for argument in arguments)]
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                text=True,
                errors="replace",
                cwd=directory,
                env=_environment(),
                check=False,
            )
        except OSError as error:
            raise ToolchainError(f"Cannot start {words[0]}: {error.strerror}.", _HINT) from error
        if done.returncode != 0:
            lines = "\n".join((done.stderr or done.stdout).splitlines()[:20])
            raise ToolchainError(
                f"{self.name} refused the code (exit {done.returncode}):\n{lines}",
                hint="`coincell doctor` tells which compiler is used and whether it works.",
            )
        return done.stdout + done.stderr


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    environment["LC_ALL"] = "C"
    return environment


@functools.cache
def _version(command: tuple[str, ...], flag: str) -> str | None:
    """First line of `command flag`, or None when it does not start."""
    try:
        done = subprocess.run(
            [*command, flag], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def _zig() -> tuple[str, ...] | None:
    if importlib.util.find_spec("ziglang") is None:
        return None
    return (sys.executable, "-m", "ziglang")


def host_compilers() -> list[Compiler]:
    """Every C compiler found for this computer, the preferred one first: cc, gcc, clang, zig."""
    found: list[Compiler] = []
    for program in ("cc", "gcc", "clang"):
        path = shutil.which(program)
        version = _version((path,), "--version") if path else None
        if path and version:
            name = "clang" if "clang" in version else "gcc"
            same = {os.path.realpath(compiler.command[0]) for compiler in found}
            if os.path.realpath(path) not in same:
                found.append(Compiler(name, (path,), version))
    zig = _zig()
    if zig and (version := _version(zig, "version")):
        found.append(Compiler("zig", (*zig, "cc"), version))
    return found


def find_host_compiler() -> Compiler:
    """The first C compiler for this computer that can make a program.

    Raises:
        ToolchainError: there is none.
    """
    compilers = host_compilers()
    if not compilers:
        raise ToolchainError("No C compiler was found (looked for cc, gcc, clang, zig).", _HINT)
    refusals = []
    for compiler in compilers:
        try:
            _try_out(compiler)
        except ToolchainError as error:
            refusals.append(error)
        else:
            return compiler
    raise ToolchainError(f"No C compiler here can make a program. {refusals[0].message}", _HINT)


def _try_out(compiler: Compiler) -> None:
    """Make a program, once for each compiler: one without its C library starts, but cannot."""

    def build(folder: Path) -> None:
        (folder / "trial.c").write_text("#include <stdint.h>\nint main(void) { return 0; }\n")
        compiler.run([*C_FLAGS, "-O2", "trial.c", "-o", "trial"], directory=folder)

    build_cached("trial", {"compiler": compiler.identity}, build)


def find_cross_compiler(core: str = "cortex-m4f", prefer: str = "") -> Compiler:
    """The C compiler for a board's core, its target flags included in `command`.

    Args:
        core: a key of the table of cores, such as "cortex-m4f".
        prefer: "gcc" or "zig" to insist on one; "" takes the core's GCC when it is on PATH.

    Raises:
        ToolchainError: the core is unknown, or no compiler was found.
    """
    if core not in _CORES:
        known = ", ".join(sorted(_CORES))
        raise ToolchainError(f"No compiler flags for the core {core!r}.", f"Known cores: {known}.")
    wanted = _CORES[core]
    gcc = shutil.which(wanted.gcc)
    if gcc and prefer in ("", "gcc") and (version := _version((gcc,), "--version")):
        return Compiler(wanted.gcc, (gcc, *wanted.gcc_flags), version)
    zig = _zig()
    if zig and prefer in ("", "zig") and (version := _version(zig, "version")):
        return Compiler("zig", (*zig, "cc", *wanted.zig_flags), version)
    if prefer == "gcc":
        raise ToolchainError(f"There is no {wanted.gcc} on PATH.", _GCC_HINT)
    raise ToolchainError(f"No C compiler for {core} was found.", _HINT)


def usual_command(core: str) -> str:
    """What people type to compile for a core: GCC and its target flags; "cc" where none is known.

    Whether that compiler is here does not matter.
    """
    known = _CORES.get(core)
    return " ".join((known.gcc, *known.gcc_flags)) if known else "cc"
