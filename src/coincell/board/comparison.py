"""Outputs beside what they must be: equal byte for byte, or where they first differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coincell.board.samples import Arrays
from coincell.compiler import CompiledModel, output_samples
from coincell.errors import UserError


@dataclass(frozen=True)
class Difference:
    """The first value that is not as expected.

    Attributes:
        sample: number of the input that it came of, from 0 on.
        output: the output's name in the model's file.
        index: of the value in the output, a leading batch of 1 left out.
        expected, got: the values; floats as text, with their bits.
    """

    sample: int
    output: str
    index: tuple[int, ...]
    expected: int | str
    got: int | str

    def __str__(self) -> str:
        """One line for people."""
        place = f"{self.output} {list(self.index)}"
        return f"input {self.sample}, {place}: {self.expected} expected, {self.got} came out"


def first_difference(
    compiled: CompiledModel, outputs: Sequence[Arrays], expected: Sequence[Arrays]
) -> Difference | None:
    """The first value of the first sample with a byte that is not as expected; None if all are.

    Args:
        compiled: whose outputs they are.
        outputs: [samples, *shape] an output, as the model made them.
        expected: the same, the batch of 1 left out or not.

    Raises:
        UserError: the expected arrays do not have the outputs' shapes and types.
    """
    if len(outputs) != len(expected):
        raise UserError(f"The model has {len(outputs)} outputs; {len(expected)} were given.")
    tensors = [compiled.graph.tensor(name) for name in compiled.graph.outputs]
    for tensor, ours, theirs in zip(tensors, outputs, expected, strict=True):
        fits = ours.shape[:1] == theirs.shape[:1] and ours.size == theirs.size
        if ours.dtype != theirs.dtype or not fits:
            raise UserError(
                f"The output {tensor.source_name or tensor.name!r} is {ours.dtype} "
                f"{list(ours.shape)}; expected outputs were given as {theirs.dtype} "
                f"{list(theirs.shape)}.",
                hint="One sample of outputs for each of --inputs, samples first.",
            )
    shaped = output_samples(tensors, [np.ascontiguousarray(array) for array in expected])
    found = [
        Difference(place[0], tensor.source_name or tensor.name, place[1:], *map(_told, values))
        for tensor, ours, theirs in zip(tensors, outputs, shaped, strict=True)
        if (place := _first(ours, theirs)) is not None
        for values in [(theirs[place], ours[place])]
    ]
    return min(found, key=lambda difference: difference.sample, default=None)


def _first(ours: Arrays, theirs: Arrays) -> tuple[int, ...] | None:
    """The index of the first value of which a byte differs, the sample in front."""
    if ours.tobytes() == theirs.tobytes():
        return None
    bytes_of = [
        np.frombuffer(array.tobytes(), np.uint8).reshape(-1, array.itemsize)
        for array in (ours, theirs)
    ]
    number = int(np.argmax(np.any(bytes_of[0] != bytes_of[1], axis=1)))
    return tuple(int(i) for i in np.unravel_index(number, ours.shape))


def _told(value: np.generic) -> int | str:
    """An integer, or a float with its bits, which tell one NaN or zero from another."""
    if value.dtype.kind == "f":
        return f"{value} (0x{value.tobytes()[::-1].hex()})"
    return int(value)
