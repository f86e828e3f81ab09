"""Pictures: JPEG and PNG in, PNG kept, brought to what the device's camera gives."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.data.senses import Fitted, Recording
from coincell.errors import DataError, MissingExtraError
from coincell.project import DataSettings

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 640
_PNG = b"\x89PNG\r\n\x1a\n"


class PictureFiles:
    """See `SenseFiles`."""

    suffixes = (".png", ".jpg", ".jpeg")
    stored_suffix = ".png"

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """JPEG or PNG -> uint8 [height, width, 3], upright, at most 640 pixels a side."""
        del settings
        image, kind = _open(content, name)
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return Recording(np.asarray(image, np.uint8), kind, 0, 0, 0)

    def encode(self, samples: NDArray[Any], settings: DataSettings) -> bytes:
        """uint8 [height, width, 3] -> PNG."""
        del settings
        stream = io.BytesIO()
        _pillow().fromarray(samples).save(stream, "PNG")
        return stream.getvalue()

    def decode_stored(self, content: bytes, name: str, settings: DataSettings) -> NDArray[Any]:
        """What `encode` made -> uint8 [height, width, 3]."""
        return self.decode(content, name, settings).samples

    def holds(self, header: bytes, file_bytes: int, seconds: float, settings: DataSettings) -> bool:
        """Whether it is a PNG file."""
        del file_bytes, seconds, settings
        return header.startswith(_PNG)

    def seconds(self, samples: NDArray[Any], settings: DataSettings) -> float:
        """A moment."""
        del samples, settings
        return 0.0

    def fit(self, samples: NDArray[Any], settings: DataSettings) -> Fitted:
        """The largest middle part of the camera's proportions, in its size and colours."""
        camera = settings.camera
        height, width = samples.shape[:2]
        part = min(width / camera.width, height / camera.height)
        wide, high = part * camera.width, part * camera.height
        left, top = (width - wide) / 2, (height - high) / 2
        pillow = _pillow()
        image = pillow.fromarray(samples).resize(
            (camera.width, camera.height),
            pillow.Resampling.BILINEAR,
            box=(left, top, left + wide, top + high),
        )
        if camera.color == "gray":
            image = image.convert("L")  # 0.299 R + 0.587 G + 0.114 B, BT.601
        window = np.asarray(image, np.uint8).reshape(1, -1)
        return Fitted(window, False, (round(wide), round(high)) != (width, height))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("camera", "pillow", "Reading pictures") from error
    return Image


def _open(content: bytes, name: str) -> tuple[Any, str]:
    """The picture in RGB, upright, and its format."""
    pillow = _pillow()
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with pillow.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise DataError(
                    f"{name}: {image.width} x {image.height} pixels; at most {MOST_PIXELS} are "
                    "read.",
                    "Make it smaller: the device sees a few thousand.",
                )
            kind = str(image.format)
            return ImageOps.exif_transpose(image).convert("RGB"), kind
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(
            f"{name}: not a readable PNG or JPEG file: {error}",
            "Export it as PNG; a file's name does not change what it holds.",
        ) from error
