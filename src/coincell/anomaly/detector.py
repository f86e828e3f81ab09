"""Detectors: int8 features of a window -> one int32 score, by the C that the device runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.binding import score_forms, score_reconstruction
from coincell.anomaly.emit import emit_forms, emit_reconstruction
from coincell.anomaly.error import error_bound
from coincell.anomaly.fixed import FixedForms, fix
from coincell.anomaly.forms import Float, Forms
from coincell.anomaly.reconstruction import (
    ReconstructionStep,
    mean_squared_difference,
    reconstruction_step,
)
from coincell.anomaly.stored import forms_from_json, forms_to_json, step_from_json
from coincell.errors import DataError, InternalError
from coincell.features import InputQuantization

KINDS = ("k-means", "mahalanobis", "gaussian-mixture", "reconstruction")
_VERSION = 1
_FORMS: dict[str, tuple[tuple[str, bool], ...]] = {
    "k-means": (("spherical", False),),
    "mahalanobis": (("triangular", False),),
    "gaussian-mixture": (("diagonal", True), ("triangular", True)),
}
"""Shape of the forms, and whether the score is a likelihood."""

Network = Callable[[NDArray[np.int8]], NDArray[np.int8]]


class Detector(Protocol):
    """What tells how strange a window is; the higher its score, the stranger.

    Features may also be [n, *shape], as a feature block gives them.
    """

    @property
    def kind(self) -> str:
        """One of KINDS."""

    @property
    def columns(self) -> int:
        """Features of a window."""

    @property
    def unit(self) -> float:
        """What one step of the score is worth: nats, spreads, or squared feature units."""

    @property
    def table_bytes(self) -> int:
        """Flash of the constant tables; the code is not in it."""

    @property
    def scratch_bytes(self) -> int:
        """RAM, static; the stack and a network's memory are not in it."""

    def score(self, features: NDArray[np.int8]) -> NDArray[np.int32]:
        """int8 [n, columns] -> int32 [n], by the C."""

    def score_float(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n], in real units: what the integers approximate."""

    def error_bound(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> the most that |score unit - score_float| can be, [n]."""

    def to_json(self) -> dict[str, Any]:
        """Integers and names."""

    def c_sources(self, name: str) -> dict[str, str]:
        """NAME_detector.{h,c} and the runtime's files that they include: path -> text."""


class FormDetector:
    """k-means, Mahalanobis or a Gaussian mixture: quadratic forms round centres."""

    def __init__(self, kind: str, fixed: FixedForms, forms: Forms | None = None) -> None:
        self.kind = kind
        self.fixed = fixed
        self.forms = forms or fixed.as_forms()

    @property
    def columns(self) -> int:
        """Features of a window."""
        return self.fixed.columns

    @property
    def unit(self) -> float:
        """Of the score, in nats (Gaussian mixture) or in spreads of normal windows."""
        return float(2.0**-self.fixed.score_bits)

    @property
    def table_bytes(self) -> int:
        """Flash of the constant tables."""
        return sum(array.nbytes for array in self.fixed.arrays.values())

    @property
    def scratch_bytes(self) -> int:
        """Static RAM."""
        return 2 * self.columns if self.fixed.shape == "triangular" else 0

    def score(self, features: NDArray[np.int8]) -> NDArray[np.int32]:
        """int8 [n, columns] -> int32 [n], by the C.

        Raises:
            DataError: the array has another type or shape.
        """
        return score_forms(self.fixed, _checked(features, self.columns))

    def score_float(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n], by the parameters before they were rounded; where
        the detector was read from JSON, by the integers.
        """
        return self.forms.score(_checked(features, self.columns))

    def error_bound(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n]; error.py has the proof."""
        return error_bound(self.forms, self.fixed, _checked(features, self.columns))

    def to_json(self) -> dict[str, Any]:
        """Integers and names."""
        return {"version": _VERSION, "kind": self.kind, **forms_to_json(self.fixed)}

    def c_sources(self, name: str) -> dict[str, str]:
        """NAME_detector.{h,c} and runtime/anomaly: path -> text."""
        of = "nats" if self.fixed.likelihood else "spreads of normal windows"
        return emit_forms(name, self.kind, self.fixed, f"2^-{self.fixed.score_bits} {of}")


class ReconstructionDetector:
    """Mean squared difference of an autoencoder's int8 output and its input.

    Args:
        step: the integers.
        given: quantization of the network's input.
        made: of its output.
        network: int8 [n, columns] -> int8 [n, columns]; without one only `score_outputs` scores.
        network_name: its name in C.
    """

    kind = "reconstruction"

    def __init__(
        self,
        step: ReconstructionStep,
        given: InputQuantization,
        made: InputQuantization,
        network: Network | None = None,
        network_name: str = "",
    ) -> None:
        self.step = step
        self._given, self._made = given, made
        self._network = network
        self._network_name = network_name

    @property
    def columns(self) -> int:
        """Features of a window."""
        return self.step.columns

    @property
    def unit(self) -> float:
        """Of the score, in the features' squared unit."""
        return float(2.0**-self.step.score_bits)

    @property
    def table_bytes(self) -> int:
        """Flash of the constants."""
        return 28

    @property
    def scratch_bytes(self) -> int:
        """The network's memory is its own."""
        return 0

    def score(self, features: NDArray[np.int8]) -> NDArray[np.int32]:
        """int8 [n, columns] -> int32 [n], by the C and the network.

        Raises:
            DataError: the array has another type or shape.
        """
        return self.score_outputs(features, self._run(features))

    def score_outputs(
        self, features: NDArray[np.int8], outputs: NDArray[np.int8]
    ) -> NDArray[np.int32]:
        """The same where the network has run: int8 [n, columns] twice -> int32 [n]."""
        given = _checked(features, self.columns)
        made = _checked(outputs, self.columns)
        if len(given) != len(made):
            raise InternalError(f"lengths differ: {len(given)} and {len(made)}")
        return score_reconstruction(self.step, given, made)

    def score_float(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n], of the same int8 network."""
        return mean_squared_difference(
            self._given, self._made, _checked(features, self.columns), self._run(features)
        )

    def error_bound(self, features: NDArray[np.int8]) -> Float:
        """int8 [n, columns] -> float64 [n]: the rounded ratio of the scales moves a difference by
        at most 255 half steps of the weights' unit.
        """
        step = self.step
        unit = max(self._given.scale, self._made.scale)
        moved = 128 * unit / max(step.input_weight, step.output_weight)
        root = np.sqrt(self.score_float(features))
        most: Float = moved * (2 * root + moved) + self.unit * 2 + (root + moved) ** 2 * 2.0**-31
        return most

    def to_json(self) -> dict[str, Any]:
        """Integers and names; the two quantizations are the network's own."""
        return {"version": _VERSION, "kind": self.kind, **vars(self.step)}

    def c_sources(self, name: str) -> dict[str, str]:
        """NAME_detector.{h,c} and runtime/anomaly; they include the compiled network's header."""
        unit = f"2^-{self.step.score_bits} of the features' squared unit"
        return emit_reconstruction(name, self._network_name or name, self.step, unit)

    def _run(self, features: NDArray[np.int8]) -> NDArray[np.int8]:
        if self._network is None:
            raise InternalError("this reconstruction detector was given no network to run")
        checked = _checked(features, self.columns)
        return self._network(checked).reshape(checked.shape)


def reconstruction_detector(
    columns: int,
    given: InputQuantization,
    made: InputQuantization,
    network: Network | None = None,
    network_name: str = "",
) -> ReconstructionDetector:
    """Of an autoencoder with `columns` int8 values in and out; see ReconstructionDetector.

    Raises:
        DataError: the scales of input and output are too far apart.
    """
    step = reconstruction_step(columns, given, made)
    return ReconstructionDetector(step, given, made, network, network_name)


def detector_of(kind: str, forms: Forms) -> FormDetector:
    """The integers of `forms`.

    Raises:
        DataError: they do not fit.
    """
    return FormDetector(kind, fix(forms), forms)


def detector_from_json(
    values: Mapping[str, Any],
    given: InputQuantization | None = None,
    made: InputQuantization | None = None,
    network: Network | None = None,
    network_name: str = "",
) -> Detector:
    """What `to_json` gave; a reconstruction also needs its network and both quantizations.

    Raises:
        DataError: a number is missing or unsound.
    """
    version = values.get("version") if isinstance(values, Mapping) else None
    if type(version) is not int or version != _VERSION:
        raise DataError(
            "This is no detector that this version of Coincell wrote.",
            hint="Run `coincell run` again.",
        )
    kind = values.get("kind")
    if kind not in KINDS:
        raise DataError(f"A detector's kind is one of {list(KINDS)}; received {kind!r:.60}.")
    if kind != "reconstruction":
        fixed = forms_from_json(values)
        if (fixed.shape, fixed.likelihood) not in _FORMS[kind]:
            raise DataError(f"A detector of kind {kind} does not have {fixed.shape} forms.")
        return FormDetector(kind, fixed)
    if given is None or made is None:
        raise InternalError("a reconstruction needs its network's two quantizations")
    step = step_from_json(values)
    if step != reconstruction_step(step.columns, given, made):
        raise DataError("The detector's numbers are not those of this network's quantization.")
    return ReconstructionDetector(step, given, made, network, network_name)


def _checked(features: NDArray[np.int8], columns: int) -> NDArray[np.int8]:
    """[n, columns], or [n, *shape] as a feature block gives them -> [n, columns]."""
    if features.dtype != np.int8 or math.prod(features.shape[1:]) != columns:
        raise DataError(
            f"Features must be int8 [n, {columns}]; "
            f"received {features.dtype} {list(features.shape)}."
        )
    return features.reshape(len(features), columns)
