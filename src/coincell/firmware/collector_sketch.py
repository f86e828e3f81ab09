"""Sketches for Arduino that collect: motion as lines of text, sound and pictures as frames."""

from __future__ import annotations

from typing import Any

from coincell.errors import BoardError
from coincell.firmware.application import device_sources
from coincell.firmware.collector import SENSOR_HINTS, Collector, collector_facts
from coincell.firmware.export.arduino import FRAME_HEIGHT, FRAME_WIDTH, middle_of_frame, pdm_gain
from coincell.firmware.export.library import relative_includes
from coincell.firmware.export.templates import render
from coincell.firmware.live_source import MICROPHONE_RATE_HZ
from coincell.project import DataSettings

_SHARED = (
    "collector/frames.c",
    "collector/frames.h",
    "collector/passing.c",
    "collector/passing.h",
    "firmware/bytes.h",
    "firmware/crc32.c",
    "firmware/crc32.h",
    "firmware/transport.h",
)
"""What the sketch has in common with the firmware of `build_collector`."""


def collector_sketch(settings: DataSettings, microphone_gain_db: float = 0.0) -> dict[str, str]:
    """The sketch that sends what a project's sensor gives.

    Args:
        settings: the project's recordings.
        microphone_gain_db: what the microphone's interface adds, where that can be said.

    Returns:
        Path below a folder of sketches -> text; the .ino is the first.

    Raises:
        BoardError: the libraries of Arduino do not give what the project takes.
    """
    sense, form = settings.sense, settings.form
    collector = Collector.of(settings)
    _check(collector)
    name = f"collect_{sense}"
    crop_width, crop_height = middle_of_frame(form)
    values: dict[str, Any] = {
        "upper": "APPLICATION",
        "field": collector.channels is not None and "m" in collector.channels.parts,
        "pdm_gain": pdm_gain(microphone_gain_db),
        "width": form.width,
        "height": form.height,
        "channels": form.channels,
        "crop_width": crop_width,
        "crop_height": crop_height,
    }
    files = {f"{name}/{name}.ino": render(f"arduino/collector/{sense}.ino", values)}
    if sense != "motion":
        core = _core(collector)
        files |= {
            f"{name}/src/{path}": relative_includes(path, text, core) for path, text in core.items()
        }
    return files


def _core(collector: Collector) -> dict[str, str]:
    """The C that makes frames of what is sensed: as in the firmware."""
    device = device_sources("collector", "firmware")
    core = {path: device[path] for path in _SHARED}
    core |= collector_facts(collector, "arduino", collector.form.rate_hz or 1)
    del core["application/application.h"]  # for the drivers of the firmware
    return core


def _check(collector: Collector) -> None:
    form, channels = collector.form, collector.channels
    hint = SENSOR_HINTS[form.sense]
    if form.sense == "sound" and form.rate_hz != MICROPHONE_RATE_HZ:
        raise BoardError(
            f"The sketch hears {MICROPHONE_RATE_HZ} samples a second; data.sample_rate_hz is "
            f"{form.rate_hz}.",
            hint=hint,
        )
    if channels is not None and not channels.inertial:
        raise BoardError(
            "The sketch prints acceleration, rotation and magnetic field; data.channels has "
            f"{', '.join(channels.names)}.",
            hint=hint,
        )
    if form.width > FRAME_WIDTH or form.height > FRAME_HEIGHT:
        raise BoardError(
            f"The sketch's camera gives {FRAME_WIDTH} x {FRAME_HEIGHT} pixels; data.camera asks "
            f"for {form.width} x {form.height}.",
            hint="Set data.camera width and height to 160 and 120, say, or to the features' size.",
        )
