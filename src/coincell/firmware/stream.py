"""The always-on firmware's stream on this computer: the board's C, called from Python."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, InternalError, ModelError
from coincell.firmware.application import Application
from coincell.firmware.host import load_host_code
from coincell.firmware.telemetry import IDENTITY_BYTES
from coincell.toolchain import Compiler

_PART = 1 << 20
_TOLD = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_uint8), ctypes.c_uint32)
_REPORT_BYTES = 256


@dataclass(frozen=True)
class StreamEvent:
    """One decision of a stream.

    Attributes:
        samples: where in the stream: how many samples (steps in time, or pictures) it had when
            the window was complete.
        label: index of the class decided for, -1 for none.
        score: its smoothed score as the chain reckons it, in 1/256 of the network's output unit;
            `Application.score_unit.share` makes 0 to 1 of it.
    """

    samples: int
    label: int
    score: int


class HostStream:
    """Samples in, decisions out, as on the board; several may be used in turns, by one thread.

    Args:
        application: what decides.
        compiler: for this computer; found unless given.
        settling_samples: of the first ones, that no decision is made on, as
            `Board.microphone.settling_samples` of a board that listens; 0 for a recording.

    Attributes:
        hop_samples: from one decision to the next.

    Raises:
        ToolchainError: there is no C compiler, or it refused.
        ModelError: the network does not start.
    """

    def __init__(
        self,
        application: Application,
        compiler: Compiler | None = None,
        settling_samples: int = 0,
    ) -> None:
        self.hop_samples = application.hop_samples
        self._form = application.form
        self._step = application.step_values
        self._scores = application.score_bytes
        self._settling = settling_samples
        self._counting = application.counting
        self._reports: list[bytes] = []
        self._told = _TOLD(lambda report, count: self._reports.append(bytes(report[:count])))
        self._library = load_host_code(application, compiler)
        size = self._library.application_stream_bytes()
        self._state = np.zeros(-(-size // 8), np.uint64)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next sample is the first, and nothing is counted."""
        settling = ctypes.c_uint32(self._settling * self._step)
        self._check(self._library.application_stream_open(self._memory, settling))

    def process(self, samples: NDArray[Any]) -> list[StreamEvent]:
        """[n] of form.dtype, any n: more of the stream -> the decisions that these values complete,
        every hop one. Channels stand side by side.

        Raises:
            DataError: the array has another type or shape.
            ModelError: a step of the chain failed.
        """
        return self.process_scored(samples)[0]

    def process_scored(self, samples: NDArray[Any]) -> tuple[list[StreamEvent], NDArray[np.int8]]:
        """The same, and int8 [decisions, scores]: what each one's window was scored, as
        `ChainResult.scores`; of a window on which the network did not run, the last one's.

        Raises:
            DataError, ModelError: as `process`.
        """
        if samples.dtype != self._form.dtype or samples.ndim != 1:
            raise DataError(
                f"A stream is {self._form.dtype} [n]. "
                f"Received: {samples.dtype} {list(samples.shape)}."
            )
        events: list[StreamEvent] = []
        scores = [np.zeros((0, self._scores), np.int8)]
        for begin in range(0, len(samples), _PART):
            more, outputs = self._feed(np.ascontiguousarray(samples[begin : begin + _PART]))
            events += more
            scores.append(outputs)
        return events, np.concatenate(scores)

    def lose(self, count: int) -> None:
        """Pass over `count` samples as lost: windows and smoothing begin anew behind them."""
        self._library.application_stream_lose(self._memory, ctypes.c_uint32(count * self._step))

    def watch(self, device: bytes) -> None:
        """Count what comes from now on, as a device of that identity (8 bytes) whose power just
        came; what was counted is forgotten.

        Raises:
            InternalError: the application counts nothing.
        """
        if self._counting is None or len(device) != IDENTITY_BYTES:
            raise InternalError("An application that counts is needed, and a device of 8 bytes.")
        identity = (ctypes.c_uint8 * IDENTITY_BYTES)(*device)
        self._reports.clear()
        self._library.application_stream_watch(self._memory, identity, self._told)

    def take_reports(self) -> list[bytes]:
        """The reports of the intervals that ended since the last call."""
        taken, self._reports[:] = list(self._reports), []
        return taken

    def report(self) -> bytes:
        """A report of the interval so far, as the board answers TELL; the next one begins."""
        report = (ctypes.c_uint8 * _REPORT_BYTES)()
        return bytes(report[: self._library.application_stream_tell(self._memory, report)])

    @property
    def _memory(self) -> ctypes.c_void_p:
        return self._state.ctypes.data_as(ctypes.c_void_p)

    def _feed(self, samples: NDArray[Any]) -> tuple[list[StreamEvent], NDArray[np.int8]]:
        room = len(samples) // (self.hop_samples * self._step) + 1
        positions = np.zeros(room, np.uint64)
        labels, scores = np.zeros(room, np.int16), np.zeros(room, np.int32)
        outputs = np.zeros((room, self._scores), np.int8)
        decided = ctypes.c_uint32()
        status = self._library.application_stream_feed(
            self._memory,
            samples.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_uint32(len(samples)),
            *(
                array.ctypes.data_as(ctypes.c_void_p)
                for array in (positions, labels, scores, outputs)
            ),
            ctypes.byref(decided),
        )
        self._check(status)
        columns = (array[: decided.value].tolist() for array in (positions, labels, scores))
        events = [StreamEvent(*row) for row in zip(*columns, strict=True)]
        return events, outputs[: decided.value]

    def _check(self, status: int) -> None:
        if status:
            raise ModelError(f"The compiled application failed with code {status}.")
