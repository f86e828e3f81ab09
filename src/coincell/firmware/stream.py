"""The always-on firmware's stream on this computer: the board's C, called from Python."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.firmware.application import Application
from coincell.toolchain import Compiler


@dataclass(frozen=True)
class StreamEvent:
    """One decision of a stream.

    Attributes:
        samples: where in the stream: how many samples it had when the window was complete.
        label: index of the class decided for, -1 for none.
        score: its smoothed score, in 1/256 of the network's output unit.
    """

    samples: int
    label: int
    score: int


class HostStream:
    """Samples in, decisions out, as on the board; several may run side by side.

    Args:
        application: what decides.
        compiler: for this computer; found unless given.

    Raises:
        ToolchainError: there is no C compiler, or it refused.
    """

    def __init__(self, application: Application, compiler: Compiler | None = None) -> None:
        raise NotImplementedError

    @property
    def hop_samples(self) -> int:
        """Samples from one decision to the next."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything: the next sample is the first."""
        raise NotImplementedError

    def process(self, samples: NDArray[np.int16]) -> list[StreamEvent]:
        """int16 [n], any n: more of the stream -> the decisions that they complete, every hop one.

        Raises:
            DataError: the array has another type or shape.
            ModelError: a step of the chain failed.
        """
        raise NotImplementedError
