"""`coincell doctor`: each thing that Coincell needs is ok, or the command that mends it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from coincell.cli.output import json_option, print_json
from coincell.errors import CoincellError

if TYPE_CHECKING:
    from coincell.toolchain import Compiler

Status = Literal["ok", "note", "fault"]

TESTED_PYTHONS = ("3.11",)

EXTRAS: dict[str, str] = {
    "train": "training and conversion to .tflite",
    "emulator": "the virtual board",
    "voices": "`coincell data synthesize`",
    "hardware": "real boards: flash, serial, board test",
    "camera": "pictures: `coincell data import`, `data collect` of a camera, the report's",
    "faces": "the offline pictures of visual-wake-word and mask-detection",
    "motions": "the offline gestures (BasicMotions)",
    "acquisition": "import and export of acquisitions in CBOR",
    "microphone": "`coincell listen` with this computer's microphone",
    "tune": "`coincell tune`, `train --folds`, `baselines` and `data enough`",
    "ray": "`coincell tune --ray`",
    "mlflow": "`coincell runs export --mlflow`",
    "monitor": "`coincell monitor`: what devices in the field tell",
    "bluetooth": "`coincell monitor bluetooth`: what devices nearby tell",
}
"""Optional package group -> what does not work without it."""

_EXTRA_PROBES: dict[str, str] = {
    "train": "import keras, tensorflow",
    "emulator": "import capstone, unicorn; unicorn.Uc(1, 16)",
    "voices": "import espeakng_loader; espeakng_loader.load_library()",
    "hardware": "import serial.tools.list_ports",
    "camera": "import PIL.Image",
    "faces": "import PIL.Image",
    "acquisition": "import cbor2",
    "monitor": "import cbor2, fastapi, paho.mqtt, pg8000, uvicorn",
    "microphone": "import sounddevice",
    "bluetooth": "import bleak",
    "tune": "import optuna, scipy, sklearn",
}
_ORACLE_PROBE = "from tflite_micro import runtime; runtime.Interpreter"

_ENOUGH_DISK_BYTES = 2 * 10**9
_HOST_PROGRAM = "#include <stdint.h>\nint32_t answer = 42;\nint main(void) { return answer; }\n"
_BOARD_PROGRAM = "#include <stdint.h>\nint32_t answer = 42;\nint32_t ask(void) { return answer; }\n"
_ELF_MACHINE_ARM = 40


@dataclass(frozen=True)
class Check:
    """What was found of one thing.

    Attributes:
        name: the thing.
        status: "ok"; "note", when only a part of Coincell goes without it; "fault" otherwise.
        detail: what was found.
        mend: the command or the step that mends it; "" when ok.
    """

    name: str
    status: Status
    detail: str
    mend: str = ""


@click.command("doctor")
@json_option
@click.pass_context
def doctor_command(context: click.Context, as_json: bool) -> None:
    """Check Python, packages, compilers, the oracle, disk: each ok, or how to mend it.

    Exit code 1 when something is at fault that every project needs; a note is about what only
    some commands need.
    """
    checks: list[Check] = []
    for check in run_checks():
        checks.append(check)
        if not as_json:
            _print_check(check)
    healthy = all(check.status != "fault" for check in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
    context.exit(0 if healthy else 1)


def run_checks() -> Iterator[Check]:
    """Every check, in an order in which a later one relies on those before it."""
    yield check_python(platform.python_version())
    yield check_machine(platform.system(), platform.machine())
    requirements = list(importlib.metadata.requires("coincell") or [])
    yield check_packages("", requirements)
    for extra in EXTRAS:
        yield check_packages(extra, requirements)
    yield check_oracle()
    yield check_compiler("host compiler", _host_compiler, run_on_host)
    yield check_compiler("Cortex-M4 compiler", _board_compiler, compile_for_board)
    yield check_cache()
    yield check_disk()


def check_python(version: str) -> Check:
    """Is this a Python that the lock was proved for?"""
    if version.rsplit(".", 1)[0] in TESTED_PYTHONS:
        return Check("Python", "ok", version)
    tested = ", ".join(TESTED_PYTHONS)
    return Check("Python", "note", f"{version} is untested", f"use Python {tested}")


def check_machine(system: str, machine: str) -> Check:
    """Is this a kind of machine that Coincell is tested on?"""
    found = f"{system} {machine}"
    if found == "Linux x86_64":
        return Check("machine", "ok", found)
    return Check("machine", "note", f"{found} is untested", "use Linux x86_64 for the exact proof")


def check_packages(extra: str, requirements: list[str]) -> Check:
    """Are the packages of an extra there (""; those that are always needed), and do they start?

    Args:
        extra: a key of `EXTRAS`, or "".
        requirements: as `importlib.metadata.requires` tells them.
    """
    name = f"packages [{extra}]" if extra else "packages"
    wanted = _requirements_of(extra, requirements)
    if not wanted:
        return Check(name, "note", "this installation is older than the extra", "install it anew")
    versions = {package: _installed(package) for package in wanted}
    missing = [package for package, version in versions.items() if version is None]
    mend = shlex.join([sys.executable, "-m", "pip", "install", *wanted.values()])
    if missing:
        purpose = f"; {EXTRAS[extra]} needs it" if extra else ""
        detail = f"not installed: {', '.join(missing)}{purpose}"
        return Check(name, "note" if extra else "fault", detail, mend)
    detail = ", ".join(f"{package} {version}" for package, version in versions.items())
    fault = probe(_EXTRA_PROBES[extra]) if _EXTRA_PROBES.get(extra) else ""
    if fault:
        return Check(name, "fault", f"does not start: {fault}", f"{mend} --force-reinstall")
    return Check(name, "ok", detail)


def _requirements_of(extra: str, requirements: list[str]) -> dict[str, str]:
    """Package name -> what pip wants to read, for one extra; "" for what is always needed."""
    wanted = {}
    for requirement in requirements:
        specification, _, marker = (part.strip() for part in requirement.partition(";"))
        belongs = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if (belongs.group(1) if belongs else "") != extra:
            continue
        if "sys_platform" in marker and (sys.platform, platform.machine()) != ("linux", "x86_64"):
            continue
        name = re.match(r"[\w.-]+", specification)
        if name:
            wanted[name.group()] = specification
    return wanted


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def probe(script: str) -> str:
    """Run a line of Python in a process of its own; "" when it went well, else what it said.

    A package that crashes on this processor takes only that process with it.
    """
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"it ended with code {done.returncode}"


def check_oracle() -> Check:
    """Does TensorFlow Lite Micro, by which exactness is judged, start?"""
    fault = probe(_ORACLE_PROBE)
    if not fault:
        return Check("oracle", "ok", f"tflite-micro {_installed('tflite-micro')}")
    mend = "exactness is proved on Linux x86_64; everything else works without"
    if platform.machine() == "x86_64" and sys.platform == "linux":
        pinned = _requirements_of("", list(importlib.metadata.requires("coincell") or []))
        words = [sys.executable, "-m", "pip", "install", "--force-reinstall"]
        mend = shlex.join([*words, pinned.get("tflite-micro", "tflite-micro")])
    return Check("oracle", "note", fault, mend)


def _host_compiler() -> Compiler:
    from coincell.toolchain import find_host_compiler

    return find_host_compiler()


def _board_compiler() -> Compiler:
    from coincell.toolchain import find_cross_compiler

    return find_cross_compiler("cortex-m4f")


def check_compiler(
    name: str, find: Callable[[], Compiler], trial: Callable[[Compiler, Path], str]
) -> Check:
    """Is there a compiler, and does it make of a program of three lines what it should?

    Args:
        name: what the line is about.
        find: finds the compiler or raises a ToolchainError.
        trial: uses it in an empty folder; returns "" or what is wrong.
    """
    mend = shlex.join([sys.executable, "-m", "pip", "install", "--force-reinstall", "ziglang"])
    try:
        compiler = find()
        with tempfile.TemporaryDirectory(prefix="coincell-doctor-") as folder:
            fault = trial(compiler, Path(folder))
    except CoincellError as error:
        return Check(name, "fault", error.message, mend)
    if fault:
        return Check(name, "fault", f"{compiler.version}: {fault}", mend)
    return Check(name, "ok", f"{compiler.name}: {compiler.version}")


def run_on_host(compiler: Compiler, folder: Path) -> str:
    """Compile a program and run it; "" or what is wrong."""
    from coincell.toolchain import C_FLAGS

    (folder / "answer.c").write_text(_HOST_PROGRAM, encoding="ascii")
    compiler.run([*C_FLAGS, "-O2", "answer.c", "-o", "answer"], directory=folder)
    code = subprocess.run([folder / "answer"], check=False).returncode
    return "" if code == 42 else f"a program that returns 42 returned {code}"


def compile_for_board(compiler: Compiler, folder: Path) -> str:
    """Compile a function for the board's core; "" or what is wrong."""
    from coincell.toolchain import C_FLAGS

    (folder / "answer.c").write_text(_BOARD_PROGRAM, encoding="ascii")
    words = [*C_FLAGS, "-ffreestanding", "-Os", "-c", "answer.c", "-o", "answer.o"]
    compiler.run(words, directory=folder)
    head = (folder / "answer.o").read_bytes()[:20]
    machine = int.from_bytes(head[18:20], "little")
    if head[:4] == b"\x7fELF" and machine == _ELF_MACHINE_ARM:
        return ""
    return f"its object file is not for Arm (ELF machine {machine})"


def check_cache() -> Check:
    """May builds be kept where they are kept?"""
    from coincell.files import cache_directory, write_atomic

    folder = cache_directory()
    trial = folder / "doctor"
    try:
        write_atomic(trial, "written by coincell doctor\n")
        trial.unlink()
    except (CoincellError, OSError) as error:
        mend = "export COINCELL_CACHE=FOLDER, one that you may write to"
        return Check("cache", "fault", str(error), mend)
    return Check("cache", "ok", str(folder))


def check_disk() -> Check:
    """Is there room for a project's recordings, features and builds?"""
    from coincell.files import cache_directory

    folder = cache_directory().absolute()
    while not folder.exists():
        folder = folder.parent
    places = {place: shutil.disk_usage(place).free for place in (folder, Path.cwd())}
    place, free = min(places.items(), key=lambda item: item[1])
    detail = f"{free / 1e9:.1f} GB free at {place}"
    if free >= _ENOUGH_DISK_BYTES:
        return Check("disk", "ok", detail)
    return Check("disk", "note", detail, f"free {_ENOUGH_DISK_BYTES / 1e9:.0f} GB there")


_COLOURS: dict[Status, str] = {"ok": "green", "note": "yellow", "fault": "red"}


def _print_check(check: Check) -> None:
    status = click.style(f"{check.status:<6}", fg=_COLOURS[check.status])
    click.echo(f"{status}{check.name:<23}{check.detail}")
    if check.mend:
        click.echo(f"{'':29}-> {check.mend}")
