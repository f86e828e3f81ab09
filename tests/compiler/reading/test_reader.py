"""Reading: what is wrong with a file is said, and no file crashes, hangs or swells the reader."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.compiler import compile_model, interpret, load_model_bytes, lower, read_model
from coincell.compiler.text import parse_graph
from coincell.errors import ModelError
from compiler.networks import VALID, Network
from compiler.random_networks import whole_network
from compiler.tflite_writer import WrittenOperator, WrittenTensor, write_tflite


def _small_model() -> bytes:
    network = Network(3)
    x = network.input((1, 5, 5, 2))
    y = network.conv_2d(x, 3, (3, 3), padding=VALID)
    return network.tflite(network.fully_connected(network.reshape(y, (1, 27)), 4))


def test_a_model_reads_as_it_was_written() -> None:
    graph = read_model(_small_model(), "small")
    assert graph.name == "small"
    assert [op.kind for op in graph.ops] == ["conv_2d", "reshape", "fully_connected"]
    assert graph.ops[0].place == "Operator 0 (CONV_2D)"
    assert graph.tensor(graph.inputs[0]).shape == (1, 5, 5, 2)
    assert graph.tensor(graph.outputs[0]).shape == (1, 4)


def test_a_file_is_named_in_its_error(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"not a model at all")
    with pytest.raises(ModelError, match=r"net\.tflite: This is no \.tflite file"):
        read_model(path)
    with pytest.raises(ModelError, match="Cannot read"):
        load_model_bytes(tmp_path / "absent.tflite")


EXPECTED = {
    "bitrot": "damaged",
    "buffer_index_range": "buffer 9999",
    "conv_depth_mismatch": r"\[8, 3, 3, 2\]",
    "custom_op": "custom 'MyFancyOp'",
    "cyclic_order": "before it is made",
    "dynamic_shape": "dynamic shape",
    "float16_model": "float",
    "float32_model": "float32",
    "graph_output_range": "tensor -1",
    "no_quantization": "without quantization",
    "no_subgraphs": "no graph",
    "onnx_like": r"no \.tflite file",
    "scale_count": "3 scales",
    "short_weight_buffer": "holds 5 bytes",
    "trunc_4_bytes": "4 bytes",
    "trunc_64_bytes": "outside the file",
    "trunc_half": "outside the file",
    "trunc_last_byte": "outside the file",
    "wrong_magic": r"no \.tflite file",
    "zero_bytes": "0 bytes",
    "zero_size_tensor": "no elements",
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_broken_files_are_refused_by_name(name: str, zoo: Path) -> None:
    with pytest.raises(ModelError, match=EXPECTED[name]):
        read_model(zoo / "broken" / f"{name}.tflite")


def test_all_broken_files_are_tried(zoo: Path) -> None:
    assert {path.stem for path in (zoo / "broken").glob("*.tflite")} == set(EXPECTED)


def test_a_file_cut_anywhere_is_refused_or_read() -> None:
    data = _small_model()
    refused = 0
    for size in range(len(data)):
        try:
            read_model(data[:size])
        except ModelError:
            refused += 1
    assert refused > 0.9 * len(data)


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_is_refused_or_read(seed: int) -> None:
    random = np.random.default_rng(seed)
    network = Network(seed)
    data = network.tflite(whole_network(network))
    refused = 0
    for _ in range(400):
        damaged = bytearray(data)
        for place in random.integers(0, len(data), int(random.integers(1, 6))):
            damaged[place] = int(random.choice([0, 1, 0x7F, 0x80, 0xFF, random.integers(256)]))
        try:
            read_model(bytes(damaged))
        except ModelError:
            refused += 1
    assert refused > 40


@pytest.mark.parametrize("value", [0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x40000000, 1 << 16])
def test_every_word_may_be_a_huge_number(value: int) -> None:
    data = _small_model()
    refused = 0
    for place in range(0, len(data) - 4, 4):
        damaged = bytearray(data)
        struct.pack_into("<I", damaged, place, value)
        try:
            read_model(bytes(damaged))
        except ModelError:
            refused += 1
    assert refused > len(data) / 4 / 10


def _dense(**changes: Any) -> bytes:
    """A dense layer with some tensor or operator changed."""
    tensors = [
        WrittenTensor((1, 4), "int8", 0.1, 3, name="x"),
        WrittenTensor((2, 4), "int8", 0.02, 0, np.ones((2, 4), np.int8), name="w"),
        WrittenTensor((2,), "int32", 0.002, 0, np.array([1, -1], np.int32), name="b"),
        WrittenTensor((1, 2), "int8", 0.05, 0, name="y"),
    ]
    operators = [WrittenOperator(9, [0, 1, 2], [3], 8, {0: ("b", 0)})]
    change: Callable[..., None] = changes.pop("change", lambda tensors, operators: None)
    change(tensors, operators)
    return write_tflite(tensors, operators, changes.get("inputs", [0]), changes.get("outputs", [3]))


def _set(index: int, **values: Any) -> Callable[..., None]:
    def change(tensors: list[WrittenTensor], operators: list[WrittenOperator]) -> None:
        for name, value in values.items():
            setattr(tensors[index], name, value)

    return change


def _operator(**values: Any) -> Callable[..., None]:
    def change(tensors: list[WrittenTensor], operators: list[WrittenOperator]) -> None:
        for name, value in values.items():
            setattr(operators[0], name, value)

    return change


def test_the_plain_dense_layer_is_legal() -> None:
    x = np.array([[1, 2, 3, 4]], np.int8)
    # sum (x - 3) = -2; -2 + 1 and -2 - 1, times 0.1 * 0.02 / 0.05 = 0.04, rounds to 0.
    assert interpret(read_model(_dense()), x)[0].tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set(0, scale=float("nan")), "scale that is not a positive number"),
        (_set(0, scale=-1.0), "scale that is not a positive number"),
        (_set(0, scale=0.0), "has the scale 0"),
        (_set(0, scale=[0.1, 0.2]), "2 scales along dimension 0"),
        (_set(0, zero_point=200), "zero point outside -128 to 127"),
        (_set(1, zero_point=2), "filter zero points of 0"),
        (_set(1, data=None), "before it is made"),
        (_set(2, data=np.zeros(3, np.int32), shape=(3,)), "3 biases for 2 channels"),
        (_set(0, signature=(1, -1)), "dynamic shape"),
        (_set(3, shape=(1, 3)), "makes 1 rows of 2"),
        (_set(0, shape=(1, 5)), "5 values to read"),
        (_set(0, shape=(30_000, 30_000)), "at most"),
        (_set(3, scale=1e-30), "rescales by a factor"),
        (_set(0, dtype="int16"), "zero point 0 for 'x'"),
        (_operator(options={0: ("b", 5)}), "activation 5"),
        (_operator(options={1: ("b", 1)}), "shuffled weights"),
        (_operator(inputs=[0, 7, 2]), "refers to tensor 7"),
        (_operator(inputs=[0, -1, 2]), "lacks an operand"),
        (_operator(inputs=[0]), "1 inputs"),
        (_operator(outputs=[]), "lacks an operand"),
        (_operator(outputs=[0]), "exists already"),
        (_operator(code=42), r"Operator 0 \(DIV\), which makes 'y', is not supported"),
        (_operator(code=32, custom="Thing"), "custom 'Thing'"),
    ],
)
def test_a_fault_is_named(change: Callable[..., None], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_model(_dense(change=change))


def test_the_edges_of_the_graph_are_checked() -> None:
    with pytest.raises(ModelError, match="constant filter"):
        read_model(_dense(inputs=[0, 1], change=_set(1, data=None)))
    with pytest.raises(ModelError, match="no input"):
        read_model(_dense(inputs=[]))
    with pytest.raises(ModelError, match="made by no operator"):
        read_model(
            _dense(outputs=[4], change=lambda t, o: t.append(WrittenTensor((1,), "int8", 0.1)))
        )
    with pytest.raises(ModelError, match="listed twice"):
        read_model(_dense(inputs=[0, 0]))
    with pytest.raises(ModelError, match="output twice"):
        read_model(_dense(outputs=[3, 3]))
    with pytest.raises(ModelError, match="is a constant"):
        read_model(_dense(inputs=[0, 1]))


def test_shared_vectors_do_not_multiply() -> None:
    """A few bytes of file that stand for many scales are counted as what they become."""
    scales = np.full(60_000, 0.5, np.float32)
    tensors = [WrittenTensor((60_000,), "int8", scales, name="x") for _ in range(20)]
    operators = [WrittenOperator(9, list(range(19)), [19], 8, {0: ("b", 0)})]
    with pytest.raises(ModelError, match="quantization scales"):
        read_model(write_tflite(tensors, operators, [0], [19]))


def test_an_open_batch_means_one() -> None:
    graph = read_model(_dense(change=_set(0, signature=(-1, 4))))
    assert graph.tensor(graph.inputs[0]).shape == (1, 4)


def test_odd_names_become_fit_for_c() -> None:
    def rename(tensors: list[WrittenTensor], operators: list[WrittenOperator]) -> None:
        tensors[0].name = "a/b*/ c\n%"
        tensors[3].name = "a/b*/ c\n%"
        tensors[1].name = "9"

    data = _dense(change=rename)
    graph = read_model(data)
    assert graph.inputs[0] != graph.outputs[0]
    assert all(name.isidentifier() for name in graph.tensors)
    compiled = compile_model(data, "odd")
    assert "*/ c" not in compiled.sources["odd.h"]


def test_shapes_that_contradict_each_other_only_once_computed(zoo: Path) -> None:
    """The model computes a RESHAPE's sizes from its batch."""
    data = bytearray((zoo / "dynamic_batch_cnn.tflite").read_bytes())
    sizes = [i for i in range(0, len(data) - 3, 4) if data[i : i + 4] == b"\x64\x00\x00\x00"]
    refused = 0
    for place in sizes:
        changed = bytearray(data)
        changed[place] += 1
        try:
            compile_model(bytes(changed), "changed")
        except ModelError as error:
            refused += "another number of elements" in error.message
    assert refused >= 1


def test_a_graph_whose_computed_shape_is_another_contradicts_itself() -> None:
    graph = parse_graph(
        """graph g(%x) -> %y
          input  %x: int8[1, 4] q(0.5, 0)
          %s: int32[2] = shape(%x)
          %y: int8[1, 2, 2] q(0.5, 0) = reshape(%x, %s)"""
    )
    with pytest.raises(ModelError, match="contradicts itself"):
        lower(graph)
