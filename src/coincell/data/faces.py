"""Faces and other patches to start with, and masks drawn on these faces.

The pictures are scikit-image's `lfw_subset`: 100 faces, and 100 patches from the same photographs'
background, 25 x 25 in gray. Its wheel carries the file; nothing of scikit-image is imported.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coincell.data.noise import generator_for
from coincell.data.offline import OfflineSummary, Recipe, make_recordings
from coincell.data.progress import Progress
from coincell.data.splits import position, split_at
from coincell.errors import DataError, MissingExtraError
from coincell.files import sha256_bytes
from coincell.project import Project

FACES_FORMAT = "lfw_subset"
MASKS_FORMAT = "synthetic masks on the faces of lfw_subset"
_METHOD = 1  # part of each picture's key: raise it when the same parameters give another one
_FACES = 100
_SIDE = 25
_FILE_BYTES = 1_000_128  # 200 x 25 x 25 float64 and NumPy's header
_FINE = 8  # masks are drawn so many times finer, then averaged: as soft as the faces are


def face_pictures(project: Project, progress: Progress) -> OfflineSummary:
    """100 faces as the second of data.labels, 100 other patches as the first.

    Raises:
        DataError: the project has other than two labels, or the file is not as expected.
        MissingExtraError: scikit-image is not installed.
    """
    recipes = [
        _recipe(project, number, project.configuration.data.labels[number < _FACES], masked=False)
        for number in range(2 * _FACES)
        if _two_labels(project)
    ]
    source = "faces and other patches of scikit-image's lfw_subset"
    return make_recordings(project, recipes, FACES_FORMAT, source, progress, channels=1)


def masked_faces(project: Project, progress: Progress) -> OfflineSummary:
    """100 faces as the first of data.labels, and each with a mask drawn on it as the second.

    Both pictures of a face are on the same side of the split.

    Raises:
        DataError: the project has other than two labels, or the file is not as expected.
        MissingExtraError: scikit-image is not installed.
    """
    recipes = [
        _recipe(project, number, project.configuration.data.labels[masked], masked=masked)
        for number in range(_FACES)
        for masked in (False, True)
        if _two_labels(project)
    ]
    source = "masks drawn on the faces of scikit-image's lfw_subset"
    return make_recordings(project, recipes, MASKS_FORMAT, source, progress, channels=1)


def _two_labels(project: Project) -> bool:
    labels = project.configuration.data.labels
    if len(labels) != 2:
        raise DataError(
            f"The pictures to start with are of two classes; data.labels is {list(labels)}.",
            'Name two, such as ["no_person", "person"], or import pictures of your own.',
        )
    return True


def _recipe(project: Project, number: int, label: str, *, masked: bool) -> Recipe:
    configuration = project.configuration
    seed, name = configuration.project.seed, f"lfw-{number:03}"
    key = json.dumps([_METHOD, seed, name, label, masked, _digest()])
    kind = "masked-" if masked else ""
    return Recipe(
        f"{label}/{kind}{name}.png",
        label,
        split_at(position(name, seed), configuration.data.split),
        sha256_bytes(key.encode()),
        partial(_picture, number, seed, masked),
        {"picture": name},
    )


def _picture(number: int, seed: int, masked: bool) -> NDArray[np.uint8]:
    """uint8 [25, 25, 3], all three alike."""
    patch = _patches()[number]
    if masked:
        patch = with_mask(patch, generator_for(seed, "mask", number))
    gray = np.rint(255 * patch).astype(np.uint8)
    return np.repeat(gray[:, :, None], 3, axis=2)


def with_mask(face: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """A face with a mask from nose to chin; float64 [n, n] in 0 to 1, of any n.

    lfw_subset's faces are aligned: eyes at a third of the height, nose at a half, mouth at 0.7.
    Place, width, tilt, brightness, folds and straps of the mask are drawn from `generator`.
    """
    side = len(face) * _FINE
    across = ((np.arange(side) + 0.5) / side)[None, :] - generator.uniform(0.46, 0.54)
    down = ((np.arange(side) + 0.5) / side)[:, None] + generator.uniform(-0.1, 0.1) * across
    top = generator.uniform(0.46, 0.54)
    bottom = generator.uniform(0.9, 1.0)
    wide = generator.uniform(0.3, 0.38)
    upper_edge = top + generator.uniform(0.2, 0.6) * across**2  # highest on the nose's bridge
    half_width = wide * np.sqrt(np.clip(1 - ((down - top) / (1.15 * (bottom - top))) ** 2, 0, 1))
    covered = (down > upper_edge) & (down < bottom) & (np.abs(across) < half_width)
    slope = generator.uniform(-0.5, 0.1)
    strap = (np.abs(across) >= half_width) & (
        np.abs(down - (top + 0.06 + slope * (np.abs(across) - wide))) < 0.012
    )
    cloth = (
        generator.uniform(0.55, 0.95) if generator.random() < 0.75 else generator.uniform(0.08, 0.4)
    )
    folds = 0.05 * np.sin(2 * np.pi * (down - top) * generator.uniform(5, 9))
    shade = cloth * (1 - generator.uniform(0.3, 1.2) * across**2) + folds * generator.random()
    fine = np.kron(face, np.ones((_FINE, _FINE)))
    fine = np.where(covered | strap & (down > top - 0.1), shade, fine)
    soft: NDArray[np.float64] = fine.reshape(len(face), _FINE, len(face), _FINE).mean(axis=(1, 3))
    noisy = soft + generator.normal(0, 0.01, soft.shape)
    return np.asarray(np.clip(noisy, 0, 1), np.float64)


@cache
def _content() -> bytes:
    """The file as scikit-image's wheel carries it."""
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("faces", "scikit-image", "The pictures to start with")
    path = Path(next(iter(found.submodule_search_locations)), "data", "lfw_subset.npy")
    try:
        if path.stat().st_size > 2 * _FILE_BYTES:
            raise DataError(f"{path} is larger than lfw_subset is.", _REINSTALL)
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.", _REINSTALL) from error


_REINSTALL = "Install it anew: pip install --force-reinstall scikit-image."


@cache
def _digest() -> str:
    return sha256_bytes(_content())


@cache
def _patches() -> NDArray[np.float64]:
    """float64 [200, 25, 25] in 0 to 1; the first hundred are faces."""
    import io

    try:
        patches = np.load(io.BytesIO(_content()), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"lfw_subset.npy cannot be read: {error}", _REINSTALL) from error
    if patches.shape != (2 * _FACES, _SIDE, _SIDE) or patches.dtype != np.float64:
        raise DataError(
            f"lfw_subset.npy must hold float64 (200, 25, 25); received {patches.dtype} "
            f"{patches.shape}.",
            _REINSTALL,
        )
    return np.asarray(np.clip(patches, 0.0, 1.0), np.float64)
