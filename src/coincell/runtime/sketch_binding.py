"""What a device counts, by the C that the device runs (runtime/sketch)."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int8, c_int32, c_uint8, c_uint32
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, TelemetryError
from coincell.runtime.library import load_library
from coincell.runtime.sketch_plan import SketchPlan

NO_TIME = 2**32 - 1
_MOST_BYTES = 256
_IDENTITY_BYTES = 8
_TAG_BYTES = 16
_SIGN = ctypes.CFUNCTYPE(None, POINTER(c_uint8), c_uint32, POINTER(c_uint8))
_LISTS = (
    ("edges", ctypes.c_int16),
    ("centre", ctypes.c_int16),
    ("weights", c_uint8),
    ("distance_edges", c_int32),
    ("score_edges", c_int32),
)


class _Plan(ctypes.Structure):
    """coincell_sketch_plan"""

    _fields_ = (
        *(
            (name, c_int32)
            for name in (
                "rows",
                "columns",
                "row_groups",
                "column_groups",
                "row_step",
                "column_step",
                "labels",
                "classes",
                "channels",
                "sample_bytes",
                "health_steps",
                "health_stride",
                "spread",
                "distance_shift",
            )
        ),
        *((name, POINTER(kind)) for name, kind in _LISTS),
        ("reference", c_uint8 * _IDENTITY_BYTES),
    )


class _Facts(ctypes.Structure):
    """coincell_report_facts"""

    _fields_ = (
        ("device", c_uint8 * _IDENTITY_BYTES),
        *((name, c_uint32) for name in ("boot", "sequence", "uptime", "seconds", "reset", "time")),
    )


@dataclass(frozen=True)
class ReportFacts:
    """What a report tells beside the counters; docs/telemetry.md says what each means.

    Attributes:
        device: 8 bytes.
        boot: starts so far.
        sequence: reports since that start.
        uptime: seconds of stream since that start.
        seconds: of stream since the report before.
        reset: why it started, 0 to 5.
        time: seconds since 1970, below 2**32 - 1; None without a clock.
    """

    device: bytes
    boot: int = 0
    sequence: int = 0
    uptime: int = 0
    seconds: int = 0
    reset: int = 0
    time: int | None = None


class HostSketch:
    """The device's counters, on this computer.

    Attributes:
        plan: what is watched.
        reference: 8 bytes, its identity.
    """

    def __init__(self, plan: SketchPlan, reference: bytes = bytes(_IDENTITY_BYTES)) -> None:
        if len(reference) != _IDENTITY_BYTES:
            raise TelemetryError("plan", f"A reference's identity has {_IDENTITY_BYTES} bytes.")
        self.plan, self.reference = plan, reference
        self._library = load_library("sketch")
        self._library.coincell_sketch_bytes.restype = c_uint32
        self._library.coincell_report_write.restype = c_uint32
        self._plan, self._kept = _filled(plan, reference)
        self.bytes = int(self._library.coincell_sketch_bytes(ctypes.byref(self._plan)))
        """RAM of the counters on the device, in bytes."""
        self._memory = np.zeros((self.bytes + 3) // 4, np.uint32)
        self.reset()

    def reset(self) -> None:
        """Nothing was counted."""
        self._library.coincell_sketch_reset(ctypes.byref(self._plan), self._sketch)

    @property
    def memory(self) -> bytes:
        """All counters as the device keeps them, little-endian."""
        return self._memory.tobytes()

    @property
    def _sketch(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._memory.ctypes.data)

    def add(
        self,
        features: NDArray[np.int8],
        scores: NDArray[np.int8] | NDArray[np.int32],
        labels: NDArray[np.int16],
        samples: NDArray[np.int16] | NDArray[np.uint8],
    ) -> None:
        """Count windows that follow each other.

        Args:
            features: int8 [n, rows * columns] or [n, rows, columns].
            scores: int8 [n, labels]; int32 [n] where the plan has no labels.
            labels: [n], as decided; -1 for none.
            samples: [n, steps * channels] or [n, steps, channels], the newest of each window:
                int16, or uint8 of pictures; at least `plan.block_steps` steps.

        Raises:
            DataError: shapes or types do not fit the plan.
        """
        plan, count = self.plan, len(features)
        given = np.ascontiguousarray(features.reshape(count, -1))
        _expect("Features", given, np.dtype(np.int8), (count, plan.rows * plan.columns))
        kind = np.dtype(np.uint8 if plan.sample_bytes == 1 else np.int16)
        block = np.ascontiguousarray(samples.reshape(count, -1))
        steps = block.shape[1] // plan.channels
        _expect("Samples", block, kind, (count, steps * plan.channels))
        if steps < plan.block_steps:
            raise DataError(
                f"The sensor's health needs {plan.block_steps} steps a window; received {steps}."
            )
        whole = np.zeros(count, np.int32)
        parts = np.zeros((count, max(1, plan.labels)), np.int8)
        if plan.labels:
            parts = np.ascontiguousarray(scores)
            _expect("Scores", parts, np.dtype(np.int8), (count, plan.labels))
        else:
            whole = np.ascontiguousarray(scores, np.int32)
            _expect("Scores", whole, np.dtype(np.int32), (count,))
        decided = np.ascontiguousarray(labels, np.int32)
        _expect("Labels", decided, np.dtype(np.int32), (count,))
        self._library.coincell_sketch_add_batch(
            ctypes.byref(self._plan),
            self._sketch,
            c_int32(count),
            c_int32(steps),
            given.ctypes.data_as(POINTER(c_int8)),
            parts.ctypes.data_as(POINTER(c_int8)),
            whole.ctypes.data_as(POINTER(c_int32)),
            decided.ctypes.data_as(POINTER(c_int32)),
            block.ctypes.data_as(POINTER(c_uint8)),
        )

    def pass_by(self) -> None:
        """A window was passed over as quiet."""
        self._library.coincell_sketch_pass(self._sketch)

    def time(self, microseconds: int) -> None:
        """A decision took so long."""
        self._library.coincell_sketch_time(self._sketch, c_uint32(microseconds))

    def report(self, facts: ReportFacts, key: bytes | None = None) -> bytes:
        """The next report, at most 256 bytes; what it tells is forgotten.

        Args:
            facts: what it tells beside the counters.
            key: 32 bytes, which signs it.
        """
        import hmac

        def sign(body: ctypes._Pointer[c_uint8], count: int, tag: ctypes._Pointer[c_uint8]) -> None:
            made = hmac.digest(key or b"", ctypes.string_at(body, count), "sha256")
            ctypes.memmove(tag, made, _TAG_BYTES)

        given = _Facts(
            (c_uint8 * _IDENTITY_BYTES)(*facts.device),
            facts.boot,
            facts.sequence,
            facts.uptime,
            facts.seconds,
            facts.reset,
            NO_TIME if facts.time is None else facts.time,
        )
        report = (c_uint8 * _MOST_BYTES)()
        count = self._library.coincell_report_write(
            ctypes.byref(self._plan),
            self._sketch,
            ctypes.byref(given),
            _SIGN(sign) if key else _SIGN(),
            report,
        )
        return bytes(report[:count])


def _filled(plan: SketchPlan, reference: bytes) -> tuple[_Plan, list[Any]]:
    """The plan as C sees it, and the arrays that it points to."""
    made, kept = _Plan(), []
    for name, *_ in _Plan._fields_[: -len(_LISTS) - 1]:
        setattr(made, name, getattr(plan, name))
    for name, kind in _LISTS:
        values = getattr(plan, name)
        flat = [edge for row in values for edge in row] if name == "edges" else values
        array = (kind * len(flat))(*flat)
        kept.append(array)
        setattr(made, name, ctypes.cast(array, POINTER(kind)))
    made.reference[:] = reference
    return made, kept


def _expect(
    what: str, array: NDArray[np.generic], kind: np.dtype[np.generic], shape: tuple[int, ...]
) -> None:
    if array.dtype != kind or array.shape != shape:
        raise DataError(
            f"{what} must be {kind} {list(shape)}; received {array.dtype} {list(array.shape)}."
        )
