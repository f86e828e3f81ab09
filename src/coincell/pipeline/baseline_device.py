"""A model that is no network on the device: its integers, and what they cost on the virtual board.

Linear models are networks of one dense layer and take the networks' way: converter, compiler,
oracle. Trees are tables. Of neighbours nothing is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.board import inference_energy, measure_model
from coincell.classical import (
    EstimatorFit,
    Fitted,
    Lessons,
    LinearFit,
    Method,
    integer_forest,
)
from coincell.compiler import CompileOptions, OracleProcess, compile_model, target_of_core
from coincell.errors import InternalError
from coincell.features import InputQuantization
from coincell.firmware import BareCode, load_board
from coincell.models import convert_to_tflite, dequantize, linear_network
from coincell.pipeline.classical_model import target_spread
from coincell.pipeline.report_parts_maps import spread_rows
from coincell.project import Configuration

_NAME = "baseline"
_RUN_ON_BOARD = 8


@dataclass(frozen=True)
class Cost:
    """What a model alone costs on the virtual board, without features and decision.

    Attributes:
        flash_bytes: code and tables.
        ram_bytes: static, its input included; stack_bytes: deepest use.
        cycles: of one window, with waits for constants in flash.
        milliseconds: those at the board's clock.
        microjoules: what the core takes for them; None where the board's currents are unknown.
        windows: how many ran on the board, every byte as on this computer.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    cycles: int
    milliseconds: float
    microjoules: float | None
    windows: int


@dataclass(frozen=True)
class OnDevice:
    """A model in integers.

    Attributes:
        code: its C.
        score: int8 [n, ...] -> int8 [n, outputs], as the C gives them.
        scale, zero_point: real = (score - zero_point) * scale.
    """

    code: BareCode
    score: Callable[[NDArray[np.int8]], NDArray[np.int8]]
    scale: float
    zero_point: int

    def numbers(self, features: NDArray[np.int8]) -> NDArray[np.float64]:
        """int8 [n, ...] -> what the scores stand for, float64 [n, outputs]."""
        scores = self.score(features).astype(np.float64)
        return np.asarray((scores - self.zero_point) * self.scale)


def on_device(
    method: Method,
    fitted: Fitted,
    lessons: Lessons,
    quantization: InputQuantization,
    configuration: Configuration,
) -> OnDevice | None:
    """The integers of `fitted`; None where none are made.

    Raises:
        DataError: trees have more nodes than their tables number.
        MissingExtraError: a linear model is converted by TensorFlow, which is not installed.
    """
    board = configuration.board
    options = CompileOptions(target_of_core(load_board(board.source).core), board.optimize)
    if isinstance(fitted, LinearFit):
        tflite = linear_tflite(fitted, lessons, quantization, configuration)
        code = compile_model(tflite, _NAME, options)
        out = code.outputs[0]
        return OnDevice(code, _asked(tflite, lessons), out.scale, out.zero_point)
    if method.family == "trees" and isinstance(fitted, EstimatorFit):
        forest = integer_forest(method.name, fitted, lessons)
        compiled = forest.compiled(_NAME, options)
        return OnDevice(compiled, forest.scores, forest.scale, forest.zero_point)
    return None


def linear_tflite(
    fitted: LinearFit,
    lessons: Lessons,
    quantization: InputQuantization,
    configuration: Configuration,
) -> bytes:
    """Quantized after training on an even share of `lessons`."""
    rows = spread_rows(len(lessons), configuration.quantization.calibration_samples)
    mean, deviation = target_spread(lessons)
    network = linear_network(
        fitted,
        lessons.features.shape[1:],
        quantization,
        target_mean=mean,
        target_deviation=deviation,
    )
    calibration = dequantize(lessons.features[rows], quantization)
    return convert_to_tflite(network, calibration, quantization)


def _asked(tflite: bytes, lessons: Lessons) -> Callable[[NDArray[np.int8]], NDArray[np.int8]]:
    """Scores by the oracle."""
    shape = lessons.features.shape[1:]
    inner = (*shape, 1) if len(shape) == 2 else shape

    def score(features: NDArray[np.int8]) -> NDArray[np.int8]:
        with OracleProcess(tflite) as oracle:
            scores: NDArray[np.int8] = oracle.run(features.reshape(-1, *inner))
        return scores.reshape(len(features), -1)

    return score


def cost_of(device: OnDevice, features: NDArray[np.int8], configuration: Configuration) -> Cost:
    """The cost of one window; some run on the virtual board, to the same bytes.

    Args:
        device: the model.
        features: int8 [n, ...], real ones.
        configuration: whose board.

    Raises:
        InternalError: the board's scores are not this computer's.
        BoardError: the board's cycles are not modelled.
        DoesNotFit: it is larger than the board.
        MissingExtraError: there is no emulator.
    """
    board = load_board(configuration.board.source)
    asked = features[spread_rows(len(features), _RUN_ON_BOARD)]
    measured = measure_model(device.code, asked.reshape(len(asked), -1), board)
    wanted = device.score(asked)
    if not np.array_equal(measured.outputs[0].reshape(wanted.shape), wanted):
        raise InternalError("A baseline's scores on the virtual board are not this computer's.")
    cost = measured.cost
    energy = inference_energy(cost.cycles, cost.cycles_flash, board)
    return Cost(
        measured.image.flash_bytes,
        measured.image.ram_bytes,
        cost.stack_bytes,
        cost.cycles_flash,
        round(cost.latency_ms, 4),
        None if energy is None else round(energy.energy_flash_uj, 3),
        len(asked),
    )
