"""The C of all blocks under sanitizers, under every compiler, and on an emulated Cortex-M4."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from coincell.errors import InternalError, ToolchainError
from coincell.features import FeatureBlock
from coincell.features.picture import PictureBlock
from coincell.features.raw import RawBlock
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.spectrogram import SpectrogramBlock
from coincell.features.statistics import StatisticsBlock
from coincell.project import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    StatisticsSettings,
    WindowForm,
)
from coincell.toolchain import C_FLAGS, Compiler, find_cross_compiler, host_compilers
from features.block_checks import (
    QUANTIZATION,
    check_on_cortex_m4,
    check_sanitized,
    made_windows,
    series_form,
)
from features.hard_windows import write_sources

HIGH_PASS = SpectralSettings(filter="high-pass", cutoff_hz=0.5, order=8, peaks=5)
LOW_PASS = SpectralSettings(filter="low-pass", cutoff_hz=5, order=6, edges_hz=(0, 1, 9))


def series_blocks() -> dict[str, FeatureBlock]:
    """Blocks on windows of 300 steps of three channels, fitted, by name."""
    form = series_form(300, 3)
    windows = made_windows(form)
    return {
        "raw": RawBlock(RawSettings(decimation=3), form).fit(windows),
        "plain": RawBlock(RawSettings(scaling="full-scale"), form),
        "statistics": StatisticsBlock(StatisticsSettings(), form).fit(windows),
        "spectral": SpectralSummaryBlock(HIGH_PASS, form).fit(windows),
        "smooth": SpectralSummaryBlock(LOW_PASS, form).fit(windows),
        "spectrogram": SpectrogramBlock(SpectrogramSettings(), form),
        "offset": SpectrogramBlock(SpectrogramSettings(remove_mean=False, floor=1e-12), form),
    }


def picture_blocks(channels: int) -> dict[str, FeatureBlock]:
    """Blocks on pictures, by name."""
    form = WindowForm("picture", 1, channels, 0, 31, 22)
    chosen = {
        "cut": PictureSettings(width=24, height=30),
        "whole": PictureSettings(width=40, height=12, color="rgb", resize="fit", values="unit"),
        "drawn": PictureSettings(width=7, height=5, resize="stretch"),
    }
    return {name: PictureBlock(settings, form) for name, settings in chosen.items()}


def test_series_do_not_overflow_under_the_sanitizers(tmp_path: Path) -> None:
    check_sanitized(series_blocks(), tmp_path)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_do_not_overflow_under_the_sanitizers(tmp_path: Path, channels: int) -> None:
    check_sanitized(picture_blocks(channels), tmp_path)


@pytest.mark.parametrize(("family", "level"), [("gcc", "-Os"), ("zig", "-O2")])
def test_the_device_computes_the_same_bytes(tmp_path: Path, family: str, level: str) -> None:
    check_on_cortex_m4(series_blocks(), tmp_path, family, level)


@pytest.mark.parametrize("family", ["gcc", "zig"])
def test_the_device_sees_the_same_pictures(tmp_path: Path, family: str) -> None:
    check_on_cortex_m4(picture_blocks(3), tmp_path, family, "-O2")


def _compilers() -> list[Compiler]:
    found = host_compilers()
    for family in ("gcc", "zig"):
        try:
            found.append(find_cross_compiler(prefer=family))
        except ToolchainError:
            continue
    return found


@pytest.mark.parametrize("compiler", _compilers(), ids=lambda c: f"{c.name}-{len(c.command)}")
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler
) -> None:
    sources: dict[str, str] = {}
    for name, block in (series_blocks() | picture_blocks(3)).items():
        sources |= block.c_sources(name, QUANTIZATION)
    units = write_sources(tmp_path, sources)
    unwound = ["-fno-unwind-tables", "-fno-asynchronous-unwind-tables"]
    flags = [*C_FLAGS, "-Os", "-ffreestanding", *unwound, "-I", "."]
    objects = [str(tmp_path / f"{place}.o") for place in range(len(units))]
    for unit, target in zip(units, objects, strict=True):
        compiler.run([*flags, "-c", unit, "-o", target], directory=tmp_path)
    if nm := shutil.which("nm"):
        listed = subprocess.run([nm, "-P", *objects], capture_output=True, text=True, check=True)
        lines = [line.split()[:2] for line in listed.stdout.splitlines() if line[-1] != ":"]
        defined = {name for name, kind in lines if kind != "U"}
        wanted = {name for name, kind in lines if kind == "U"} - defined
        plain = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}
        assert {name for name in wanted - plain if "aeabi_mem" not in name} == set()


def test_only_the_files_that_are_needed_come_along() -> None:
    sources = series_blocks()["raw"].c_sources("steps", QUANTIZATION)
    units = ("quantize", "raw", "standardize")
    files = {f"features/{unit}.{suffix}" for unit in units for suffix in "ch"}
    assert set(sources) == files | {"steps_features.c", "steps_features.h"}


def test_a_name_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(InternalError, match="identifier"):
        series_blocks()["raw"].c_sources("1;drop", QUANTIZATION)
