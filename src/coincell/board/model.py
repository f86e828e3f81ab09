"""A compiled model alone on the virtual board: its outputs for any inputs, and what it costs."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coincell.board.measurement import Counts, Measurement, count_run, stack_peak, total_cost
from coincell.board.owners import model_owner_table, model_parts
from coincell.board.virtual import VirtualBoard
from coincell.compiler import output_samples, samples_of
from coincell.errors import BoardError
from coincell.firmware import BareCode, Board, ModelImage, build_model_image, load_board
from coincell.toolchain import Compiler

Arrays = NDArray[Any]


@dataclass(frozen=True)
class ModelMeasurement:
    """What a compiled model does and costs on a board.

    Attributes:
        outputs: one array [n, *sample_shape] for each output of the model.
        cost: of one invoke on the first sample; `stack_bytes` is the peak below NAME_invoke.
        image: sizes of the image that ran, and what the model adds to it; its files are gone.
    """

    outputs: list[Arrays]
    cost: Measurement
    image: ModelImage


def measure_model(
    compiled: BareCode,
    inputs: Arrays | Sequence[Arrays],
    board: str | Board = "nano33ble",
    compiler: Compiler | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ModelMeasurement:
    """Run a compiled model on the virtual board: the first sample counted, all of them plainly.

    Args:
        compiled: what is built for the board.
        inputs: one array for each input (or the one array), n samples along the first dimension.
        board: a board, or the name of one.
        compiler: arm-none-eabi-gcc when on PATH, else zig, unless given.
        progress: called with samples done and their number.

    Raises:
        UserError: the arrays do not fit the model's inputs, or hold no sample.
        DoesNotFit: the image is larger than the board.
        BoardError: the model faults or hangs, its init or invoke returns an error, or the board's
            cycles are not modelled.
        MissingExtraError: the extra "emulator" is not installed.
    """
    chosen = load_board(board) if isinstance(board, str) else board
    if chosen.latency is None:
        raise BoardError(
            f"The cycles of {chosen.board.title} ({chosen.core}) are not modelled.",
            hint=f"coincell bench --target {chosen.name} compares its outputs and counts "
            "instructions.",
        )
    with tempfile.TemporaryDirectory(prefix="coincell-model-") as folder:
        image = build_model_image(compiled, chosen, Path(folder), compiler)
    with ModelBoard(compiled, image) as virtual:
        outputs = virtual.run(inputs, progress)
        return ModelMeasurement(outputs, virtual.measure(inputs), image)


class ModelBoard:
    """A virtual board that runs a model's image input by input. A context manager.

    Args:
        compiled: the model in the image.
        image: what to run.
        core: the processor in place of the board's own; instructions of others are exact too, but
            the cycles in a measurement are those of a Cortex-M4.

    Raises:
        MissingExtraError: the extra "emulator" is not installed.
    """

    def __init__(self, compiled: BareCode, image: ModelImage, core: str = "") -> None:
        self.compiled = compiled
        graph = compiled.graph
        self._inputs = [graph.tensor(name) for name in graph.inputs]
        self._outputs = [graph.tensor(name) for name in graph.outputs]
        self._exchange = image.image.parsed.symbol("exchange").address
        self._stack_pointer = 0
        self.virtual = VirtualBoard(image.image, core=core)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.virtual.__exit__(*raised)

    def run(
        self,
        inputs: Arrays | Sequence[Arrays],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Arrays]:
        """One array [n, *sample_shape] an output from n samples; state is reset before each.

        Raises:
            UserError: the arrays do not fit the model's inputs.
            BoardError: the model faults, hangs, or returns an error.
        """
        arrays = samples_of(self._inputs, inputs)
        count = len(arrays[0]) if arrays else 1
        results = [np.zeros((count, *t.shape), t.dtype.numpy) for t in self._outputs]
        self.virtual.restart()
        for sample in range(count):
            self._fill([array[sample] for array in arrays])
            self._invoke()
            for result, place in zip(results, self._places()[1], strict=True):
                raw = self.virtual.read_memory(place, result[sample].nbytes)
                result[sample] = np.frombuffer(raw, result.dtype).reshape(result.shape[1:])
            self.virtual.resume()  # on to init, and the wait for the next inputs
            if progress:
                progress(sample + 1, count)
        return output_samples(self._outputs, results)

    def measure(self, inputs: Arrays | Sequence[Arrays]) -> Measurement:
        """The cost of one invoke on the first sample of `inputs`.

        Raises:
            UserError: the arrays do not fit the model's inputs.
            BoardError: the model faults, hangs, or returns an error, or lacks a layer's function.
        """
        counts = self.count(inputs)
        above = self.virtual.elf.label("image_stack_top") - self._stack_pointer
        stack = stack_peak(self.virtual) - above
        return total_cost(model_parts(self.compiled), counts, self.virtual, stack)

    def count(self, inputs: Arrays | Sequence[Arrays]) -> Counts:
        """Every block that one invoke on the first sample of `inputs` runs; raises as `measure`."""
        first = [array[0] for array in samples_of(self._inputs, inputs)]
        virtual = self.virtual
        virtual.emulator.ask("own", model_owner_table(virtual.elf, virtual.board, self.compiled))

        def prepare() -> None:
            virtual.restart()
            self._fill(first)
            self._stack_pointer = virtual.emulator.ask("registers")[0]["registers"]["sp"]

        return count_run(virtual, prepare, self._invoke)

    def _fill(self, sample: Sequence[Arrays]) -> None:
        """Write one sample's inputs; the image waits for them."""
        self._check("init")
        for values, place in zip(sample, self._places()[0], strict=True):
            self.virtual.emulator.ask(
                "write", np.ascontiguousarray(values).tobytes(), address=place
            )

    def _invoke(self) -> None:
        self.virtual.resume()
        self._check("invoke")

    def _check(self, step: str) -> None:
        (status,) = struct.unpack("<i", self.virtual.read_memory(self._exchange, 4))
        if status:
            raise BoardError(f"{self.compiled.name}_{step} on the board returned {status}.")

    def _places(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where inputs and outputs lie in RAM."""
        count = len(self._inputs) + len(self._outputs)
        words = struct.unpack(f"<{count}I", self.virtual.read_memory(self._exchange + 4, 4 * count))
        return words[: len(self._inputs)], words[len(self._inputs) :]
