"""A .keras file of the user's: what is taken, and what is refused before Keras runs any of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.errors import ModelError
from coincell.models import build_network, load_network, load_tensorflow, train
from coincell.project import ModelSettings, TrainingSettings
from models.toy import CLASSES, make_examples

SHAPE = (21, 10)


def _user_model(end: str, first_shape: tuple[int, ...] = (*SHAPE, 1)) -> Any:
    """As a user would write it; `end` names the last activation, or a layer of its own."""
    _, keras = load_tensorflow()
    layers: list[Any] = [
        keras.Input(first_shape),
        keras.layers.Reshape((*SHAPE, 1)),
        keras.layers.Conv2D(8, 3, strides=2, activation="relu", kernel_regularizer="l2"),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(CLASSES, activation=None if end.startswith("layer:") else end),
    ]
    if end.startswith("layer:"):
        layers.append(
            {
                "softmax": keras.layers.Softmax(),
                "activation": keras.layers.Activation("softmax"),
                "relu": keras.layers.ReLU(),
            }[end.removeprefix("layer:")]
        )
    return keras.Sequential(layers)


def _save(model: Any, path: Path) -> Path:
    model.save(path)
    return path


def _tampered(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """A copy of the file with its config.json changed."""
    result = path.with_name("tampered.keras")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(result, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            if member == "config.json":
                configuration = json.loads(content)
                replacement = change(configuration)
                content = json.dumps(configuration if replacement is None else replacement).encode()
            target.writestr(member, content)
    return result


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return _save(_user_model("softmax"), tmp_path / "net.keras")


@pytest.mark.parametrize("end", ["softmax", "linear", "layer:softmax", "layer:activation"])
def test_every_end_becomes_a_softmax_layer(end: str, tmp_path: Path) -> None:
    _, keras = load_tensorflow()
    original = _user_model(end)
    model = load_network(_save(original, tmp_path / "net.keras"), SHAPE, CLASSES)
    batch = np.random.default_rng(0).normal(size=(4, *SHAPE, 1)).astype(np.float32)
    expected = original(batch)
    if end == "linear":
        expected = keras.ops.softmax(expected)
    np.testing.assert_allclose(model(batch), expected, atol=1e-6)
    assert isinstance(model.layers[-1], keras.layers.Softmax)


def test_normalizations_follow_fast_enough_for_short_runs(saved: Path) -> None:
    _, keras = load_tensorflow()
    model = load_network(saved, SHAPE, CLASSES)
    momenta = [x.momentum for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert momenta == [0.9]


@pytest.mark.parametrize("first_shape", [(21, 10), (210,), (21, 10, 1)])
def test_inputs_may_be_flat_or_have_a_channel(first_shape: tuple[int, ...], tmp_path: Path) -> None:
    path = _save(_user_model("softmax", first_shape), tmp_path / "net.keras")
    history = train(
        load_network(path, SHAPE, CLASSES),
        make_examples(1, 60),
        None,
        TrainingSettings(epochs=6, batch_size=16),
        seed=1,
    )
    assert history.records[-1].loss < history.records[0].loss


@pytest.mark.parametrize("architecture", ["tiny-conv", "ds-cnn-small", "fully-connected"])
def test_our_own_networks_come_back_as_they_were(architecture: str, tmp_path: Path) -> None:
    settings = ModelSettings.model_validate({"architecture": architecture})
    model = build_network(settings, SHAPE, CLASSES, 1, mean=-3.0, deviation=2.0)
    loaded = load_network(_save(model, tmp_path / "model.keras"), SHAPE, CLASSES)
    batch = np.random.default_rng(0).normal(size=(4, *SHAPE, 1)).astype(np.float32)
    np.testing.assert_array_equal(loaded(batch), model(batch))


@pytest.mark.parametrize("end", ["sigmoid", "layer:relu"])
def test_another_end_is_refused(end: str, tmp_path: Path) -> None:
    path = _save(_user_model(end), tmp_path / "net.keras")
    with pytest.raises(ModelError, match="must end in softmax"):
        load_network(path, SHAPE, CLASSES)


def test_other_shapes_are_refused(saved: Path) -> None:
    with pytest.raises(ModelError, match=r"inputs of shape \(21, 10, 1\)"):
        load_network(saved, (10, 21), CLASSES)
    with pytest.raises(ModelError, match="4 classes"):
        load_network(saved, SHAPE, 4)


def test_a_lambda_layer_never_runs(saved: Path, tmp_path: Path) -> None:
    """Refused by us by name; Keras's safe mode, were it asked, would refuse it too."""
    _, keras = load_tensorflow()
    mark = tmp_path / "executed"
    evil = keras.Sequential(
        [
            keras.Input((*SHAPE, 1)),
            keras.layers.Lambda(lambda x, mark=str(mark): __import__("os").mkdir(mark) or x),
        ]
    )
    path = _save(evil, tmp_path / "evil.keras")
    mark.rmdir()
    with pytest.raises(ModelError, match="'Lambda'"):
        load_network(path, SHAPE, CLASSES)
    assert not mark.exists()


def _set(configuration: dict[str, Any], **values: Any) -> None:
    configuration["config"]["layers"][1].update(values)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: _set(c, module="os", class_name="system"),
        lambda c: _set(c, module="builtins", class_name="Dense"),
        lambda c: _set(c, module="keras_evil", class_name="Dense"),
        lambda c: _set(c, registered_name="evil>Dense"),
        lambda c: _set(c, class_name=["Dense"]),
        lambda c: _set(c, module=None),
        lambda c: c.update(class_name="function", module="keras.config"),
        lambda c: [],
        lambda c: "text",
    ],
)
def test_what_names_no_known_class_is_refused(saved: Path, change: Any) -> None:
    with pytest.raises(ModelError):
        load_network(_tampered(saved, change), SHAPE, CLASSES)


def test_what_is_hidden_deeper_is_found(saved: Path) -> None:
    def change(configuration: dict[str, Any]) -> None:
        layer = configuration["config"]["layers"][2]["config"]
        layer["kernel_initializer"] = {"module": "os", "class_name": "system", "config": {}}

    with pytest.raises(ModelError, match="'system'"):
        load_network(_tampered(saved, change), SHAPE, CLASSES)


def test_giant_layers_are_refused_before_memory_is_taken(saved: Path) -> None:
    def change(configuration: dict[str, Any]) -> None:
        configuration["config"]["layers"][2]["config"]["filters"] = 10**9

    with pytest.raises(ModelError, match="filters = 1000000000"):
        load_network(_tampered(saved, change), SHAPE, CLASSES)


def test_more_weights_than_fit_are_counted_before_any_is_made(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Dense layer behind a wide input: each number is small, their product is not."""
    _, keras = load_tensorflow()
    wide = keras.Sequential([keras.Input((40,)), keras.layers.Dense(CLASSES, name="wide")])
    path = _save(wide, saved.with_name("wide.keras"))

    def change(configuration: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(configuration).replace("[null, 40]", "[null, 6000000]")
        return json.loads(text)  # type: ignore[no-any-return]

    monkeypatch.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("was loaded"))
    with pytest.raises(ModelError, match=r"asks for .*000,00. weights"):
        load_network(_tampered(path, change), SHAPE, CLASSES)


def test_compile_settings_are_not_used(saved: Path) -> None:
    def change(configuration: dict[str, Any]) -> None:
        configuration["compile_config"] = {"loss": {"module": "os", "class_name": "system"}}

    network = load_network(_tampered(saved, change), SHAPE, CLASSES)
    assert not network.compiled


def test_deep_nesting_is_no_crash(saved: Path) -> None:
    path = saved.with_name("deep.keras")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 200_000 + "]" * 200_000)
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ModelError):
        load_network(path, SHAPE, CLASSES)


def test_a_bomb_is_not_unpacked(saved: Path) -> None:
    path = saved.with_name("bomb.keras")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", bytes(257 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match="256 MiB"):
        load_network(path, SHAPE, CLASSES)


def test_broken_files(saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    broken = tmp_path / "broken.keras"
    for content in (b"", b"not a zip file", whole[: len(whole) // 2]):
        broken.write_bytes(content)
        with pytest.raises(ModelError):
            load_network(broken, SHAPE, CLASSES)
    with pytest.raises(ModelError, match="Cannot read"):
        load_network(tmp_path / "absent.keras", SHAPE, CLASSES)


def test_other_members_are_refused(saved: Path) -> None:
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("../../evil.py", "print('evil')")
    with pytest.raises(ModelError, match=r"evil\.py"):
        load_network(saved, SHAPE, CLASSES)


def test_weights_that_are_none(saved: Path) -> None:
    path = saved.with_name("weights.keras")
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.namelist():
            good = member != "model.weights.h5"
            target.writestr(member, source.read(member) if good else b"garbage" * 100)
    with pytest.raises(ModelError, match="Keras cannot load"):
        load_network(path, SHAPE, CLASSES)
