"""The text form parses back to the same graph."""

from __future__ import annotations

import pytest

from coincell.compiler import read_model
from coincell.compiler.text import constants_of, parse_graph, print_graph
from coincell.errors import ModelError
from compiler.networks import Network
from compiler.random_networks import OPERATORS, whole_network


@pytest.mark.parametrize("seed", range(10))
def test_random_networks_survive_the_text_form(seed: int) -> None:
    for make in (*OPERATORS.values(), whole_network):
        network = Network(seed)
        graph = read_model(network.tflite(make(network)))
        text = print_graph(graph)
        again = parse_graph(text, constants_of(graph))
        assert print_graph(again) == text
        assert again.ops == graph.ops
        assert (again.inputs, again.outputs) == (graph.inputs, graph.outputs)
        for name, tensor in graph.tensors.items():
            parsed = again.tensor(name)
            assert parsed.data == tensor.data
            assert (parsed.shape, parsed.dtype) == (tensor.shape, tensor.dtype)
            assert parsed.quantization == tensor.quantization


def test_what_is_not_the_form_is_refused() -> None:
    with pytest.raises(ModelError, match="begins with"):
        parse_graph("")
    head = "graph g(%x) -> %y\n"
    with pytest.raises(ModelError, match="Not a tensor"):
        parse_graph(head + "  input  %x int8")
    with pytest.raises(ModelError, match="Not an op"):
        parse_graph(head + "  nonsense")
    with pytest.raises(ModelError, match="Unknown kind"):
        parse_graph(head + "  %y: int8[1] = conv_9d(%x)")
    with pytest.raises(ModelError, match="was not given"):
        parse_graph(head + "  const  %w: int8[20] q(1.0, 0) = sha256:0123456789abcdef")
