"""Networks whose file leaves sizes open and computes them, as Keras models with an open batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from compiler.networks import RELU, Network


class OpenShapes(Network):
    """A network that computes its shapes; `told` says them instead, as if the batch were given."""

    def __init__(self, seed: int, told: bool = False) -> None:
        super().__init__(seed)
        self.told = told

    def numbers(self, shape: Sequence[int]) -> int:
        """An int32 tensor that an operator makes."""
        made = self.tensor(shape, 1.0, 0)
        self.tensors[made] = replace(self.tensors[made], dtype="int32", scale=None)
        return made

    def integer(
        self,
        code: int,
        inputs: Sequence[int],
        shape: Sequence[int],
        options_type: int = 0,
        **slot: Any,
    ) -> int:
        """An operator on numbers; options as s0=("i", 1)."""
        options = {int(name[1:]): value for name, value in slot.items()}
        if self.told:
            return -1  # nobody reads it
        return self.operator(code, inputs, self.numbers(shape), options_type, options)

    def shape_of(self, x: int) -> int:
        return self.integer(77, [x], (len(self.shape(x)),), 55, s0=("b", 2))

    def size_of(self, shape: int, place: int) -> int:
        """STRIDED_SLICE of one size."""
        bounds = [self.constant([value], "int32") for value in (place, place + 1, 1)]
        masks = {f"s{slot}": ("i", int(slot == 4)) for slot in range(5)}
        return self.integer(45, [shape, *bounds], (), 32, **masks)

    def pack(self, sizes: Sequence[int]) -> int:
        count = len(sizes)
        return self.integer(83, sizes, (count,), 59, s0=("i", count), s1=("i", 0))

    def reshaped(self, x: int, operand: int, shape: Sequence[int], known: Sequence[bool]) -> int:
        """RESHAPE to a shape of which the file knows some sizes; it says 1 for the others."""
        if self.told:
            return self.reshape(x, shape)
        made = self.like(x, [size if sure else 1 for size, sure in zip(shape, known, strict=True)])
        signature = [size if sure else -1 for size, sure in zip(shape, known, strict=True)]
        self.tensors[made].signature = signature
        return self.operator(22, [x, operand], made, 17)

    def dense(self, x: int, outputs: int, activation: int = 0) -> int:
        """As Keras' Dense over positions: all but the last dimension become one, and come back."""
        *outer, inputs = self.shape(x)
        rows = 1
        for size in outer:
            rows *= size
        shape = self.shape_of(x)
        places = self.constant(list(range(len(outer))), "int32")
        sizes = self.integer(36, [shape, places], (len(outer),), 23, s0=("i", 0))
        axis = self.constant([0], "int32")
        product = self.integer(81, [sizes, axis], (), 27, s0=("?", False))
        last = self.integer(
            36, [shape, self.constant([len(outer)], "int32")], (1,), 23, s0=("i", 0)
        )
        inner = self.integer(81, [last, axis], (), 27, s0=("?", False))
        back = self.integer(
            2, [sizes, self.constant([outputs], "int32")], (len(outer) + 1,), 10, s0=("i", 0)
        )
        flat = self.reshaped(x, self.pack([product, inner]), (rows, inputs), (False, False))
        operands, scale = self.weights(flat, (outputs, inputs), 0, False, True)
        made = self.tensor((rows if self.told else 1, outputs), scale, self.zero_point())
        if not self.told:
            self.tensors[made].signature = (-1, outputs)
        options = {0: ("b", 0), 2: ("?", False)}
        self.operator(9, operands, made, 8, options)
        if activation == RELU:  # beside the dense layer, where its rows are still open
            after = self.like(made, self.shape(made))
            self.tensors[after].signature = self.tensors[made].signature
            made = self.operator(19, [made], after)
        return self.reshaped(made, back, (*outer, outputs), (True,) * (len(outer) + 1))

    def flatten(self, x: int) -> int:
        """As Keras' Flatten: the batch's size, and all the rest, which the converter knows."""
        total = 1
        for size in self.shape(x):
            total *= size
        operand = self.pack([self.size_of(self.shape_of(x), 0), self.constant(total, "int32")])
        return self.reshaped(x, operand, (1, total), (False, True))


def whole_shape(network: Network) -> int:
    """REDUCE_PROD of a shape, and a RESHAPE to that many values."""
    opened = OpenShapes(0)
    vars(opened).update(vars(network))
    x = network.input((1, *(int(size) for size in network.random.integers(1, 6, 2))))
    axis = network.constant([0], "int32")
    count = opened.integer(81, [opened.shape_of(x), axis], (1,), 27, s0=("?", True))
    total = network.shape(x)[1] * network.shape(x)[2]
    return opened.reshaped(x, count, (total,), (False,))
