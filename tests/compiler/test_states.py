"""What stays from one inference to the next: read, interpreted and compiled as TFLM has it."""

from __future__ import annotations

from typing import Any

import pytest
from flatbuffers import flexbuffers

from coincell.compiler import (
    CompileOptions,
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.compiler.targets import TARGETS
from coincell.compiler.text import constants_of, parse_graph, print_graph
from coincell.errors import ModelError
from compiler.networks import RELU, VALID, Network
from compiler.tflite_writer import WrittenGraph, WrittenOperator, WrittenTensor, write_tflite
from compiler.tflm import needs_oracle

_CALL_ONCE, _VAR_HANDLE, _READ, _ASSIGN = 129, 142, 143, 144
_CALL_ONCE_OPTIONS, _VAR_HANDLE_OPTIONS = 103, 111


class Streaming(Network):
    """A network with resource variables."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.initial: list[tuple[str, WrittenTensor]] = []

    def handle(self, name: str) -> int:
        self.tensors.append(WrittenTensor((), "resource"))
        handle = len(self.tensors) - 1
        self.operators.append(_var_handle(name, handle))
        return handle

    def read(self, handle: int, like: int, shape: tuple[int, ...]) -> int:
        output = self.like(like, shape)
        self.operators.append(WrittenOperator(_READ, [handle], [output]))
        return output

    def assign(self, handle: int, value: int) -> None:
        self.operators.append(WrittenOperator(_ASSIGN, [handle, value], []))

    def slice_rows(self, x: int, first: int, last: int) -> int:
        """STRIDED_SLICE of rows [first, last) of [1, rows, channels]."""
        _, _, channels = self.shape(x)
        output = self.like(x, (1, last - first, channels))
        bounds = ((0, first, 0), (1, last, channels), (1, 1, 1))
        operands = [x, *(self.constant(values, "int32") for values in bounds)]
        options = dict.fromkeys(range(5), ("i", 0))
        return self.operator(45, operands, output, 32, options)

    def initialised(self, name: str, tensor: int, values: Any) -> None:
        """Let CALL_ONCE assign constants that are like `tensor`."""
        like = self.tensors[tensor]
        written = WrittenTensor(like.shape, "int8", like.scale, like.zero_point, values)
        self.initial.append((name, written))

    def tflite(self, *outputs: int) -> bytes:
        if not self.initial:
            return super().tflite(*outputs)
        tensors: list[WrittenTensor] = []
        operators = []
        for name, value in self.initial:
            tensors += [WrittenTensor((), "resource"), value]
            handle = len(tensors) - 2
            operators += [_var_handle(name, handle)]
            operators += [WrittenOperator(_ASSIGN, [handle, handle + 1], [])]
        once = WrittenOperator(_CALL_ONCE, [], [], _CALL_ONCE_OPTIONS, {0: ("i", 1)})
        others = [WrittenGraph(tensors, operators)]
        return write_tflite(
            self.tensors, [once, *self.operators], self.inputs, list(outputs), others=others
        )


def _var_handle(name: str, handle: int) -> WrittenOperator:
    options = {0: ("s", ""), 1: ("s", name)}
    return WrittenOperator(_VAR_HANDLE, [], [handle], _VAR_HANDLE_OPTIONS, options)


def ring_buffer(network: Streaming, initialised: bool) -> bytes:
    """The last rows stay; they and the new ones go through a dense layer."""
    kept, new, channels = (int(n) for n in network.random.integers(1, 5, 3))
    x = network.input((1, new, channels))
    handle = network.handle("rows")
    before = network.read(handle, x, (1, kept, channels))
    joined = network.concatenation([before, x], 1)
    network.assign(handle, network.slice_rows(joined, new, new + kept))
    if initialised:
        values = network.random.integers(-128, 128, (1, kept, channels))
        network.initialised("rows", before, values)
    flat = network.reshape(joined, (1, (kept + new) * channels))
    return network.tflite(network.fully_connected(flat, 5))


def delay_line(network: Streaming, initialised: bool) -> bytes:
    """Two variables: the second takes the first's old value."""
    x = network.input((1, 2, 3))
    first, second = network.handle("first"), network.handle("second")
    one = network.read(first, x, (1, 2, 3))
    two = network.read(second, x, (1, 2, 3))
    network.assign(second, one)
    network.assign(first, x)
    if initialised:
        network.initialised("second", two, network.random.integers(-128, 128, (1, 2, 3)))
    return network.tflite(network.add(network.add(x, one), two))


def late_reader(network: Streaming, initialised: bool) -> bytes:
    """The old value is read after the new one is there."""
    x = network.input((1, 5))
    handle = network.handle("last")
    before = network.read(handle, x, (1, 5))
    new = network.elementwise(x, 19, same=True)
    network.assign(handle, new)
    if initialised:
        network.initialised("last", before, network.random.integers(-128, 128, (1, 5)))
    return network.tflite(network.add(new, before))


def shift_register(network: Streaming, initialised: bool) -> bytes:
    """No operator reads the first variable: its old value only goes to the second."""
    x = network.input((1, 5))
    first, second = network.handle("first"), network.handle("second")
    one, two = network.read(first, x, (1, 5)), network.read(second, x, (1, 5))
    output = network.fully_connected(two, 4)
    network.assign(second, one)
    network.assign(first, network.elementwise(x, 19, same=True))
    if initialised:
        network.initialised("first", one, network.random.integers(-128, 128, (1, 5)))
    return network.tflite(output)


def running_sum(network: Streaming, initialised: bool) -> bytes:
    """The variable is read again after it was assigned."""
    x = network.input((1, 6))
    handle = network.handle("sum")
    before = network.like(x, (1, 6))
    network.operators.append(WrittenOperator(_READ, [handle], [before]))
    total = network.like(x, (1, 6))
    network.operator(0, [before, x], total, 11, {0: ("b", 0), 1: ("?", True)})
    network.assign(handle, total)
    again = network.like(x, (1, 6))
    network.operators.append(WrittenOperator(_READ, [handle], [again]))
    if initialised:
        network.initialised("sum", before, network.random.integers(-128, 128, (1, 6)))
    return network.tflite(network.fully_connected(again, 4), again)


def ring_convolution(network: Streaming, x: int, name: str, layer: Any, kernel: int) -> int:
    """A convolution over time [1, rows, 1, channels] that keeps the last rows for the next call."""
    _, new, _, channels = network.shape(x)
    handle = network.handle(name)
    before = network.read(handle, x, (1, kernel - 1, 1, channels))
    joined = network.concatenation([before, x], 1)
    kept = network.like(x, (1, kernel - 1, 1, channels))
    bounds = ((0, new, 0, 0), (1, new + kernel - 1, 1, channels), (1, 1, 1, 1))
    operands = [joined, *(network.constant(values, "int32") for values in bounds)]
    network.operator(45, operands, kept, 32, dict.fromkeys(range(5), ("i", 0)))
    network.assign(handle, kept)
    return int(layer(joined, kernel=(kernel, 1), padding=VALID, activation=RELU))


def streaming_network(network: Streaming, initialised: bool) -> bytes:
    """As wake word models are: convolutions over time with ring buffers, and a dense end."""
    one = network.random.integers
    x = network.input((1, int(one(1, 3)), 1, int(one(2, 6))))
    for index in range(int(one(1, 4))):
        kernel, outputs = int(one(2, 5)), int(one(2, 6))
        y = ring_convolution(
            network,
            x,
            f"ring_{index}",
            lambda joined, outputs=outputs, **more: (
                network.conv_2d(joined, outputs, **more)
                if one(2)
                else network.depthwise_conv_2d(joined, 1, **more)
            ),
            kernel,
        )
        same = network.shape(x) == network.shape(y)
        x = network.add(x, y) if same and one(2) else y
        if one(2):
            x = network.conv_2d(x, int(one(2, 6)), (1, 1), activation=RELU)
    if initialised:
        states = [op.outputs[0] for op in network.operators if op.code == _READ]
        values = network.random.integers(-128, 128, network.shape(states[0]))
        network.initialised("ring_0", states[0], values)
    rows = network.shape(x)[1] * network.shape(x)[3]
    flat = network.reshape(x, (1, rows))
    return network.tflite(network.fully_connected(flat, 4))


def cycles(most: int) -> bytes:
    """The options of a CIRCULAR_BUFFER."""
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("cycles_max")
        builder.Int(most)
    return bytes(builder.Finish())


def into_circular_buffer(network: Streaming, x: int, slots: int, options: bytes) -> int:
    """CIRCULAR_BUFFER of so many slots; without options TFLM decides by their number."""
    _, _, width, channels = network.shape(x)
    output = network.like(x, (1, slots, width, channels))
    network.tensors[output].variable = True
    made = WrittenOperator(32, [x], [output], custom="CIRCULAR_BUFFER", custom_options=options)
    network.operators.append(made)
    return output


def circular_buffers(network: Streaming, initialised: bool) -> bytes:
    """Two in a row, and perhaps one of a single slot; `initialised`: told to run each time."""
    x = network.input((1, 1, 2, int(network.random.integers(1, 5))))
    options = cycles(1) if initialised else b""
    slots = int(network.random.integers(2, 7)) if initialised else 5
    if initialised and network.random.random() < 0.5:
        x = into_circular_buffer(network, x, 1, options)
    x = into_circular_buffer(network, x, slots, options)
    x = network.conv_2d(x, 3, (slots, 1), padding=VALID, activation=RELU)
    x = into_circular_buffer(network, x, slots if initialised else 13, options)
    flat = network.reshape(x, (1, network.shape(x)[1] * 6))
    return network.tflite(network.fully_connected(flat, 4))


@pytest.mark.parametrize(
    ("slots", "options", "variable", "message"),
    [
        (4, cycles(2), True, "a cycles_max of 2; only 1 is supported"),
        (4, b"", True, "no cycles_max; only 1 is supported"),
        (4, b"\x01\x24\x01", True, "options that cannot be read"),
        (4, cycles(1)[:-1] + b"\x09", True, "options that cannot be read"),
        (4, cycles(1)[:-3] + b"\xff\x24\x01", True, "options that cannot be read"),
        (4, cycles(1), False, "to be a variable"),
    ],
)
def test_a_circular_buffer_that_does_not_run_each_time_is_refused(
    slots: int, options: bytes, variable: bool, message: str
) -> None:
    network = Streaming(1)
    y = into_circular_buffer(network, network.input((1, 1, 2, 3)), slots, options)
    network.tensors[y].variable = variable
    flat = network.reshape(y, (1, slots * 6))
    with pytest.raises(ModelError, match=message):
        read_model(network.tflite(flat))


MODELS = (
    circular_buffers,
    ring_buffer,
    delay_line,
    late_reader,
    shift_register,
    running_sum,
    streaming_network,
)


@needs_oracle
@pytest.mark.parametrize("initialised", [False, True])
@pytest.mark.parametrize("made", MODELS)
@pytest.mark.parametrize("seed", range(6))
def test_variables_mean_what_tflm_means(made: Any, initialised: bool, seed: int) -> None:
    network = Streaming(seed)
    data = made(network, initialised)
    inputs = network.samples(9)
    for consecutive in (True, False):
        expected = Oracle(data).run_many(inputs, consecutive)
        for graph in (read_model(data), lower(read_model(data))):
            assert _same(interpret(graph, inputs, consecutive), expected)


@pytest.mark.parametrize("initialised", [False, True])
@pytest.mark.parametrize("made", MODELS)
def test_the_c_keeps_states_and_resets_them(made: Any, initialised: bool) -> None:
    network = Streaming(20)
    data = made(network, initialised)
    inputs = network.samples(9)
    model = HostModel(compile_model(data, "model"))
    graph = read_model(data)
    chained = interpret(graph, inputs, consecutive=True)
    alone = interpret(graph, inputs)
    assert not _same(chained, alone)
    assert _same(model.run_many(inputs, consecutive=True), chained)
    assert _same(model.run_many(inputs), alone)
    assert _same(model.run_many(inputs, consecutive=True), chained)


def _same(ours: list[Any], theirs: list[Any]) -> bool:
    return all((a.reshape(b.shape) == b).all() for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("keep_input", [False, True])
def test_states_lie_in_the_callers_memory_too(keep_input: bool) -> None:
    network = Streaming(40)
    data = streaming_network(network, initialised=True)
    inputs = network.samples(9)
    compiled = compile_model(data, "model", CompileOptions(arena="caller", keep_input=keep_input))
    expected = interpret(read_model(data), inputs, consecutive=True)
    assert _same(HostModel(compiled).run_many(inputs, consecutive=True), expected)
    kept = sum(len(state.initial) for state in compiled.graph.states)
    assert f"{kept} of them keep their values" in compiled.sources["model.h"]


def test_a_state_updated_in_place_costs_no_copy() -> None:
    """Its rows move within the joined ones; nothing reads the old ones after that."""
    source = compile_model(ring_buffer(Streaming(3), False), "model").sources["model.c"]
    updates = source.partition("model_update_states(void)\n{")[2].partition("}")[0]
    assert source.count("model_update_states")
    assert "memcpy" not in updates


@needs_oracle
@pytest.mark.parametrize("seed", range(30, 36))
def test_streaming_networks_are_exact_for_every_kind_of_target(seed: int) -> None:
    network = Streaming(seed)
    data = streaming_network(network, initialised=seed % 2 == 0)
    inputs = network.samples(12)
    expected = Oracle(data).run_many(inputs, consecutive=True)
    settings = (("generic", "ram"), ("cortex-m4", "balanced"), ("cortex-m4", "ram"))
    for target, optimize in settings:
        options = CompileOptions(target=TARGETS[target], optimize=optimize)
        model = HostModel(compile_model(data, "model", options))
        assert _same(model.run_many(inputs, consecutive=True), expected), (target, optimize)


def test_states_are_copied_where_old_and_new_are_needed_at_once() -> None:
    source = compile_model(delay_line(Streaming(3), False), "model").sources["model.c"]
    updates = source.partition("model_update_states(void)\n{")[2].partition("}")[0]
    assert updates.count("memcpy") == 2


def test_the_text_form_keeps_states() -> None:
    graph = read_model(ring_buffer(Streaming(5), True))
    text = print_graph(graph)
    assert "state" in text
    assert print_graph(parse_graph(text, constants_of(graph))) == text
    assert parse_graph(text, constants_of(graph)).states == graph.states


def test_a_state_that_no_output_needs_is_dropped() -> None:
    network = Streaming(1)
    x = network.input((1, 4))
    handle = network.handle("unused")
    before = network.read(handle, x, (1, 4))
    network.assign(handle, network.add(before, x))
    data = network.tflite(network.fully_connected(x, 3))
    with_state = read_model(data)
    assert len(with_state.states) == 1
    lowered = lower(with_state)
    assert not lowered.states
    assert len(lowered.ops) == 1


def test_states_that_exchange_their_values_are_refused() -> None:
    network = Streaming(1)
    x = network.input((1, 4))
    first, second = network.handle("first"), network.handle("second")
    one, two = network.read(first, x, (1, 4)), network.read(second, x, (1, 4))
    network.assign(second, one)
    network.assign(first, two)
    data = network.tflite(network.add(network.add(one, two), x))
    with pytest.raises(ModelError, match="exchange their values"):
        compile_model(data, "model")


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ([WrittenOperator(_READ, [0], [2])], "no VAR_HANDLE names"),
        (
            [WrittenOperator(32, [1], [2], custom="TFLite_Detection_PostProcess")],
            "custom 'TFLite_Detection_PostProcess'.*is not supported",
        ),
        ([_var_handle("a", 0), WrittenOperator(_READ, [0], [2])], "nobody ever assigns it"),
        ([_var_handle("a", 0), WrittenOperator(_ASSIGN, [0], [])], "1 inputs and 0 outputs"),
        (
            [WrittenOperator(_CALL_ONCE, [], [], 103, {0: ("i", 1)})],
            "graph 1, which does not exist",
        ),
        (
            [
                _var_handle("a", 0),
                WrittenOperator(_ASSIGN, [0, 3], []),
                WrittenOperator(_READ, [0], [2]),
            ],
            r"int8 \[1, 4\] that is int8 \[1, 2\] elsewhere",
        ),
    ],
)
def test_a_fault_with_variables_is_named(operators: list[WrittenOperator], message: str) -> None:
    tensors = [
        WrittenTensor((), "resource"),
        WrittenTensor((1, 4), "int8", 0.5),
        WrittenTensor((1, 4), "int8", 0.5),
        WrittenTensor((1, 2), "int8", 0.5, data=[[1, 2]]),
        WrittenTensor((1, 4), "int8", 0.5),
    ]
    relu = WrittenOperator(19, [2], [4])
    with pytest.raises(ModelError, match=message):
        read_model(write_tflite(tensors, [*operators, relu], [1], [4]))
