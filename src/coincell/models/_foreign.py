"""A .keras file of the user's in place of an architecture of ours.

The file is hostile until checked: Keras's safe mode refuses Python code in it, and before Keras
sees it, sizes are bounded and every class that it names must stand on a short list.
"""

from __future__ import annotations

import io
import json
import math
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coincell.errors import ModelError
from coincell.models._layers import BATCH_NORM_MOMENTUM
from coincell.models.tensorflow import load_tensorflow, silenced
from coincell.project import Goal

if TYPE_CHECKING:
    import keras

_MOST_FILE_BYTES = 64 << 20  # no microcontroller's model is near this
_MOST_UNPACKED_BYTES = 256 << 20
_MOST_CONFIG_BYTES = 4 << 20
_MOST_UNITS = 4096  # of one layer: its weights are made before the file's are read
_MOST_LAYERS = 500
_MOST_NUMBERS = 16_000_000  # of all weights; 64 MB as float32
_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}

_LAYERS = {
    "Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D",
    "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "Flatten", "Functional",
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Identity", "InputLayer", "MaxPooling2D",
    "ReLU", "Rescaling", "Reshape", "SeparableConv2D", "Sequential", "Softmax",
    "SpatialDropout2D", "UpSampling2D", "ZeroPadding2D",
}  # fmt: skip
_PARTS = {
    "Constant", "DTypePolicy", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "L1",
    "L1L2", "L2", "LecunNormal", "LecunUniform", "MaxNorm", "Ones", "RandomNormal",
    "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "__keras_tensor__",
}  # fmt: skip


def load_network(
    path: Path, input_shape: Sequence[int], outputs: int, goal: Goal = "classes"
) -> keras.Model:
    """The model in a .keras file, ending in softmax; its weights are where training starts.

    Normalizations follow the data at least as fast as those of our own networks do (Keras's own
    momentum of 0.99 is for runs of many thousand steps).
    A last Dense layer without activation gets a softmax; any other end must be one already.

    Args:
        path: the file.
        input_shape: of one sample's features, (frames, bands).
        outputs: how many classes the project has; 1 of a quantity.
        goal: what the outputs are; of normality, the features again.

    Raises:
        ModelError: the file is broken or not safe, or the model has other inputs or outputs.
    """
    model = load_model_file(path)
    _, keras = load_tensorflow()
    _check_shapes(path, model, input_shape, outputs, goal)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, BATCH_NORM_MOMENTUM)
    return _ending_in_softmax(path, model, keras) if goal == "classes" else model


def check_network_file(path: Path, outputs: int, goal: Goal) -> None:
    """Refuse a .keras file by all that can be known of it before there are features.

    Args:
        path: the file.
        outputs: how many classes the project has; 1 of a quantity.
        goal: what the outputs are; of normality their number depends on the features.

    Raises:
        ModelError: the file is broken or not safe, or the model has other outputs.
    """
    model = load_model_file(path)
    if goal != "normality" and len(model.outputs) == 1:
        _check_outputs(path, model, outputs, goal)


def load_model_file(path: Path) -> keras.Model:
    """Whatever network a .keras file holds, checked before Keras sees it.

    Raises:
        ModelError: the file is broken or not safe.
    """
    archive = _read(path)
    configuration = _check_archive(path, archive)
    _, keras = load_tensorflow()
    _check_count(path, keras, configuration)
    with tempfile.TemporaryDirectory() as folder:
        # the checked bytes, not the path, which may be another file by now
        copy = Path(folder, "model.keras")
        copy.write_bytes(archive)
        try:
            with silenced():
                return keras.saving.load_model(copy, compile=False, safe_mode=True)
        except Exception as error:  # a hostile file can make Keras raise anything
            raise _unloadable(path, error) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise ModelError(f"{path} is larger than {_MOST_FILE_BYTES >> 20} MiB.")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error


def _check_count(path: Path, keras: Any, configuration: dict[str, Any]) -> None:
    """How many weights Keras would make before it reads any: a line may ask for gigabytes."""
    from keras.src.backend.common import global_state

    try:
        # within this scope variables have a shape and no memory
        with silenced(), keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(configuration, safe_mode=True)
            count = sum(math.prod(variable.shape) for variable in model.variables)
    except Exception as error:  # a hostile file can make Keras raise anything
        raise _unloadable(path, error) from error
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])
    if count > _MOST_NUMBERS:
        raise ModelError(f"{path} asks for {count:,} weights; at most {_MOST_NUMBERS:,} are read.")


def _unloadable(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"Keras cannot load {path}: {type(error).__name__}: {_first_line(error)}",
        hint="Save the model with this Keras version: model.save('net.keras').",
    )


def _check_archive(path: Path, archive: bytes) -> dict[str, Any]:
    """Its config.json, checked."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            sizes = {member.filename: member.file_size for member in members.infolist()}
            if set(sizes) != _MEMBERS or len(members.infolist()) != len(_MEMBERS):
                raise ModelError(
                    f"{path} is not a model saved by Keras 3: it must hold "
                    f"{', '.join(sorted(_MEMBERS))}; received {', '.join(sorted(sizes)[:8])}."
                )
            if sum(sizes.values()) > _MOST_UNPACKED_BYTES:
                raise ModelError(f"{path} unpacks to more than {_MOST_UNPACKED_BYTES >> 20} MiB.")
            if sizes["config.json"] > _MOST_CONFIG_BYTES:
                raise ModelError(f"The config.json in {path} is larger than 4 MiB.")
            configuration = json.loads(members.read("config.json"))
    except (zipfile.BadZipFile, ValueError, RecursionError, EOFError, NotImplementedError) as error:
        raise ModelError(
            f"{path} is not a .keras file: {_first_line(error)}",
            hint="Save the model with model.save('net.keras').",
        ) from error
    if not isinstance(configuration, dict):
        raise ModelError(f"The config.json in {path} must be an object.")
    configuration.pop("compile_config", None)  # never used: training is configured here
    _check_configuration(path, configuration)
    return configuration


def _check_configuration(path: Path, configuration: dict[str, Any]) -> None:
    """Walk all of config.json without recursion; what names a class must name a known one."""
    pending: list[Any] = [configuration]
    layers = 0
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            if "class_name" in item:
                _check_class(path, item)
                layers += item["class_name"] in _LAYERS
            for key in ("units", "filters", "depth_multiplier"):
                if isinstance(item.get(key), int | float) and item[key] > _MOST_UNITS:
                    raise ModelError(
                        f"{path}: a layer has {key} = {item[key]}; at most {_MOST_UNITS} fit."
                    )
            pending.extend(item.values())
    if layers > _MOST_LAYERS:
        raise ModelError(f"{path} has {layers} layers; at most {_MOST_LAYERS} are read.")


def _check_class(path: Path, item: dict[str, Any]) -> None:
    name, module = item["class_name"], item.get("module", "keras")
    known = isinstance(name, str) and name in _LAYERS | _PARTS
    own = isinstance(module, str) and (module == "keras" or module.startswith("keras."))
    if known and own and item.get("registered_name") in (None, name):
        return
    raise ModelError(
        f"{path} has a part of class {str(name)[:80]!r} (module {str(module)[:80]!r}), "
        "which cannot run on a microcontroller or is not Keras's own.",
        hint=f"Layers that can: {', '.join(sorted(_LAYERS))}.",
    )


def _check_shapes(
    path: Path, model: Any, input_shape: Sequence[int], outputs: int, goal: Goal
) -> None:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{path} must have one input and one output; "
            f"received {len(model.inputs)} and {len(model.outputs)}."
        )
    received, output = model.input_shape[1:], model.output_shape[1:]
    squeezed = tuple(size for size in received if size != 1)
    wanted = tuple(size for size in input_shape if size != 1)
    if squeezed != wanted and received != (math.prod(input_shape),):
        raise ModelError(
            f"{path} takes inputs of shape {tuple(received)}; "
            f"the features are {tuple(input_shape)}.",
            hint="Change [features], or build the model for this shape.",
        )
    if goal == "normality":
        if math.prod(output) != math.prod(input_shape):
            raise ModelError(
                f"{path} gives outputs of shape {tuple(output)}; an autoencoder gives the "
                f"features again, {tuple(input_shape)}."
            )
    else:
        _check_outputs(path, model, outputs, goal)


def _check_outputs(path: Path, model: Any, outputs: int, goal: Goal) -> None:
    output = model.output_shape[1:]
    if tuple(output) != (outputs,):
        what = f"{outputs} classes" if goal == "classes" else "one number to predict"
        raise ModelError(
            f"{path} gives outputs of shape {tuple(output)}; the project has {what}.",
            hint="The last layer needs one output for each of data.labels, or for the number.",
        )


def _ending_in_softmax(path: Path, model: Any, keras: Any) -> Any:
    last = model.layers[-1]
    softmax, linear = keras.activations.softmax, keras.activations.linear
    if isinstance(last, keras.layers.Softmax):
        return model
    if isinstance(last, keras.layers.Activation) and last.activation is softmax:
        logits = last.input
    elif isinstance(last, keras.layers.Dense) and last.activation in (softmax, linear):
        last.activation = linear
        logits = last(last.input)
    else:
        raise ModelError(
            f"{path} must end in softmax, or in a Dense layer without activation; "
            f"received {type(last).__name__}."
        )
    return keras.Model(model.inputs[0], keras.layers.Softmax(name="scores")(logits))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]
