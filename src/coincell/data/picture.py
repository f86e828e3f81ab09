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
SHORTEST_SIDE = 8
_PNG = b"\x89PNG\r\n\x1a\n"
_EXPORT = "Export it as PNG or JPEG; a file's name does not change what it holds."


class PictureFiles:
    """See `SenseFiles`."""

    suffixes = (".png", ".jpg", ".jpeg")
    stored_suffix = ".png"

    def decode(self, content: bytes, name: str, settings: DataSettings) -> Recording:
        """JPEG or PNG -> uint8 [height, width, 3], upright, at most 640 pixels a side."""
        del settings
        image, kind = _open(content, name)
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


_ORIENTATION, _UPRIGHT = 0x0112, 1  # Exif 2.32, section 4.6.4; 2 to 8 are turned or mirrored


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("camera", "pillow", "Reading pictures") from error
    return Image


def _open(content: bytes, name: str) -> tuple[Any, str]:
    """The picture in RGB, upright, at most 640 pixels a side, and its format with what was mended.

    The reader is chosen by the first bytes, so that no other of Pillow's sees a hostile file.
    """
    _pillow()
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    reader: Any = {_PNG[:2]: PngImageFile, b"\xff\xd8": JpegImageFile}.get(content[:2])
    if reader is None:
        raise DataError(f"{name}: neither a PNG nor a JPEG file.", _EXPORT)
    try:
        with reader(io.BytesIO(content)) as image:
            _check_size(image.size, name)
            kind = _kind(image, content)
            if image.getexif().get(_ORIENTATION, _UPRIGHT) in range(_UPRIGHT + 1, 9):
                kind += ", turned by its EXIF"
            image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))  # of JPEG: decoded smaller
            return _small(_upright(image)), kind
    except DataError:
        raise
    except Exception as error:  # a broken file can make Pillow raise anything
        raise DataError(
            f"{name}: not a readable PNG or JPEG file: {error or type(error).__name__}", _EXPORT
        ) from error


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise DataError(
            f"{name}: {width} x {height} pixels; at most {MOST_PIXELS:,} are read.",
            "Make it smaller: the device sees a few thousand.",
        )
    shrunk = min(1.0, LONGEST_SIDE / max(width, height))
    if min(width, height) * shrunk < SHORTEST_SIDE:
        raise DataError(
            f"{name}: {width} x {height} pixels; each side needs at least {SHORTEST_SIDE}, after "
            f"the longer one was brought to at most {LONGEST_SIDE}.",
            "There is nothing to see in it; leave it out.",
        )


def _kind(image: Any, content: bytes) -> str:
    """The format, and what is not as usual: every such picture is counted by it."""
    if image.format != "PNG":
        return "JPEG CMYK" if image.mode == "CMYK" else "JPEG"
    if getattr(image, "is_animated", False):
        return "PNG animated, its first picture"
    if content[24:25] == b"\x10":  # bits a channel, in the header that every PNG begins with
        return "PNG of 16 bits"
    return "PNG with transparency, on white" if _is_transparent(image) else "PNG"


def _is_transparent(image: Any) -> bool:
    return image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info


def _upright(image: Any) -> Any:
    """In RGB, turned as its EXIF says."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16-bit gray; Pillow would cut it off at 255
        wide = np.asarray(image, np.int64).clip(0, 65535)
        image = Image.fromarray((wide >> 8).astype(np.uint8))
    if _is_transparent(image):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _small(image: Any) -> Any:
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image
