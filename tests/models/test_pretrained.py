"""Weights of others: the same network afterwards, or a clear refusal."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import ModelError
from coincell.models import build_network, load_tensorflow, load_weights
from coincell.project import ModelSettings, load_project

ALPHA = {"mobilenet-v1": 0.25, "mobilenet-v2": 0.35}


def _ours(architecture: str, shape: tuple[int, int, int] = (96, 96, 3), alpha: float = 0.0) -> Any:
    settings = ModelSettings.model_validate({"architecture": architecture, "alpha": alpha})
    return build_network(settings, shape, 2, seed=1)


def _embeddings(model: Any, pictures: np.ndarray) -> np.ndarray:
    _, keras = load_tensorflow()
    backbone = keras.Model(model.inputs[0], model.get_layer("mean").output)
    return np.asarray(backbone(pictures))


def _theirs(architecture: str, *, top: bool = False) -> Any:
    """keras.applications' network with weights and statistics of no rule."""
    _, keras = load_tensorflow()
    make = keras.applications.MobileNet if "v1" in architecture else keras.applications.MobileNetV2
    model = make(input_shape=(96, 96, 3), alpha=ALPHA[architecture], include_top=top, weights=None)
    generator = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape
            ranges = ((0.8, 1.6), (-0.2, 0.6), (-0.2, 0.2), (0.3, 1.0))
            layer.set_weights([generator.uniform(*ends, size) for ends in ranges])
    return model


def _pictures(count: int = 2) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.uniform(-1, 1, (count, 96, 96, 3)).astype(np.float32)


@pytest.mark.parametrize("architecture", ["mobilenet-v1", "mobilenet-v2"])
@pytest.mark.parametrize(("suffix", "top"), [("h5", False), ("h5", True), ("keras", False)])
def test_the_same_answers_as_keras_gives(
    architecture: str, suffix: str, top: bool, tmp_path: Path
) -> None:
    """Padding included: every value before the head is that of keras.applications."""
    _, keras = load_tensorflow()
    theirs = _theirs(architecture, top=top)
    path = tmp_path / f"weights.{suffix}"
    if suffix == "h5":
        path = tmp_path / "net.weights.h5"
        theirs.save_weights(path)
    else:
        theirs.save(path)
    ours = _ours(architecture)
    load_weights(ours, architecture, 0.0, path)
    last = next(
        layer for layer in reversed(theirs.layers) if len(getattr(layer.output, "shape", ())) == 4
        and layer.output.shape[1] == 3
    )  # fmt: skip
    wanted = keras.Model(theirs.inputs[0], last.output)(_pictures()).numpy().mean(axis=(1, 2))
    assert wanted.std() > 0.01
    np.testing.assert_allclose(_embeddings(ours, _pictures()), wanted, rtol=1e-3, atol=1e-4)


def test_what_keras_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras's own way from a name to a file, but for the network: the file is a local one."""
    from keras.src.applications import mobilenet

    theirs = _theirs("mobilenet-v1")
    path = tmp_path / "mobilenet_2_5_128_tf_no_top.weights.h5"
    theirs.save_weights(path)
    asked: list[str] = []

    def local(name: str, origin: str, **others: object) -> str:
        asked.append(origin)
        return str(path)

    monkeypatch.setattr(mobilenet.file_utils, "get_file", local)
    ours = _ours("mobilenet-v1")
    load_weights(ours, "mobilenet-v1", 0.0, "imagenet")
    assert asked[0].endswith("mobilenet_2_5_128_tf_no_top.h5")
    kernels = [layer.get_weights()[0] for layer in (ours.layers[1], theirs.layers[1])]
    np.testing.assert_array_equal(*kernels)

    def unreachable(name: str, origin: str, **others: object) -> str:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(mobilenet.file_utils, "get_file", unreachable)
    with pytest.raises(ModelError, match="URL fetch failure"):
        load_weights(ours, "mobilenet-v1", 0.0, "imagenet")


def test_a_width_that_keras_lacks_is_refused() -> None:
    with pytest.raises(ModelError, match=r"alpha 0\.3"):
        load_weights(_ours("mobilenet-v1", alpha=0.3), "mobilenet-v1", 0.3, "imagenet")


def test_the_shared_backbone_knows_a_parrot(shared: Path) -> None:
    """Its quantized original says `macaw` to the parrot beside it; so, near enough, do we."""
    from PIL import Image

    folder = shared / "data" / "mobilenet_v1_025_imagenet"
    shape = (128, 128, 3)
    model = _ours("mobilenet-v1", shape)
    load_weights(model, "mobilenet-v1", 0.0, folder / "dequantised_f16.npz")
    picture = np.asarray(Image.open(folder / "parrot.jpg").convert("RGB").resize((128, 128)))
    embedding = _embeddings(model, picture[None].astype(np.float32) / 127.5 - 1)[0]
    kernel, bias = _last_layer(folder / "mobilenet_v1_0.25_128_quant.tflite")
    labels = (folder / "imagenet_labels.txt").read_text(encoding="utf-8").splitlines()
    assert "macaw" in labels[int(np.argmax(kernel @ embedding + bias))]


def _last_layer(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The original's classifier, dequantized: float [1001, 256] and [1001]; by another reader."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    found = {}
    for tensor in interpreter.get_tensor_details():
        shape = tuple(tensor["shape"])
        if shape in ((1001, 1, 1, 256), (1001,)) and tensor["name"].find("act_quant") < 0:
            scale, zero = tensor["quantization"]
            values = interpreter.get_tensor(tensor["index"]).astype(np.float64)
            found.setdefault(shape, (values - zero) * scale)
    return found[1001, 1, 1, 256].reshape(1001, 256), found[1001,]


def test_gray_is_the_same_as_gray_thrice(shared: Path) -> None:
    path = shared / "data" / "mobilenet_v1_025_imagenet" / "dequantised_f16.npz"
    color, gray = _ours("mobilenet-v1"), _ours("mobilenet-v1", (96, 96, 1))
    for model in (color, gray):
        load_weights(model, "mobilenet-v1", 0.0, path)
    pictures = _pictures()[:, :, :, :1]
    np.testing.assert_allclose(
        _embeddings(gray, pictures),
        _embeddings(color, np.repeat(pictures, 3, axis=3)),
        rtol=1e-3,
        atol=1e-4,
    )


def _npz(path: Path, **changed: np.ndarray | None) -> Path:
    """A .npz for MobileNetV1 at alpha 0.25, with arrays replaced, or left out where None."""
    model = _ours("mobilenet-v1", (32, 32, 3))
    arrays: dict[str, np.ndarray] = {}
    names = ["c0", *(f"{kind}{block}" for block in range(1, 14) for kind in "dp")]
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    for name, kernel in zip(names, kernels, strict=False):
        channels = kernel.shape[2] if name[0] == "d" else kernel.shape[3]
        arrays |= {f"{name}__kernel": kernel, f"{name}__bias": np.zeros(channels, np.float32)}
    arrays = {name: values for name, values in (arrays | changed).items() if values is not None}
    np.savez(path, **arrays)
    return path


Spoil = Callable[[Path], Path]
NAN = np.full((3, 3, 3, 8), np.nan, np.float32)
PICKLED = np.array([{"a": 1}], dtype=object)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda path: _npz(path, p13__bias=None), "no array 'p13__bias'"),
        (lambda path: _npz(path, d13__kernel=None), "convolutions"),
        (lambda path: _npz(path, c0__kernel=np.zeros((3, 3, 3, 16), np.float32)), "conv_0"),
        (lambda path: _npz(path, c0__kernel=NAN), "finite"),
        (lambda path: _npz(path, c0__bias=PICKLED), "plain numbers|not a .npz"),
        (lambda path: _npz(path, c0__bias=np.zeros(8, np.int64)), "floating"),
        (lambda path: _written(path, b"PK\x03\x04 nothing"), "not a .npz"),
        (lambda path: _written(path, b""), "not a .npz"),
        (lambda path: _bomb(path), "larger than"),
        (lambda path: _bomb_beside(path), "unpacks to more"),
        (lambda path: _npz(path, c0__bias=np.full(8, 1e300)), "finite"),
        (lambda path: _npz(path, c0__bias=np.zeros(8, [("a", "f4")])), "floating"),
    ],
)
def test_a_hostile_npz_is_refused(spoil: Spoil, rule: str, tmp_path: Path) -> None:
    model = _ours("mobilenet-v1", (32, 32, 3))
    path = spoil(tmp_path / "weights.npz")
    with pytest.raises(ModelError) as caught:
        load_weights(model, "mobilenet-v1", 0.0, path)
    told = f"{caught.value} {caught.value.hint}"
    assert any(part in told for part in rule.split("|")), told


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _bomb(path: Path) -> Path:
    """An array that unpacks to 40 MB."""
    _npz(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the name is there twice: the later one counts
            archive.writestr("c0__kernel.npy", bytes(40_000_000))
    return path


def _bomb_beside(path: Path) -> Path:
    """Bytes under an array's own name, which NumPy takes before the array."""
    _npz(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c0__kernel", bytes(80_000_000))
    return path


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = _npz(tmp_path / "v1.npz")
    with pytest.raises(ModelError, match="another network"):
        load_weights(_ours("mobilenet-v2", (32, 32, 3)), "mobilenet-v2", 0.0, path)
    with pytest.raises(ModelError, match="another network"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3), 0.5), "mobilenet-v1", 0.5, path)


def test_new_takes_weights_that_fit_and_writes_nothing_otherwise(tmp_path: Path) -> None:
    path = _npz(tmp_path / "fits.npz")
    other = _npz(tmp_path / "other.npz", c0__kernel=np.zeros((3, 3, 3, 16), np.float32))
    command = ["new", "visual-wake-word", str(tmp_path / "eyes"), "--weights"]
    refused = CliRunner().invoke(cli, [*command, str(other)])
    assert isinstance(refused.exception, ModelError)
    assert not (tmp_path / "eyes").exists()
    done = CliRunner().invoke(cli, [*command, str(path)])
    assert done.exit_code == 0, done.output
    assert load_project(tmp_path / "eyes").configuration.model.weights == "backbone.npz"
    assert (tmp_path / "eyes" / "backbone.npz").read_bytes() == path.read_bytes()


def test_a_keras_file_with_code_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    lambda_layer = {"class_name": "Lambda", "module": "keras.layers", "config": {}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps({"config": {"layers": [lambda_layer]}}))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ModelError, match="Lambda"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"text"])
def test_a_broken_h5_is_refused(content: bytes, tmp_path: Path) -> None:
    path = _written(tmp_path / "weights.h5", content)
    with pytest.raises(ModelError, match=r"not a readable \.h5"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)


def test_links_out_of_an_h5_are_refused(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(ModelError, match="links to elsewhere"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)


@pytest.mark.parametrize(
    ("dtype", "shape", "rule"),
    [
        (np.float32, (1 << 40,), "lies elsewhere, or the weights are more"),
        ("S1000000000", (1,), "plain numbers"),
        (np.dtype((np.void, 1 << 30)), (1,), "plain numbers"),
        ([("a", np.float32)], (4,), "plain numbers"),
        (None, (), "plain numbers"),
    ],
)
def test_what_an_h5_must_not_hold(
    dtype: Any, shape: tuple[int, ...], rule: str, tmp_path: Path
) -> None:
    import h5py

    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        if dtype is None:
            file["kind"] = np.dtype(np.float32)  # a type by itself, which has no shape
        else:
            chunks = (1,) if len(shape) == 1 and shape[0] < 100 else (1024,)
            file.create_dataset("layer/kernel", shape, dtype, chunks=chunks)
    with pytest.raises(ModelError, match=rule):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)


def test_numbers_outside_an_h5_are_refused(tmp_path: Path) -> None:
    """Keras would take the bytes of any file on this computer for weights."""
    import h5py

    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", (4,), np.float32, external=[("/etc/hostname", 0, 16)])
    with pytest.raises(ModelError, match="lies elsewhere"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)
    with h5py.File(path, "w") as file:
        file["again"] = file["/"]  # a way round in a circle
    with pytest.raises(ModelError, match="too many parts"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, path)


def test_the_older_h5_that_keras_downloads_is_read(tmp_path: Path) -> None:
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    theirs = _theirs("mobilenet-v1")
    path = tmp_path / "mobilenet_2_5_128_tf_no_top.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    ours = _ours("mobilenet-v1")
    load_weights(ours, "mobilenet-v1", 0.0, path)
    kernels = [model.layers[1].get_weights()[0] for model in (ours, theirs)]
    np.testing.assert_array_equal(*kernels)


def test_other_files_are_refused(tmp_path: Path) -> None:
    for name in ("weights.pkl", "weights.pt"):
        with pytest.raises(ModelError, match=r"\.npz, \.keras, \.h5"):
            load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, tmp_path / name)
    with pytest.raises(ModelError, match="Cannot read"):
        load_weights(_ours("mobilenet-v1", (32, 32, 3)), "mobilenet-v1", 0.0, tmp_path / "none.npz")
