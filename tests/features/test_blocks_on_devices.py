"""The C of all blocks under sanitizers, under every compiler, and on an emulated Cortex-M4."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.errors import InternalError
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
from coincell.toolchain import Compiler
from emulated_core import check_freestanding, every_compiler
from features.block_checks import (
    QUANTIZATION,
    check_on_cortex_m4,
    check_sanitized,
    emitted_sources,
    made_windows,
    series_form,
)

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


@pytest.mark.parametrize("compiler", every_compiler(), ids=lambda c: f"{c.name}-{len(c.command)}")
def test_compiles_without_a_warning_and_needs_no_library(
    tmp_path: Path, compiler: Compiler
) -> None:
    sources = emitted_sources(series_blocks() | picture_blocks(3))
    check_freestanding(compiler, tmp_path, sources, "-Os")


def test_only_the_files_that_are_needed_come_along() -> None:
    sources = series_blocks()["raw"].c_sources("steps", QUANTIZATION)
    units = ("quantize", "raw", "standardize")
    files = {f"features/{unit}.{suffix}" for unit in units for suffix in "ch"}
    assert set(sources) == files | {"steps_features.c", "steps_features.h"}


def test_a_name_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(InternalError, match="identifier"):
        series_blocks()["raw"].c_sources("1;drop", QUANTIZATION)
