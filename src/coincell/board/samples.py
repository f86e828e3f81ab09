"""Inputs of a model: drawn from a seed, or read from a file of arrays."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import Graph
from coincell.errors import FileError, UserError

Arrays = NDArray[Any]

_MOST_BYTES = 1 << 30
_MOST_DRAWN_BYTES = 64 << 20  # they are drawn as 64-bit floats, eight times as many
_MOST_NAMES = 8
_WAVES = 4
_NOISE = 0.1


def seeded_samples(graph: Graph, count: int, seed: int = 1) -> list[Arrays]:
    """[count, *shape] for each input: the first half uniform over its type, the rest smooth.

    Smooth ones are sums of a few slow waves over the input's dimensions with a little noise, as
    spectra and pictures are; each sample has its own level and contrast. Floats are drawn from the
    range -4 to 4, since a float input has no range of its own.

    Raises:
        UserError: so many would take too much memory.
    """
    sample_bytes = sum(graph.tensor(name).size_bytes for name in graph.inputs)
    if count * sample_bytes > _MOST_DRAWN_BYTES:
        raise UserError(
            f"Inputs that are drawn take at most {_MOST_DRAWN_BYTES:,} bytes; {count:,} samples of "
            f"this model would take {count * sample_bytes:,}.",
            hint=f"At most --samples {_MOST_DRAWN_BYTES // sample_bytes}, or your own --inputs.",
        )
    generator = np.random.default_rng(seed)
    half = (count + 1) // 2
    made = []
    for tensor in (graph.tensor(name) for name in graph.inputs):
        dtype = np.dtype(tensor.dtype.numpy)
        low, high = _limits(dtype)
        uniform = generator.uniform(low - 0.5, high + 0.5, (half, *tensor.shape))
        smooth = [_smooth(tensor.shape, generator) for _ in range(count - half)]
        middle, reach = (low + high) / 2, (high - low) / 2
        waves = middle + reach * np.array(smooth).reshape(count - half, *tensor.shape)
        values = np.concatenate([uniform, waves]).clip(low, high)
        made.append((values if dtype.kind == "f" else values.round()).astype(dtype))
    return made


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    return -4, 4


def _smooth(shape: Sequence[int], generator: np.random.Generator) -> Arrays:
    """float64 [*shape], mostly within -1 to 1."""
    places = np.meshgrid(*(np.linspace(0, 1, size) for size in shape), indexing="ij")
    total = np.full(shape, generator.uniform(-0.7, 0.3))
    for _ in range(_WAVES):
        phase = sum(generator.uniform(-3, 3) * place for place in places)
        total += generator.uniform(0, 0.4) * np.cos(2 * np.pi * (phase + generator.uniform()))
    return total + generator.normal(0, _NOISE, shape)


def read_arrays(path: Path, wanted: int) -> list[Arrays]:
    """The `wanted` arrays of a .npy, or of a .npz with arr_0, arr_1, ...

    Raises:
        UserError: it is no such file, or holds another number of arrays.
    """
    hint = "numpy.save writes a .npy of one array, numpy.savez a .npz with arr_0, arr_1, ..."
    try:
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is not a file.", hint)
        if path.stat().st_size > _MOST_BYTES:
            raise FileError(f"{path} is larger than 1 GiB, the most that is read.", hint)
        with path.open("rb") as stream:
            if stream.read(2) == b"PK":
                arrays = _read_archive(path)
            else:
                arrays = [np.load(path, allow_pickle=False)]
    except UserError:
        raise
    except Exception as error:  # NumPy tells a damaged file in a dozen ways, zipfile in others
        raise FileError(f"Cannot read arrays from {path}: {_reason(error)}.", hint) from error
    if len(arrays) != wanted:
        raise UserError(f"{path} holds {len(arrays)} arrays; the model has {wanted}.", hint)
    return arrays


def _reason(error: Exception) -> str:
    """Why arrays could not be read, on one line."""
    if isinstance(error, MemoryError):
        return "it says that its array is larger than the memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = str(error).split("\n")[0].rstrip(".")
    return "it holds Python objects, not numbers" if "pickle" in words else words


def _read_archive(path: Path) -> list[Arrays]:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
            raise ValueError("its arrays are larger than 1 GiB")
    with np.load(path, allow_pickle=False) as content:
        names = [f"arr_{index}" for index in range(len(content.files))]
        if set(names) != set(content.files):
            found = ", ".join(content.files[:_MOST_NAMES])
            raise ValueError(f"its arrays are {found}, not arr_0 to arr_{len(names) - 1}")
        arrays = [content[name] for name in names]
    if not all(isinstance(array, np.ndarray) for array in arrays):
        raise ValueError("not all that it holds are arrays")
    return arrays
