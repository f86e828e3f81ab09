"""The recording that a command hears in the place of a microphone: one rule for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

resample_option = click.option(
    "--resample", is_flag=True, help="Take a recording of another rate, resampled."
)


def read_sound(path: Path, rate_hz: int, resample: bool) -> NDArray[np.int16]:
    """int16 [n] of a WAV or FLAC at `rate_hz`, as a microphone would give it.

    Args:
        path: the recording.
        rate_hz: what the microphone takes.
        resample: convert a recording of another rate; the device itself cannot.

    Raises:
        DataError: no recording, or of another rate.
    """
    from coincell.data import read_recording
    from coincell.errors import DataError

    recording = read_recording(path, rate_hz)
    if recording.rate_hz != rate_hz and not resample:
        raise DataError(
            f"The microphone takes {rate_hz:,} samples a second; {path} has {recording.rate_hz:,}.",
            hint="--resample converts it first.",
        )
    return recording.samples
