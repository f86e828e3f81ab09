"""Trees on the device: int8 features of a window -> int8 scores, by the C that the device runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.classical.binding import run_trees
from coincell.classical.emit import LAYER, emit_trees
from coincell.classical.fitting import EstimatorFit, Lessons
from coincell.classical.fixed import FixedTrees, fix
from coincell.classical.stored import trees_from_json, trees_to_json
from coincell.classical.trees import trees_of
from coincell.compiler import (
    CompileOptions,
    DType,
    Graph,
    Layer,
    Quantization,
    Tensor,
    TensorInfo,
)
from coincell.errors import DataError
from coincell.project import TREE_MODELS

_VERSION = 1
_TITLES = {"random-forest": "random forest", "gradient-boosting": "gradient boosting"}


@dataclass(frozen=True)
class CompiledTrees:
    """Trees as C, with what a caller of a compiled network also finds.

    Attributes:
        name: prefix of every symbol and file.
        graph: what goes in and out; between them are no operators, but the tables.
        options: what it was made with.
        sources: relative path -> text: NAME.h, NAME.c, and the runtime's files.
        layers: one.
        inputs, outputs: one each.
        arena_bytes: RAM, static: features, sums and scores.
        constant_bytes: flash of the tables.
        parameters: numbers in them.
        macs: none.
    """

    name: str
    graph: Graph
    options: CompileOptions
    sources: Mapping[str, str]
    layers: tuple[Layer, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    arena_bytes: int
    constant_bytes: int
    parameters: int
    macs: int = 0


class IntegerForest:
    """A random forest or boosted trees in integers.

    Args:
        kind: one of TREE_MODELS.
        fixed: its tables.
    """

    def __init__(self, kind: str, fixed: FixedTrees) -> None:
        self.kind = kind
        self.fixed = fixed

    @property
    def columns(self) -> int:
        """Features of a window."""
        return self.fixed.columns

    @property
    def outputs(self) -> int:
        """Scores of a window."""
        return self.fixed.outputs

    @property
    def scale(self) -> float:
        """real = (score - zero_point) * scale."""
        return self.fixed.scale

    @property
    def zero_point(self) -> int:
        """The score that means 0."""
        return self.fixed.zero_point

    def sums(self, features: NDArray[np.int8]) -> NDArray[np.int32]:
        """int8 [n, ...] -> int32 [n, outputs], before they become scores."""
        return run_trees(self.fixed, self._checked(features))[0]

    def scores(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        """int8 [n, ...] -> int8 [n, outputs], by the C.

        Raises:
            DataError: the array has another type or shape.
        """
        return run_trees(self.fixed, self._checked(features))[1]

    def to_json(self) -> dict[str, Any]:
        """Integers, names and the scale."""
        return {"version": _VERSION, "kind": self.kind, **trees_to_json(self.fixed)}

    def compiled(self, name: str, options: CompileOptions | None = None) -> CompiledTrees:
        """Its C."""
        fixed = self.fixed
        given = _tensor("features", fixed.columns, Quantization((1.0,), (0,)))
        made = _tensor("scores", fixed.outputs, Quantization((fixed.scale,), (fixed.zero_point,)))
        symbol = f"{name}_layer_{LAYER}"
        shape = (1, fixed.outputs)
        layer = Layer(LAYER, symbol, "trees", "", "scores", shape, 0, fixed.table_bytes)
        return CompiledTrees(
            name,
            Graph(name, {"features": given, "scores": made}, ("features",), ("scores",), ()),
            options or CompileOptions(),
            emit_trees(name, _TITLES[self.kind], fixed),
            (layer,),
            (_info(given),),
            (_info(made),),
            fixed.columns + 5 * fixed.outputs,
            fixed.table_bytes,
            sum(array.size for array in fixed.arrays.values()),
        )

    def _checked(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        if features.dtype != np.int8 or math.prod(features.shape[1:]) != self.columns:
            raise DataError(
                f"Features must be int8 [n, {self.columns}]; "
                f"received {features.dtype} {list(features.shape)}."
            )
        return features.reshape(len(features), self.columns)


def integer_forest(kind: str, fitted: EstimatorFit, lessons: Lessons) -> IntegerForest:
    """The integers of what scikit-learn fitted to `lessons`.

    Raises:
        DataError: it has more nodes or leaves than fit.
    """
    columns = math.prod(lessons.features.shape[1:])
    reach = (0.0, 0.0)
    if lessons.goal == "quantity":
        predicted = fitted.scores(lessons.features)
        reach = float(predicted.min()), float(predicted.max())
    return IntegerForest(kind, fix(trees_of(fitted), columns, reach))


def forest_from_json(values: Mapping[str, Any]) -> IntegerForest:
    """What `to_json` gave.

    Raises:
        DataError: a number is missing or unsound.
    """
    version = values.get("version") if isinstance(values, Mapping) else None
    if type(version) is not int or version != _VERSION:
        raise DataError(
            "This is no forest that this version of Coincell wrote.",
            hint="Run `coincell run` again.",
        )
    kind = values.get("kind")
    if kind not in TREE_MODELS:
        raise DataError(f"A forest's kind is one of {list(TREE_MODELS)}; received {kind!r:.60}.")
    return IntegerForest(kind, trees_from_json(values))


def _tensor(name: str, elements: int, quantization: Quantization) -> Tensor:
    return Tensor(name, (1, elements), DType.INT8, quantization)


def _info(tensor: Tensor) -> TensorInfo:
    return TensorInfo(
        tensor.name, tensor.shape, tensor.shape[1:], "int8", tensor.scale, tensor.zero_point
    )
