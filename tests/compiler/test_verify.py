"""Illegal graphs are refused, with the place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coincell.compiler.text import parse_graph
from coincell.compiler.verify import verify
from coincell.errors import ModelError

HEAD = "graph g(%x) -> %y\n  input  %x: int8[1, 4, 4, 2] q(0.5, 3)\n"
FILTER = "  const  %w: int8[1, 1, 1, 2] q(0.25, 0) = [1, 2]\n"
POOL = "max_pool_2d(%x) window=(1, 1) stride=(1, 1) padding=(1, 0, 0, 0) clamp=(-128, 127)"
SLICE = "strided_slice(%x) start=(0,) count=(1,) step=(1,)"
CONVOLVED = "%y: int8[1, 4, 4, 1] q(1.0, 0) = conv_2d(%x, %w)"
SLIDE = "stride=(1, 1) dilation=(1, 1) padding=(0, 0, 0, 0) clamp=(-128, 127)"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("  %y: int8[1, 4, 4, 2] q(0.5, 0) = pad(%z) padding=() value=0", "unknown tensor 'z'"),
        ("  %y: int8[1, 4, 4, 1] q(0.5, 0) = reshape(%x)", "another number of elements"),
        ("  %y: int8[1, 32] q(0.5, 0) = reshape(%x)", "changes the quantization"),
        ("  %y: int16[1, 32] q(0.5, 3) = reshape(%x)", "changes the element type"),
        (FILTER + f"  %y: int8[1, 4, 4, 2] q(1.0, 0) = conv_2d(%x, %w) {SLIDE}", "declared"),
        (FILTER + f"  {CONVOLVED} {SLIDE.replace('stride=(1', 'stride=(0')}", "positive strides"),
        (FILTER + f"  {CONVOLVED} {SLIDE.replace('(-128, 127)', '(5, 4)')}", "empty range"),
        (f"  %y: int8[1, 4, 4, 2] q(0.5, 3) = {POOL}", "declared"),
        (f"  %y: int8[1, 5, 4, 2] q(0.5, 3) = {POOL}", "wholly in the padding"),
        ("  %y: int8[1, 4, 2] q(0.5, 3) = mean(%x) axes=(1, 3)", "declared"),
        ("  %y: int8[1, 4, 2] q(0.5, 3) = mean(%x) axes=(4,)", "axes"),
        ("  %y: int8[1, 4, 4, 2] q(0.5, 3) = softmax(%x) beta=1.0", "scale 0.00390625"),
        ("  %y: int8[1, 4, 4, 2] q(0.5, 3) = tanh(%x)", "zero point"),
        ("  %y: int8[1, 4, 8, 2] q(0.5, 4) = concatenation(%x, %x) axis=2", "one quantization"),
        ("  %y: int8[1, 4, 4, 2] q(1e-09, 4) = add(%x, %x) clamp=(-128, 127)", "too far apart"),
        (f"  %y: int8[1, 4, 4, 2] q(0.5, 3) = {SLICE}", "slices"),
    ],
)
def test_an_illegal_op_is_refused(body: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        verify(parse_graph(HEAD + body))


def test_the_graph_itself_is_checked() -> None:
    graph = parse_graph(HEAD + "  %y: int8[1, 32] q(0.5, 3) = reshape(%x)")
    verify(graph)
    with pytest.raises(ModelError, match="made by no operator"):
        verify(replace(graph, ops=()))
    with pytest.raises(ModelError, match="exists already"):
        verify(replace(graph, ops=(*graph.ops, *graph.ops)))
    with pytest.raises(ModelError, match="input 'z' is unknown"):
        verify(replace(graph, inputs=("z",)))
    x = graph.tensor("x")
    short = replace(x, data=b"12", name="c")
    with pytest.raises(ModelError, match="2 bytes instead of 32"):
        verify(replace(graph, tensors={**graph.tensors, "c": short}))
    with pytest.raises(ModelError, match="cannot be used"):
        verify(replace(graph, tensors={**graph.tensors, "a b": replace(x, name="a b")}))
