"""Which reports are believed, and when what they tell happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Batch:
    """Bytes of anyone's, read: reports with their places and bytes, and what are none."""

    envelopes: Sequence[tuple[int, bytes, Envelope]]
    refusals: Sequence[Refusal]


def read_batch(batch: Sequence[bytes]) -> Batch:
    """Bytes of anyone's, each at most one report -> what they are; asks no database."""
    envelopes, refusals = [], []
    for place, data in enumerate(batch):
        try:
            envelopes.append((place, data, parse_report(data)))
        except TelemetryError as error:
            refusals.append(refused(place, error, data, None))
    return Batch(envelopes, refusals)


def together(parts: Sequence[tuple[Batch, int]]) -> Batch:
    """Batches of so many reports each as one; places count on."""
    envelopes: list[tuple[int, bytes, Envelope]] = []
    refusals: list[Refusal] = []
    begin = 0
    for batch, count in parts:
        envelopes += [(place + begin, data, one) for place, data, one in batch.envelopes]
        refusals += [replace(one, place=one.place + begin) for one in batch.refusals]
        begin += count
    return Batch(envelopes, refusals)


def placed_at(report: Report, received: int, started: int) -> int:
    """When a report's interval ended, in seconds since 1970.

    By the device's clock if it can be right: not ahead of ours by more than `CLOCK_AHEAD_S`, nor
    older than a year. Else by its uptime from `started`, when its boot began by our clock; and if
    that cannot be either, when it was received.
    """
    time = report.time
    if time is not None and received - _OLDEST_S < time <= received + CLOCK_AHEAD_S:
        return time
    placed = min(started + report.uptime, received)
    # An uptime that cannot be, told once, would move what the boot tells later out of the world.
    return placed if placed > received - _OLDEST_S else received
