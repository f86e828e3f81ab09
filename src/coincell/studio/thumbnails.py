"""What a recording looks like, small: a spectrogram, its readings, or the picture itself.

Drawn from the window that the device would have, by the project's own features, and kept on disk by
content: of the recording, and of the settings that the drawing depends on. What draws is imported
when something is drawn, so that the first page does not wait for it.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.data import Dataset, Sample, load_windows
from coincell.features import make_feature_block
from coincell.files import sha256_bytes, write_atomic
from coincell.project import MelSettings, Project, SpectrogramSettings

Kind = Literal["png", "svg"]
_MOST_CELLS = 200
"""Rows and columns of a drawing of features."""


@dataclass(frozen=True)
class Drawing:
    """A small picture: the bytes of a PNG, or of an SVG element to stand in a page."""

    kind: Kind
    content: bytes


class Thumbnails:
    """Draws recordings, each once. Safe to use from any thread."""

    def __init__(self, project: Project) -> None:
        data, settings = project.configuration.data, project.configuration.features
        self._configuration = project.configuration
        self._lock = threading.Lock()
        about = {
            "data": data.model_dump(mode="json", exclude={"split"}),
            "features": settings.model_dump(mode="json"),
            "form": dataclasses.asdict(data.form),
        }
        self.key = sha256_bytes(json.dumps(about, sort_keys=True).encode())[:16]
        self._folder = project.build_directory / "studio" / "thumbnails" / self.key

    @property
    def kind(self) -> Kind:
        """What drawings are: readings are lines, all else is pixels."""
        configuration = self._configuration
        if configuration.data.sense == "picture":
            return "png"
        return "png" if configuration.data.sense == "sound" and self._has_bands else "svg"

    @property
    def _has_bands(self) -> bool:
        return isinstance(self._configuration.features, MelSettings | SpectrogramSettings)

    def of(self, dataset: Dataset, sample: Sample) -> Drawing:
        """The drawing of a recording.

        Raises:
            DataError: it is missing, or was changed in kind.
        """
        path = self._folder / sample.sha256[:2] / f"{sample.sha256}.{self.kind}"
        if (kept := _kept(path)) is not None:
            return Drawing(self.kind, kept)
        window = load_windows(dataset, [sample], self._configuration.data).values[0]
        drawn = self.draw(window)
        write_atomic(path, drawn.content)
        return drawn

    def draw(self, window: NDArray[Any]) -> Drawing:
        """The drawing of a window [form.values]; nothing is kept."""
        from coincell.pipeline import picture_png_of, traces_of
        from coincell.report import traces_svg

        data = self._configuration.data
        if data.sense == "picture":
            return Drawing("png", picture_png_of(window, data) or b"")
        if self.kind == "png":
            with self._lock:  # the C of features has one working memory
                block = make_feature_block(self._configuration.features, data.form)
                values = block.compute(window[np.newaxis])[0]
            return Drawing("png", bands_png(values))
        traces = traces_of(window, data)
        return Drawing("svg", str(traces_svg(traces, _said(traces))).encode())


def bands_png(values: NDArray[np.integer]) -> bytes:
    """Features [frames, bands] as a PNG: time to the right, low bands at the bottom; of many
    frames or bands an even share."""
    from coincell.report import features_png

    flat = values.reshape(len(values), -1)
    across, up = (-(-side // _MOST_CELLS) for side in flat.shape)
    return features_png(flat[::across, ::up].tolist())


def _said(traces: Any) -> str:
    return "Readings over the window: " + ", ".join(
        f"{one.name} from {min(one.low):.3g} to {max(one.high):.3g} {one.unit}".strip()
        for one in traces
    )


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
