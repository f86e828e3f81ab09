"""PAD and PADV2: a constant around a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_KERNEL_RANK = 4


@dataclass(frozen=True)
class Pad(Attributes):
    """The input with `value` before and after it.

    Attributes:
        padding: (before, after) of each dimension.
        value: in the output's integers.
    """

    kind: ClassVar[str] = "pad"

    padding: tuple[tuple[int, int], ...]
    value: int

    def check(self, op: Op, graph: Graph) -> None:
        """At most four dimensions, one quantization, and the output is the input and its border."""
        common.require_count(op, 1, 1)
        source = graph.tensor(op.inputs[0])
        common.require_activations(op, graph, source.name, op.output)
        common.require_same_quantization(op, graph, source.name, op.output)
        op.require(
            len(source.shape) <= _KERNEL_RANK and len(self.padding) == len(source.shape),
            f"has {len(self.padding)} paddings for the shape {list(source.shape)}",
        )
        op.require(
            all(before >= 0 and after >= 0 for before, after in self.padding),
            "has a negative padding",
        )
        common.require_clamp(op, (self.value, self.value))
        common.require_shape(
            op,
            graph,
            [b + size + a for size, (b, a) in zip(source.shape, self.padding, strict=True)],
        )

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """The value everywhere, the input in the middle."""
        del op, graph
        return np.pad(inputs[0], ((0, 0), *self.padding), constant_values=self.value)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_pad."""
        source = graph.tensor(op.inputs[0])
        missing = _KERNEL_RANK - len(source.shape)
        sizes = (1,) * missing + source.shape
        padding = ((0, 0),) * missing + self.padding
        parameters = {f"size_{i}": size for i, size in enumerate(sizes)}
        parameters |= {f"before_{i}": before for i, (before, _) in enumerate(padding)}
        parameters |= {f"after_{i}": after for i, (_, after) in enumerate(padding)}
        parameters["value"] = self.value
        return (KernelCall("pad", parameters, (source.name, op.output)),)
