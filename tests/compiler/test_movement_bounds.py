"""Absurd operands are refused by name and place, and no copy ever leaves its tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import HostModel, compile_model, interpret, lower, read_model
from coincell.compiler.ir import Graph, KernelCall
from coincell.errors import ModelError
from compiler.movement_networks import MOVEMENTS, WITHOUT_TFLM, alike, numbers, typed_input
from compiler.networks import Network
from compiler.tflite_writer import WrittenOperator

HUGE = 2**31 - 1


def _network(
    code: int,
    options_type: int,
    shapes: tuple[tuple[int, ...], ...],
    operands: list[Any],
    options: dict[int, tuple[str, Any]] | None = None,
    first: int = 0,
) -> bytes:
    """One operator on int8: shapes of the input and of the outputs, and its integer operands.

    `first` operands stand before the input.
    """
    network = Network(0)
    x = typed_input(network, shapes[0], "int8")
    made = [alike(network, x, shape) for shape in shapes[1:]]
    constants = [numbers(network, operand) for operand in operands]
    inputs = [*constants[:first], x, *constants[first:]]
    network.operators.append(WrittenOperator(code, inputs, made, options_type, options or {}))
    return network.tflite(*made)


def _sliced(begin: int, end: int, stride: int, masks: dict[int, int] | None = None) -> bytes:
    options = {slot: ("i", (masks or {}).get(slot, 0)) for slot in range(5)}
    return _network(45, 32, ((4, 4), (2, 4)), [[begin, 0], [end, 4], [stride, 1]], options)


REFUSED: list[tuple[str, bytes, str]] = [
    ("SLICE", _network(65, 48, ((4,), (2,)), [[3], [2]]), "takes 2 elements from 3 on"),
    ("SLICE", _network(65, 48, ((4,), (2,)), [[-1], [2]]), "takes 2 elements from -1 on"),
    ("SLICE", _network(65, 48, ((4,), (2,)), [[HUGE], [-1]]), "elements from 2147483647 on"),
    ("SLICE", _network(65, 48, ((4,), (2,)), [[0, 0], [2, 2]]), "2 begins"),
    ("STRIDED_SLICE", _sliced(0, 2, 0), "stride of 0"),
    ("STRIDED_SLICE", _sliced(2, 2, 1), "takes 0 elements"),
    ("STRIDED_SLICE", _sliced(HUGE, -HUGE, 1), "takes 0 elements"),
    ("STRIDED_SLICE", _sliced(0, 4, 1), "output is declared"),
    ("STRIDED_SLICE", _sliced(9, 9, 1, {4: 1}), "takes 1 elements from 4 on"),
    ("STRIDED_SLICE", _sliced(0, 2, -1, {4: 1}), "backwards"),
    ("STRIDED_SLICE", _sliced(0, 2, 1, {2: 3}), "more than one ellipsis"),
    ("SPLIT", _network(49, 35, ((4,), (2,), (2,)), [2], {0: ("i", 2)}, 1), "axis"),
    ("SPLIT", _network(49, 35, ((4,), (2,), (2,)), [0], {0: ("i", 3)}, 1), "splits into 3"),
    ("SPLIT", _network(49, 35, ((5,), (2,), (3,)), [0], {0: ("i", 2)}, 1), "unlike shapes"),
    ("SPLIT_V", _network(102, 79, ((4,), (2,), (3,)), [[2, 3], 0]), "splits 4 elements into 5"),
    ("SPLIT_V", _network(102, 79, ((4,), (2,), (2,)), [[-1, -1], 0]), "splits into"),
    ("UNPACK", _network(88, 64, ((2, 3), (3,)), [], {1: ("i", 0)}), "unpacks 2 elements into 1"),
    ("UNPACK", _network(88, 64, ((2, 3), (3,)), [], {1: ("i", -3)}), "axis -3"),
    ("PACK", _network(83, 59, ((3,), (1, 3)), [], {1: ("i", HUGE)}), "axis 2147483647"),
    ("PAD", _network(34, 22, ((4,), (4,)), [[[-1, 1]]]), "negative padding"),
    ("PAD", _network(34, 22, ((4,), (4,)), [[[HUGE, HUGE]]]), "4294967298"),
    ("PAD", _network(34, 22, ((4,), (4,)), [[1, 1, 1]]), "3 paddings"),
    ("MIRROR_PAD", _network(100, 77, ((4,), (8,)), [[[4, 0]]], {0: ("b", 0)}), "mirrors 4"),
    ("MIRROR_PAD", _network(100, 77, ((4,), (9,)), [[[0, 5]]], {0: ("b", 1)}), "and 5 of 4"),
    ("MIRROR_PAD", _network(100, 77, ((4,), (4,)), [[[0, 0]]], {0: ("b", 2)}), "mode 2"),
    ("TRANSPOSE", _network(39, 26, ((2, 3), (2, 3)), [[0, 0]]), "orders the dimensions"),
    ("TRANSPOSE", _network(39, 26, ((2, 3), (3, 2)), [[1, 2]]), "orders 2 dimensions"),
    ("GATHER", _network(36, 23, ((4,), (2,)), [[0, 4]], {0: ("i", 0)}), "elements 0 to 4 of 4"),
    ("GATHER", _network(36, 23, ((4,), (2,)), [[-1, 0]], {0: ("i", 0)}), "elements -1 to 0"),
    ("GATHER", _network(36, 23, ((4,), (2,)), [[0, 1]], {0: ("i", 1)}), "axis 1"),
    ("GATHER", _network(36, 23, ((4,), (2,)), [[0, 1]], {0: ("i", 0), 1: ("i", 2)}), "shares 2"),
    ("TILE", _network(69, 51, ((4,), (4,)), [[0]]), "repeats the shape"),
    ("TILE", _network(69, 51, ((4,), (4,)), [[HUGE]]), "8589934588"),
    ("SPACE_TO_DEPTH", _network(26, 19, ((1, 4, 4, 1), (1, 2, 2, 4)), [], {0: ("i", 0)}), "blocks"),
    ("SPACE_TO_DEPTH", _network(26, 19, ((1, 5, 4, 1), (1, 2, 2, 4)), [], {0: ("i", 2)}), "cannot"),
    (
        "DEPTH_TO_SPACE",
        _network(5, 94, ((1, 2, 2, 5), (1, 4, 4, 1)), [], {0: ("i", 2)}),
        "cannot turn",
    ),
    (
        "SPACE_TO_BATCH_ND",
        _network(38, 25, ((1, 4, 4, 1), (4, 2, 2, 1)), [[2, -2], [[0, 0], [0, 0]]]),
        "below 1",
    ),
    (
        "SPACE_TO_BATCH_ND",
        _network(38, 25, ((1, 4, 4, 1), (4, 2, 2, 1)), [[2, 2], [[0, 1], [0, 0]]]),
        "cannot turn",
    ),
    (
        "BATCH_TO_SPACE_ND",
        _network(37, 24, ((4, 2, 2, 1), (1, 4, 4, 1)), [[2, HUGE], [[0, 0], [0, 0]]]),
        "more than 64",
    ),
    ("RESIZE_BILINEAR", _network(23, 15, ((1, 2, 2, 1), (1, 3, 3, 1)), [[3, 4]]), "is to give"),
    (
        "RESIZE_BILINEAR",
        _network(23, 15, ((1, 1, 1, 1), (1, 1, 2000, 1)), [[1, 2000]]),
        "outside the image",
    ),
    (
        "RESIZE_NEAREST_NEIGHBOR",
        _network(97, 74, ((1, 2, 2, 1), (1, 3, 3, 2)), [[3, 3]]),
        "cannot resize",
    ),
    ("BROADCAST_TO", _network(130, 104, ((3,), (2, 4)), [[2, 4]]), "cannot stretch"),
    ("FILL", _network(94, 68, ((2,), (2, 2)), [[2, 2]], None, 1), "more than one value"),
]


@pytest.mark.parametrize(("operator", "data", "message"), REFUSED)
def test_absurd_operands_are_refused(operator: str, data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=rf"Operator 0 \({operator}\).*{message}"):
        read_model(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({0: ("b", 0), 1: ("i", 0), 2: ("i", 1)}, "stride below 1"),
        ({0: ("b", 1), 1: ("i", HUGE), 2: ("i", 1)}, "has the stride"),
        ({0: ("b", 0), 1: ("i", 1), 2: ("i", 1), 3: ("b", 9)}, "fused activation 9"),
    ],
)
def test_absurd_transposed_convolutions_are_refused(
    options: dict[int, tuple[str, Any]], message: str
) -> None:
    network = Network(0)
    made = MOVEMENTS["transpose_conv"][0](network, "int8")
    network.operators[0].options.update(options)
    with pytest.raises(ModelError, match=message):
        read_model(network.tflite(*made))


def _reach(call: KernelCall, steps: str) -> tuple[int, int]:
    """First and last byte + 1 that a copy touches in its input, or in its output."""
    fields = call.parameters
    low = high = fields[f"{steps}_start"]
    for loop in range(6):
        distance = (fields[f"size_{loop}"] - 1) * fields[f"{steps}_step_{loop}"]
        low, high = low + min(distance, 0), high + max(distance, 0)
    return low, high + fields["run"]


def _require_within(graph: Graph) -> None:
    """Every copy stays in its tensors, in numbers that int32 holds."""
    for op in graph.ops:
        for call in op.attributes.kernel_calls(op, graph):
            assert all(abs(value) < 2**31 for value in call.parameters.values())
            if call.kernel != "strided_copy":
                continue
            source, target = call.arguments
            assert isinstance(target, str)
            low, high = _reach(call, "output")
            assert 0 <= low < high <= graph.tensor(target).size_bytes
            assert not isinstance(source, int | None)
            size = graph.tensor(source).size_bytes if isinstance(source, str) else 8
            low, high = _reach(call, "input")
            assert 0 <= low < high <= size


def _damage(network: Network) -> None:
    """An operand's number, an option or a size becomes another one, often an absurd one."""
    random = network.random
    value = int(random.choice([-HUGE - 1, -2, -1, 0, 1, 2, 3, 5, 64, 1 << 16, 1 << 30, HUGE]))
    operator = network.operators[0]
    constants = [i for i in operator.inputs if network.tensors[i].dtype == "int32"]
    constants = [i for i in constants if network.tensors[i].data is not None]
    choice = int(random.integers(3))
    if choice == 0 and constants:
        data = network.tensors[int(random.choice(constants))].data
        if data.size:
            data.reshape(-1)[int(random.integers(data.size))] = value
    elif choice == 1 and operator.options:
        slot = list(operator.options)[int(random.integers(len(operator.options)))]
        kind = operator.options[slot][0]
        operator.options[slot] = (kind, {"i": value, "b": value % 8, "?": value > 0}[kind])
    else:
        tensor = network.tensors[int(random.integers(len(network.tensors)))]
        if tensor.shape and tensor.data is None:
            shape = list(tensor.shape)
            shape[int(random.integers(len(shape)))] = int(random.integers(1, 9))
            tensor.shape = tuple(shape)


@pytest.mark.parametrize(("make", "types"), [*MOVEMENTS.values(), *WITHOUT_TFLM.values()])
def test_damaged_movements_are_refused_or_stay_within_their_tensors(
    make: Any, types: tuple[str, ...]
) -> None:
    refused = 0
    for seed in range(100):
        network = Network(seed)
        made = make(network, types[seed % len(types)])
        _damage(network)
        try:
            graph = read_model(network.tflite(*made))
        except ModelError:
            refused += 1
            continue
        _require_within(graph)
        shapes = [graph.tensor(name).shape for name in graph.inputs]
        types_of = [graph.tensor(name).dtype.numpy for name in graph.inputs]
        ones = [np.ones((1, *s), t) for s, t in zip(shapes, types_of, strict=True)]
        assert all(
            np.array_equal(one, other)
            for one, other in zip(
                interpret(graph, ones), interpret(lower(graph), ones), strict=True
            )
        )
    assert 10 <= refused < 100


def test_computed_indices_outside_take_the_nearest_element() -> None:
    network = Network(3)
    x = typed_input(network, (2, 4, 3), "int8")
    indices = typed_input(network, (5,), "int32")
    y = alike(network, x, (2, 5, 3))
    network.operators.append(WrittenOperator(36, [x, indices], [y], 23, {0: ("i", 1), 1: ("i", 0)}))
    data = network.tflite(y)
    values = network.random.integers(-128, 128, (1, 2, 4, 3)).astype(np.int8)
    chosen = np.array([[-HUGE - 1, -1, 2, 4, HUGE]], np.int32)
    expected = values[:, :, [0, 0, 2, 3, 3]]
    assert np.array_equal(interpret(read_model(data), [values, chosen])[0], expected)
    made = HostModel(compile_model(data, "model")).run_many([values, chosen])[0]
    assert np.array_equal(made, expected)
