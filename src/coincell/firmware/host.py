"""The application as a library of this computer: the very C of the board, called from Python."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, ModelError
from coincell.firmware.application import Application, application_sources, device_sources
from coincell.toolchain import Compiler, build_shared_library


@dataclass(frozen=True)
class ChainResult:
    """What the chain makes of n windows, each standing alone (smoothing emptied before it).

    Attributes:
        features: int8 [n, features].
        scores: int8 [n, scores]: the network's, or of normality the bytes of an int32.
        labels: int16 [n], -1 for no decision.
        decision_scores: int32 [n], fixed point.
    """

    features: NDArray[np.int8]
    scores: NDArray[np.int8]
    labels: NDArray[np.int16]
    decision_scores: NDArray[np.int32]


class HostLibrary:
    """The chain on this computer. Not for several threads at once: its buffers are static."""

    def __init__(self, application: Application, library: ctypes.CDLL) -> None:
        self._library = library
        self.form = application.form
        self.features = math.prod(application.features.shape)
        self.scores = application.score_bytes

    def process(self, windows: NDArray[Any]) -> ChainResult:
        """Windows [n, form.values] of form.dtype -> features, scores, decisions.

        Raises:
            DataError: the array has another type or shape.
            ModelError: a step of the chain failed.
        """
        if windows.dtype != self.form.dtype or windows.shape[1:] != (self.form.values,):
            raise DataError(
                f"Windows must be {self.form.dtype} [n, {self.form.values}]. "
                f"Received: {windows.dtype} {list(windows.shape)}."
            )
        source = np.ascontiguousarray(windows)
        count = len(source)
        result = ChainResult(
            features=np.zeros((count, self.features), np.int8),
            scores=np.zeros((count, self.scores), np.int8),
            labels=np.zeros(count, np.int16),
            decision_scores=np.zeros(count, np.int32),
        )
        outputs = (result.features, result.scores, result.labels, result.decision_scores)
        status = self._library.application_process_batch(
            ctypes.c_int32(count),
            source.ctypes.data_as(ctypes.c_void_p),
            *(array.ctypes.data_as(ctypes.c_void_p) for array in outputs),
        )
        if status:
            raise ModelError(f"The compiled application failed with code {status}.")
        return result


def build_host_library(application: Application, compiler: Compiler | None = None) -> HostLibrary:
    """Compile the application for this computer; cached by content.

    Raises:
        ToolchainError: there is no C compiler, or it refused.
    """
    return HostLibrary(application, load_host_code(application, compiler))


def load_host_code(application: Application, compiler: Compiler | None = None) -> ctypes.CDLL:
    """The application's C, and device/host around it, as a library of this computer.

    Raises:
        ToolchainError: there is no C compiler, or it refused.
    """
    sources = application_sources(application) | device_sources("host")
    path = build_shared_library(f"{application.name}_application", sources, compiler=compiler)
    return ctypes.CDLL(str(path))
