"""One report of a device, as bytes and as numbers; docs/telemetry.md describes the format."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from coincell.errors import TelemetryError

VERSION = 1
MOST_BYTES = 256
TAG_BYTES = 16
KEY_BYTES = 32
IDENTITY_BYTES = 8

_VERSION, _DEVICE, _REFERENCE, _BOOT, _SEQUENCE, _UPTIME = range(6)
_SECONDS, _WINDOWS, _QUIET, _RESET, _LATENCY, _SECTIONS, _TIME = range(6, 13)
_NEEDED = {_VERSION, _DEVICE, _REFERENCE, _BOOT, _SEQUENCE, _UPTIME, _SECONDS, _WINDOWS}
_KNOWN = _NEEDED | {_QUIET, _RESET, _LATENCY, _SECTIONS, _TIME}
_MOST_DEPTH = 4
_MOST_COUNT = 2**32 - 1
_MOST_TIME = 2**40
_MOST_RESET = 5
_MOST_SECTION = 255


@dataclass(frozen=True, slots=True)
class Report:
    """What a device told of one interval.

    Attributes:
        device: 8 bytes, the chip's identity.
        reference: 8 bytes, what the counts are to be compared with.
        boot: starts of the device so far; 0 where it keeps none.
        sequence: reports since that start, from 0.
        uptime: seconds of stream since that start.
        seconds: of stream since the report before.
        windows: decided since the report before.
        sections: section number -> its counters, packed.
        quiet: windows passed over as quiet since the report before.
        reset: why the device started, 0 to 5.
        latency: least and greatest microseconds to a decision; None where nothing was timed.
        time: seconds since 1970 by the device's clock; None without one.
    """

    device: bytes
    reference: bytes
    boot: int
    sequence: int
    uptime: int
    seconds: int
    windows: int
    sections: Mapping[int, bytes] = field(default_factory=dict)
    quiet: int = 0
    reset: int = 0
    latency: tuple[int, int] | None = None
    time: int | None = None

    @property
    def name(self) -> tuple[bytes, int, int]:
        """Who receives two reports of one name counts one."""
        return self.device, self.boot, self.sequence

    def to_bytes(self, key: bytes | None = None) -> bytes:
        """The report as a device sends it, signed by `key` (32 bytes) if there is one.

        Raises:
            TelemetryError: it is longer than 256 bytes.
        """
        body: dict[int, Any] = {
            _VERSION: VERSION,
            _DEVICE: self.device,
            _REFERENCE: self.reference,
            _BOOT: self.boot,
            _SEQUENCE: self.sequence,
            _UPTIME: self.uptime,
            _SECONDS: self.seconds,
            _WINDOWS: self.windows,
        }
        if self.quiet:
            body[_QUIET] = self.quiet
        body[_RESET] = self.reset
        if self.latency is not None:
            body[_LATENCY] = list(self.latency)
        body[_SECTIONS] = {number: self.sections[number] for number in sorted(self.sections)}
        if self.time is not None:
            body[_TIME] = self.time
        encoded = _cbor().dumps(body)
        whole: bytes = _cbor().dumps([encoded, signature(encoded, key) if key else b""])
        if len(whole) > MOST_BYTES:
            _refuse("length", f"A report has at most {MOST_BYTES} bytes; this one {len(whole)}.")
        return whole


def signature(body: bytes, key: bytes) -> bytes:
    """The first 16 bytes of HMAC-SHA256 (RFC 2104) of `body` with a device's key."""
    return hmac.digest(key, body, "sha256")[:TAG_BYTES]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A report whose signature has not been looked at yet."""

    report: Report
    body: bytes
    tag: bytes

    def is_signed_by(self, key: bytes) -> bool:
        """Whether `key` made the tag; takes equally long whatever differs."""
        return hmac.compare_digest(self.tag, signature(self.body, key))


def parse_report(data: bytes) -> Envelope:
    """Bytes of anyone's -> a report whose numbers can be, but whose sender is not proved.

    Raises:
        TelemetryError: these are not the bytes of a report, with the reason.
    """
    if len(data) > MOST_BYTES:
        _refuse("length", f"A report has at most {MOST_BYTES} bytes; received {len(data)}.")
    outer = _decoded(data)
    body, tag = outer if type(outer) is list and len(outer) == 2 else (None, None)
    if type(body) is not bytes or type(tag) is not bytes:
        _refuse("form", "A report is an array of two byte strings: body and tag.")
    if len(tag) not in (0, TAG_BYTES):
        _refuse("form", f"A tag has 0 or {TAG_BYTES} bytes; received {len(tag)}.")
    # No signature covers how the two are wrapped. Were there several ways, who overhears a report
    # could send it again as another, which counts twice where its bytes belong to its name.
    if _cbor().dumps(outer) != data:
        _refuse("form", "The array is encoded in the shortest way, and nothing comes after it.")
    facts = _decoded(body)
    if type(facts) is not dict:
        _refuse("form", "The body of a report is a map.")
    if facts.get(_VERSION) != VERSION or type(facts[_VERSION]) is not int:
        _refuse(
            "version",
            f"This version reads reports of version {VERSION}; received {facts.get(_VERSION)!r}.",
        )
    if not _NEEDED <= facts.keys() <= _KNOWN:
        _refuse("form", f"A report has the keys {sorted(_NEEDED)} and knows {sorted(_KNOWN)}.")
    return Envelope(_report(facts), body, tag)


def _report(facts: dict[int, Any]) -> Report:
    return Report(
        device=_identity(facts, _DEVICE),
        reference=_identity(facts, _REFERENCE),
        boot=_count(facts, _BOOT),
        sequence=_count(facts, _SEQUENCE),
        uptime=_count(facts, _UPTIME),
        seconds=_count(facts, _SECONDS),
        windows=_count(facts, _WINDOWS),
        sections=_sections(facts.get(_SECTIONS, {})),
        quiet=_count(facts, _QUIET) if _QUIET in facts else 0,
        reset=_count(facts, _RESET, _MOST_RESET) if _RESET in facts else 0,
        latency=_latency(facts[_LATENCY]) if _LATENCY in facts else None,
        time=_count(facts, _TIME, _MOST_TIME) if _TIME in facts else None,
    )


@cache
def _cbor() -> Any:
    """Imported once it is needed, and not asked for again with each report."""
    import cbor2

    return cbor2


def _decoded(data: bytes) -> Any:
    try:
        return _cbor().loads(
            data, max_depth=_MOST_DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        )
    except Exception as error:  # whatever a decoder of hostile bytes may raise
        raise TelemetryError("cbor", f"A report is CBOR (RFC 8949): {error}.") from error


def _identity(facts: dict[int, Any], key: int) -> bytes:
    value = facts[key]
    if type(value) is not bytes or len(value) != IDENTITY_BYTES:
        _refuse("form", f"Key {key} of a report is a byte string of {IDENTITY_BYTES}.")
    return value


def _count(facts: dict[int, Any], key: int, most: int = _MOST_COUNT) -> int:
    value = facts[key]
    if type(value) is not int or not 0 <= value <= most:
        _refuse("range", f"Key {key} of a report is a whole number, 0 to {most}.")
    return value


def _latency(value: Any) -> tuple[int, int]:
    if type(value) is not list or len(value) != 2:
        _refuse("form", "Latency is an array of two numbers.")
    ends = dict(enumerate(value))
    least, most = _count(ends, 0), _count(ends, 1)
    if least > most:
        _refuse("range", "The least latency is at most the greatest.")
    return least, most


def _sections(value: Any) -> dict[int, bytes]:
    if type(value) is not dict:
        _refuse("form", "Sections are a map from numbers to byte strings.")
    for number, text in value.items():
        if type(number) is not int or not 0 < number <= _MOST_SECTION or type(text) is not bytes:
            _refuse("form", "Sections are a map from numbers to byte strings.")
    return value


def _refuse(reason: str, message: str) -> NoReturn:
    raise TelemetryError(reason, message)
