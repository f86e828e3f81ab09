"""Weights that others trained, put into a MobileNet of ours; a file is hostile until checked."""

from __future__ import annotations

import io
import math
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError
from coincell.models._foreign import load_model_file
from coincell.models._network import build_network
from coincell.models.tensorflow import load_tensorflow, silenced
from coincell.project import MOST_WEIGHT_BYTES, WEIGHT_SUFFIXES, ModelSettings

if TYPE_CHECKING:
    import keras

Arrays = Sequence[NDArray[np.float32]]
IMAGENET = "imagenet"
_MOST_VALUES = 8_000_000
_MOST_UNPACKED_BYTES = 8 * _MOST_VALUES
_MOST_ARRAYS = 512
# Sides of the pictures that Keras's weights were trained on, the smallest there are: the nearest
# to what a microcontroller sees. V2's stand for 96 x 96, too.
_REFERENCE_SIDE = {"mobilenet-v1": 128, "mobilenet-v2": 96}
_DEFAULT_ALPHA = {"mobilenet-v1": 0.25, "mobilenet-v2": 0.35}


def load_weights(model: keras.Model, architecture: str, alpha: float, source: str | Path) -> None:
    """Put the weights of `source` into the backbone of `model`; the head stays as it is.

    Args:
        model: by `build_network`, of a MobileNet; input in gray or RGB.
        architecture: "mobilenet-v1" or "mobilenet-v2".
        alpha: 0: the architecture's own.
        source: "imagenet": what Keras downloads. A .npz of folded kernels and biases (see
            `_from_npz`), a .keras with a MobileNet's layers in their order, or a .h5 of
            keras.applications.

    Raises:
        ModelError: it cannot be read or downloaded, or is of another architecture or width.
    """
    if source == IMAGENET:
        layers = _layers_of(_reference(architecture, alpha, IMAGENET))
    else:
        path = Path(source)
        _check_size(path)
        if path.suffix == ".npz":
            layers = _from_npz(path)
        elif path.suffix == ".keras":
            layers = _layers_of(load_model_file(path))
        else:
            layers = _from_h5(path, architecture, alpha)
    _fill(model, layers, source)


def check_weights(settings: ModelSettings, path: Path) -> None:
    """Whether a MobileNet of these settings can begin with the weights in `path`.

    Raises:
        ModelError: they cannot be read, or are of another architecture or width.
    """
    model = build_network(settings, (32, 32, 3), 2, seed=1)  # weights fit pictures of any size
    load_weights(model, settings.architecture, settings.alpha, path)


def _check_size(path: Path) -> None:
    if path.suffix not in WEIGHT_SUFFIXES:
        raise ModelError(
            f"Weights are read from {', '.join(WEIGHT_SUFFIXES)}; received {path.name!r}.",
            hint='model.weights = "imagenet" lets Keras download its own.',
        )
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
    if size > MOST_WEIGHT_BYTES:
        raise ModelError(f"{path} is larger than {MOST_WEIGHT_BYTES >> 20} MiB.")


def _from_npz(path: Path) -> list[Arrays]:
    """[kernel, bias] of each convolution: c0, d1, p1, d2, p2 ... as NAME__kernel, NAME__bias.

    Kernels [rows, columns, inputs, outputs] (depthwise: [3, 3, channels, 1]), batch normalization
    folded, for ReLU6 and inputs x / 127.5 - 1.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            names = archive.files
            if len(names) > _MOST_ARRAYS:
                raise ModelError(f"{path} holds {len(names)} arrays; at most {_MOST_ARRAYS}.")
            # What is not named as an array is unpacked whole when it takes an array's name.
            if sum(part.file_size for part in archive.zip.infolist()) > _MOST_UNPACKED_BYTES:
                raise ModelError(f"{path} unpacks to more than {_MOST_UNPACKED_BYTES >> 20} MiB.")
            layers: list[Arrays] = []
            for name in _npz_names(names):
                pair = [_floats(path, archive, f"{name}__{part}") for part in ("kernel", "bias")]
                layers.append(pair)
    except ModelError:
        raise
    except Exception as error:  # a broken archive can make NumPy and zipfile raise anything
        raise ModelError(
            f"{path} is not a .npz of weights: {type(error).__name__}: {error}",
            hint="It needs arrays named c0__kernel, c0__bias, d1__kernel ... of plain numbers.",
        ) from error
    return layers


def _npz_names(names: Sequence[str]) -> list[str]:
    """Names of the convolutions in their order: c0, then d1, p1, d2, p2 ..."""
    blocks = sum(name.startswith("d") and name.endswith("__kernel") for name in names)
    return ["c0", *(f"{kind}{block}" for block in range(1, blocks + 1) for kind in "dp")]


def _floats(path: Path, archive: Any, name: str) -> NDArray[np.float32]:
    if name not in archive.files:
        raise ModelError(
            f"{path} has no array {name!r}; it has {', '.join(archive.files[:6])} ...",
            hint="A MobileNetV1's convolutions are c0, d1, p1, ... d13, p13.",
        )
    # The header tells the size before the numbers are unpacked: a small archive may hold gigabytes.
    member = archive.zip.getinfo(f"{name}.npy")
    if member.file_size > 4 * _MOST_VALUES:
        raise ModelError(f"{path}: {name} is larger than {_MOST_VALUES} numbers.")
    values = archive[name]
    if isinstance(values, np.ndarray) and np.issubdtype(values.dtype, np.floating):
        with np.errstate(over="ignore"):
            numbers = values.astype(np.float32)
        if np.isfinite(numbers).all():
            return numbers
    raise ModelError(f"{path}: {name} must hold finite floating-point numbers.")


def _from_h5(path: Path, architecture: str, alpha: float) -> list[Arrays]:
    """Weights as keras.applications saves them, with or without its last layers."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, path.name)  # what is checked and what is read are the same bytes
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
        _check_h5(path, copy)
        return _from_checked_h5(path, copy, architecture, alpha)


def _from_checked_h5(path: Path, copy: Path, architecture: str, alpha: float) -> list[Arrays]:
    errors = []
    for top in (False, True):
        reference = _reference(architecture, alpha, None, top=top)
        try:
            with silenced():
                reference.load_weights(copy)
        except Exception as error:  # a hostile file can make Keras raise anything
            errors.append(f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")
            continue
        return _layers_of(reference)
    raise ModelError(
        f"{path} does not hold weights of keras.applications for {architecture} at alpha "
        f"{alpha or _DEFAULT_ALPHA[architecture]:g}: {errors[0]}",
        hint="Its name tells the width: mobilenet_2_5_128_tf_no_top.h5 is alpha 0.25.",
    )


def _check_h5(path: Path, copy: Path) -> None:
    """No links out of the file `copy` of `path`, plain numbers alone, no more than fit."""
    import h5py

    try:
        with h5py.File(copy, "r") as file:
            total = 0
            pending: list[Any] = [file]
            seen = 0
            while pending:
                group = pending.pop()
                for name in group:
                    seen += 1
                    link = group.get(name, getlink=True)
                    if not isinstance(link, h5py.HardLink) or seen > 16 * _MOST_ARRAYS:
                        raise ModelError(f"{path}: links to elsewhere, or too many parts.")
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        pending.append(item)
                        continue
                    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu":
                        raise ModelError(f"{path}: {name} must hold plain numbers.")
                    total += item.dtype.itemsize * math.prod(item.shape or (1,))
                    if item.is_virtual or item.external or total > _MOST_UNPACKED_BYTES:
                        raise ModelError(
                            f"{path}: {name} lies elsewhere, or the weights are more than "
                            f"{_MOST_UNPACKED_BYTES >> 20} MiB."
                        )
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ModelError(f"{path} is not a readable .h5 file: {error}") from error


def _reference(architecture: str, alpha: float, weights: str | None, *, top: bool = False) -> Any:
    """keras.applications' own network."""
    _, keras = load_tensorflow()
    make = {
        "mobilenet-v1": keras.applications.MobileNet,
        "mobilenet-v2": keras.applications.MobileNetV2,
    }[architecture]
    side = _REFERENCE_SIDE[architecture]
    width = alpha or _DEFAULT_ALPHA[architecture]
    try:
        with silenced():
            return make(input_shape=(side, side, 3), alpha=width, include_top=top, weights=weights)
    except Exception as error:  # refused widths and whatever a download can meet
        raise ModelError(
            f"Keras has no ImageNet weights for {architecture} at alpha {width:g}, or cannot "
            f"download them: {str(error).strip().splitlines()[0][:300]}",
            hint="Without a network, name a local copy: model.weights = a .npz, .keras or .h5 "
            "file. Widths that Keras has: V1 0.25, 0.5, 0.75, 1; V2 0.35, 0.5, 0.75, 1.",
        ) from error


def _layers_of(model: Any) -> list[Arrays]:
    """The weights of each convolution, batch normalizations' appended, in the network's order."""
    layers: list[list[NDArray[np.float32]]] = []
    _, keras = load_tensorflow()
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            layers.append(list(layer.get_weights()))
        elif isinstance(layer, keras.layers.BatchNormalization) and layers:
            layers[-1].extend(layer.get_weights())
    return list(layers)


def _fill(model: Any, layers: Sequence[Arrays], source: str | Path) -> None:
    """Convolution after convolution; what comes behind the last (Keras's own head) is left."""
    _, keras = load_tensorflow()
    convolutions = keras.layers.Conv2D | keras.layers.DepthwiseConv2D
    own = [layer for layer in model.layers if isinstance(layer, convolutions)]
    if len(layers) not in (len(own), len(own) + 1):
        raise _other(source, f"{len(layers)} convolutions, {len(own)} are wanted")
    for layer, arrays in zip(own, layers, strict=False):
        norm = model.get_layer(f"{layer.name}_norm")
        kernel = _kernel(arrays[0], layer.kernel.shape, source, layer.name)
        channels = norm.gamma.shape[0]
        if len(arrays) == 2:  # folded: the normalization only adds the bias
            ones = np.ones(channels, np.float32)
            rest = [ones, arrays[1], 0 * ones, ones - np.float32(norm.epsilon)]
        else:
            rest = list(arrays[1:])
        if len(rest) != 4 or any(part.shape != (channels,) for part in rest):
            raise _other(source, f"{layer.name} has parts of {[part.shape for part in arrays]}")
        if not all(np.isfinite(part).all() for part in (kernel, *rest)):
            raise ModelError(f"{source}: the weights of {layer.name} are not finite.")
        layer.set_weights([kernel])
        norm.set_weights(rest)


def _kernel(
    kernel: NDArray[np.float32], wanted: tuple[int, ...], source: str | Path, name: str
) -> NDArray[np.float32]:
    """Of a network that sees gray, the colours' kernels are added up: the same as gray thrice."""
    if kernel.shape == (*wanted[:2], 3, wanted[3]) and wanted[2] == 1 and name == "conv_0":
        kernel = kernel.sum(axis=2, keepdims=True, dtype=np.float32)
    if kernel.shape != tuple(wanted):
        raise _other(source, f"{name} has a kernel of {kernel.shape}, {tuple(wanted)} is wanted")
    return kernel


def _other(source: str | Path, what: str) -> ModelError:
    return ModelError(
        f"The weights {str(source)!r} are of another network: {what}.",
        hint="model.architecture and model.alpha must be those of the weights.",
    )
