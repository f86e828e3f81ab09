"""A made-up gallery for tests."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from coincell.report import Gallery
from coincell.report.picture import picture_png

PNG = base64.b64encode(picture_png([[1, 2], [3, 4]])).decode("ascii")


def specimen(**changes: Any) -> dict[str, Any]:
    """A window with everything that can be shown."""
    return {
        "file": "yes/sample_1.wav", "truth": "yes", "said": "no", "told": "score 0.9",
        "right": False, "seconds": 1.0, "picture": PNG, "heat": PNG,
        "sound": base64.b64encode(b"RIFF").decode("ascii"),
        "traces": [{"name": "aX", "unit": "g", "low": [-1, -0.5, 0], "high": [0, 1, 0.5]}],
        "mattered": [{"name": "aX rms", "change": 0.4}],
    } | changes  # fmt: skip


def sample_gallery(name: str = "yes", **changes: Any) -> Gallery:
    """Two specimens and a map."""
    generator = np.random.default_rng(1)
    points = [
        {"x": float(x), "y": float(y), "truth": label, "said": "no", "file": "sample.wav"}
        for label in (name, "no")
        for x, y in generator.normal(size=(20, 2))
    ]
    return Gallery.model_validate(
        {
            "mistakes": [specimen()],
            "mistakes_found": 5,
            "examples": [specimen(right=True, said=name, truth=name)],
            "maps": [{"name": "features", "title": "Features", "explained": [0.4, 0.2], "of": 90,
                      "points": points}],
            "how": "A sample of how.",
        }
        | changes
    )  # fmt: skip
