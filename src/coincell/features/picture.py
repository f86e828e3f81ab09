"""Pictures at the network's size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError
from coincell.features.c_struct import CArray, CStruct, Scratch
from coincell.features.integer_block import IntegerBlock
from coincell.features.quantization import InputQuantization
from coincell.project import PictureSettings, WindowForm

_WEIGHT = 2048
_FULL = 32640
"""Fixed point of the whitest white: 255 in 1/128."""


class PictureBlock(IntegerBlock):
    """A picture's pixels; the definition stands in runtime/features/picture.h.

    Args:
        settings: size, colour and range.
        form: of the windows: a picture's.

    Raises:
        ConfigurationError: the settings do not fit the form.
    """

    kind, title = "picture", "a picture's pixels"

    def __init__(self, settings: PictureSettings, form: WindowForm) -> None:
        if form.sense != "picture":
            raise ConfigurationError(
                f'features.block = "picture" is for pictures; received {form.sense}.',
                hint='Choose features.block = "raw" for the samples themselves.',
            )
        self.settings = settings
        channels = 1 if settings.color == "gray" else 3
        super().__init__(form, (settings.height, settings.width, channels))
        self._across, self._down = _placed(settings, form)

    @property
    def fixed_point_scale(self) -> float:
        """One step of the value, which runs from -1 to 1 or from 0 to 1."""
        return 1 / _FULL

    @property
    def exact_quantization(self) -> InputQuantization:
        """At which a pixel p of a picture at its own size becomes p - 128: what networks have
        that were trained on p / 127.5 - 1 (centred) or p / 255 (unit)."""
        if self.settings.values == "centred":
            return InputQuantization(float(np.float32(1 / 127.5)), -1)
        return InputQuantization(float(np.float32(1 / 255)), -128)

    @property
    def constants(self) -> CStruct:
        """coincell_picture_config"""
        settings, form = self.settings, self.form
        centred = settings.values == "centred"
        (left, right, columns), (top, bottom, rows) = self._across, self._down
        note = "First of two source pixels, and the weight of the second in 1/2048: "
        return CStruct(
            "coincell_picture_config",
            {
                "source_width": form.width,
                "source_channels": form.channels,
                "width": settings.width,
                "height": settings.height,
                "channels": self.shape[2],
                "left": left,
                "right": right,
                "top": top,
                "bottom": bottom,
                "padding": 0 if centred else _FULL // 2,
                "halvings": 0 if centred else 1,
                # A 256th of a pixel above: 127.5 lies between two pixels, so the usual scale of
                # 1 / 127.5 would round every pixel at a tie, to either side.
                "offset": 1 - _FULL if centred else 0,
                "columns": CArray(note + "columns.", "coincell_picture_place", columns),
                "rows": CArray(note + "rows.", "coincell_picture_place", rows),
            },
        )

    @property
    def scratch(self) -> Scratch:
        """None."""
        return Scratch("", {})


Axis = tuple[int, int, NDArray[np.uint16]]


def _placed(settings: PictureSettings, form: WindowForm) -> tuple[Axis, Axis]:
    """Across and down: (first output pixel that shows the source, behind the last, places)."""
    scales = settings.width / form.width, settings.height / form.height
    if settings.resize != "stretch":
        chosen = max(scales) if settings.resize == "crop" else min(scales)
        scales = chosen, chosen
    return (
        _axis(form.width, settings.width, scales[0]),
        _axis(form.height, settings.height, scales[1]),
    )


def _axis(source: int, output: int, scale: float) -> Axis:
    """Where each of `output` pixels lies among `source` ones, centre on centre."""
    shown = min(output, max(1, round(source * scale)))
    begin = (output - shown) // 2
    # Of a source that is shown whole, its edges meet the shown part's; else it is cut evenly.
    step = source / shown if source * scale <= output + 0.5 else 1 / scale
    centres = source / 2 + (np.arange(shown) + 0.5 - shown / 2) * step - 0.5
    steps = np.clip(np.rint(centres * _WEIGHT), 0, (source - 1) * _WEIGHT).astype(np.int64)
    places = np.stack([steps // _WEIGHT, steps % _WEIGHT], axis=-1)
    return begin, begin + shown, places.astype(np.uint16)
