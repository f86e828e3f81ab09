"""Which reports are believed, and when what they tell happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.errors import TelemetryError
from coincell.monitor.reference import Reference
from coincell.monitor.telemetry import MOST_BYTES, Envelope, Report, parse_report

CLOCK_AHEAD_S = 300
"""A device's clock may be so far ahead of ours; a faster one is not believed."""

_OLDEST_S = 400 * 86400
_SPARE_WINDOWS = 4
_SPARE_SHARE = 1.05
"""More windows than the interval's seconds allow by this are no rounding of ends."""

_ARRAY_OF_TWO = 0x82
_BYTES, _BYTES_1, _BYTES_2 = 0x40, 0x58, 0x59


@dataclass(frozen=True, slots=True)
class Refusal:
    """A report that counts nowhere.

    Attributes:
        place: its number among those that came together.
        reason: a word that refusals are counted by.
        message: what cannot be.
        device: who it says it is of; None where that could not be read.
        data: its first bytes.
    """

    place: int
    reason: str
    message: str
    device: bytes | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """A report that is believed: its number among those that came together, bytes, counts."""

    place: int
    report: Report
    data: bytes
    vector: NDArray[np.int64]


def split_reports(data: bytes) -> list[bytes]:
    """Reports behind each other -> each of them; what is no report's beginning ends the last one.

    A CBOR array of two definite byte strings tells its own length; nothing else is decoded here.
    """
    parts, begin = [], 0
    while begin < len(data):
        end = begin + 1 if data[begin] == _ARRAY_OF_TWO else len(data)
        for _ in range(2):
            end = min(_after_bytes(data, end), len(data))
        parts.append(data[begin:end])
        begin = end
    return parts


def _after_bytes(data: bytes, begin: int) -> int:
    """Where the byte string at `begin` ends; far behind everything where there is none."""
    nowhere = len(data)
    if begin >= len(data):
        return nowhere
    head = data[begin]
    if _BYTES <= head < _BYTES_1:
        return begin + 1 + head - _BYTES
    if head == _BYTES_1 and begin + 1 < len(data):
        return begin + 2 + data[begin + 1]
    if head == _BYTES_2 and begin + 2 < len(data):
        return begin + 3 + int.from_bytes(data[begin + 1 : begin + 3], "big")
    return nowhere


def refused(place: int, error: TelemetryError, data: bytes, device: bytes | None) -> Refusal:
    """A report that was not believed, as it is kept."""
    return Refusal(place, error.reason, error.message, device, data[:MOST_BYTES])


class Admission:
    """The rules that every report of a batch passes.

    Args:
        keys: of devices that are enrolled: identity -> key.
        reference: the registered reference of an identity; None where there is none.
        enrolled_only: refuse devices without a key.
    """

    def __init__(
        self,
        keys: Mapping[bytes, bytes],
        reference: Callable[[bytes], Reference | None],
        enrolled_only: bool = False,
    ) -> None:
        self._keys = keys
        self._reference = reference
        self._enrolled_only = enrolled_only

    def admit(self, envelopes: Sequence[tuple[int, bytes, Envelope]]) -> _Sorted:
        """(place, bytes, envelope) of a batch -> those believed, and refusals."""
        result = _Sorted([], [])
        groups: dict[bytes, list[tuple[int, bytes, Report]]] = {}
        for place, data, envelope in envelopes:
            report = envelope.report
            try:
                self._check(envelope)
            except TelemetryError as error:
                result.refusals.append(refused(place, error, data, report.device))
            else:
                groups.setdefault(report.reference, []).append((place, data, report))
        for identity, members in groups.items():
            reference = self._reference(identity)
            assert reference is not None
            _add_vectors(result, reference, members)
        return result

    def _check(self, envelope: Envelope) -> None:
        report = envelope.report
        key = self._keys.get(report.device)
        if key is not None:
            if not envelope.is_signed_by(key):
                raise TelemetryError("signature", "The device's key did not sign this report.")
        elif envelope.tag:
            raise TelemetryError(
                "signature", "The report is signed, and its device's key is not enrolled."
            )
        elif self._enrolled_only:
            raise TelemetryError("unenrolled", "Only devices with an enrolled key are heard here.")
        reference = self._reference(report.reference)
        if reference is None:
            raise TelemetryError(
                "reference", f"The reference {report.reference.hex()} is not registered."
            )
        hop = reference.hop_seconds
        counted = report.windows + report.quiet
        if hop > 0 and counted > report.seconds / hop * _SPARE_SHARE + _SPARE_WINDOWS:
            raise TelemetryError(
                "range", f"{report.seconds} seconds have no {counted} windows of {hop:g} s each."
            )


@dataclass
class _Sorted:
    """What `Admission.admit` made of a batch."""

    admitted: list[Admitted]
    refusals: list[Refusal]


def _add_vectors(
    result: _Sorted, reference: Reference, members: Sequence[tuple[int, bytes, Report]]
) -> None:
    try:
        vectors = reference.layout.vectors_of([report for _, _, report in members])
    except TelemetryError as error:
        if len(members) == 1:
            place, data, report = members[0]
            result.refusals.append(refused(place, error, data, report.device))
            return
        # Halves, so that one bad report among many costs a few goes and not one a report.
        middle = len(members) // 2
        _add_vectors(result, reference, members[:middle])
        _add_vectors(result, reference, members[middle:])
        return
    result.admitted.extend(
        Admitted(place, report, data, vector)
        for (place, data, report), vector in zip(members, vectors, strict=True)
    )


def read_all(
    batch: Sequence[bytes],
) -> tuple[list[tuple[int, bytes, Envelope]], list[Refusal]]:
    """Bytes of anyone's -> envelopes with their places, and refusals of what are no reports."""
    envelopes, refusals = [], []
    for place, data in enumerate(batch):
        try:
            envelopes.append((place, data, parse_report(data)))
        except TelemetryError as error:
            refusals.append(refused(place, error, data, None))
    return envelopes, refusals


def placed_at(report: Report, received: int, started: int) -> int:
    """When a report's interval ended, in seconds since 1970.

    By the device's clock if it can be right: not ahead of ours by more than `CLOCK_AHEAD_S`, nor
    older than a year. Else by its uptime from `started`, when its boot began by our clock.
    """
    time = report.time
    if time is not None and received - _OLDEST_S < time <= received + CLOCK_AHEAD_S:
        return time
    return min(started + report.uptime, received)
