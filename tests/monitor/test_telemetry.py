"""What is written is read, by cbor2 and hmac as oracles; what strangers send is refused."""

from __future__ import annotations

import contextlib
import hashlib
import hmac

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.errors import TelemetryError
from coincell.monitor import CounterLayout, Report, parse_report
from coincell.monitor.counters import packed_counters, unpacked_counters

DEVICE, REFERENCE, KEY = b"device-1", b"refer--1", bytes(range(32))
counts = st.integers(0, 2**32 - 1)


def a_report(**changes: object) -> Report:
    facts: dict[str, object] = {
        "device": DEVICE,
        "reference": REFERENCE,
        "boot": 3,
        "sequence": 4,
        "uptime": 7200,
        "seconds": 3600,
        "windows": 14400,
    }
    return Report(**(facts | changes))  # type: ignore[arg-type]


@given(
    st.lists(counts, min_size=6, max_size=6),
    st.dictionaries(st.integers(1, 255), st.binary(max_size=20), max_size=6),
    st.none() | st.tuples(counts, counts).map(lambda ends: (min(ends), max(ends))),
    st.none() | st.integers(0, 2**40),
    st.booleans(),
)
def test_what_is_written_is_read(numbers, sections, latency, time, is_signed):
    names = ("boot", "sequence", "uptime", "seconds", "windows", "quiet")
    report = a_report(
        **dict(zip(names, numbers, strict=True)), sections=sections, latency=latency, time=time
    )
    data = report.to_bytes(KEY if is_signed else None)
    envelope = parse_report(data)
    assert envelope.report == report
    assert envelope.is_signed_by(KEY) == is_signed
    body, tag = cbor2.loads(data)
    assert body == cbor2.dumps(cbor2.loads(body), canonical=True)
    assert tag == (hmac.new(KEY, body, hashlib.sha256).digest()[:16] if is_signed else b"")


def test_another_key_or_another_byte_is_no_signature():
    data = a_report(sections={1: b"\1\2"}).to_bytes(KEY)
    assert parse_report(data).is_signed_by(KEY)
    assert not parse_report(data).is_signed_by(KEY[::-1])
    changed = data.replace(b"\1\2", b"\1\3")
    assert not parse_report(changed).is_signed_by(KEY)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_report_or_refused(data):
    with pytest.raises(TelemetryError) as refused:
        parse_report(data)
    assert refused.value.reason in {"length", "cbor", "form", "version", "range"}


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_report_is_a_report_or_refused(place, value):
    data = bytearray(a_report(sections={1: b"\1\2", 3: b"\0" * 16}).to_bytes(KEY))
    data[place % len(data)] = value
    with contextlib.suppress(TelemetryError):
        assert parse_report(bytes(data)).report.windows >= 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({0: 2}, "version"),
        ({0: True}, "version"),
        ({0: 1.0}, "version"),
        ({1: b"short"}, "form"),
        ({1: "device-1"}, "form"),
        ({3: -1}, "range"),
        ({4: 2**32}, "range"),
        ({5: 1.5}, "range"),
        ({5: True}, "range"),
        ({9: 6}, "range"),
        ({10: [5, 4]}, "range"),
        ({10: [1]}, "form"),
        ({11: {0: b""}}, "form"),
        ({11: {1: "text"}}, "form"),
        ({11: [1]}, "form"),
        ({13: 1}, "form"),
        ({12: 2**41}, "range"),
    ],
)
def test_values_that_cannot_be_are_refused(changes, reason):
    body = cbor2.loads(cbor2.loads(a_report().to_bytes())[0]) | changes
    with pytest.raises(TelemetryError) as refused:
        parse_report(cbor2.dumps([cbor2.dumps(body), b""]))
    assert refused.value.reason == reason


def test_deep_and_endless_cbor_is_refused():
    for data in (b"\x81" * 255, b"\x9f" * 200, b"\x5b" + b"\xff" * 8, b"\xd8\x1d\x00"):
        with pytest.raises(TelemetryError) as refused:
            parse_report(data)
        assert refused.value.reason in {"cbor", "form"}


@pytest.mark.parametrize("begin", [b"\x98\x02\x58", b"\x82\x59\0", b"\x82\x5a\0\0\0"])
def test_a_signed_report_has_one_form(begin):
    """Its tag says nothing of the array around it: RFC 8949, 4.2.1 leaves one encoding of that."""
    data = a_report(sections={1: b"x" * 100}).to_bytes(KEY)
    assert data[:2] == b"\x82\x58"
    for other in (begin + data[2:], data + b"\0", data + data):
        assert cbor2.loads(other) == cbor2.loads(data)
        with pytest.raises(TelemetryError) as refused:
            parse_report(other)
        assert refused.value.reason in {"form", "length"}


def test_more_than_256_bytes_are_neither_made_nor_read():
    with pytest.raises(TelemetryError, match="256 bytes"):
        a_report(sections={1: b"x" * 200}).to_bytes(KEY)
    with pytest.raises(TelemetryError, match="received 257"):
        parse_report(b"\0" * 257)


def by_hand(value: int) -> bytes:
    """LEB128 one group after the other, as the standard's pseudo code has it."""
    groups = [value >> shift & 0x7F for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


@given(st.lists(st.lists(counts, max_size=9), max_size=9))
def test_counters_come_back(lists):
    texts = [packed_counters(values) for values in lists]
    assert texts == [b"".join(map(by_hand, values)) for values in lists]
    values, lengths = unpacked_counters(texts)
    assert values.tolist() == [value for values in lists for value in values]
    assert lengths.tolist() == [len(values) for values in lists]


@pytest.mark.parametrize("texts", [[b"\x80"], [b"\x01\x80", b"\x01"], [b"\x80" * 5 + b"\x01"]])
def test_counters_that_do_not_end_are_refused(texts):
    with pytest.raises(TelemetryError):
        unpacked_counters(texts)


def test_counters_beyond_32_bits_are_refused():
    with pytest.raises(TelemetryError, match="32 bits"):
        unpacked_counters([b"\xff\xff\xff\xff\x7f"])


def vectors_to_send(layout: CounterLayout, generator: np.random.Generator) -> np.ndarray:
    vectors = generator.integers(0, 200, (5, layout.size))
    vectors[:, 3] = 1
    health = vectors[:, layout.health].reshape(5, layout.channels, 6)
    health[..., 2] -= 100
    return vectors


def test_vectors_come_back_from_reports_and_merge():
    layout = CounterLayout(classes=4, channels=2, features=3)
    vectors = vectors_to_send(layout, np.random.default_rng(0))
    reports = [
        a_report(
            seconds=int(vector[0]),
            windows=int(vector[1]),
            quiet=int(vector[2]),
            sections=layout.sections_of(vector),
        )
        for vector in vectors
    ]
    told = layout.vectors_of([parse_report(r.to_bytes()).report for r in reports])
    assert (told == vectors).all()
    merged = layout.merged(told)
    floors = layout.floors
    assert (merged[floors] == vectors[:, floors].min(0)).all()
    rest = np.delete(np.arange(layout.size), floors)
    assert (merged[rest] == vectors[:, rest].sum(0)).all()
    half = layout.vectors_of([a_report(sections={3: b"\1" * 16})])
    assert (half[0, layout.places[3]] == 1).all()
    assert (half[0, floors] == layout.NO_FLOOR).all()


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({1: b"\1\2\3"}, "section"),
        ({18: b"\1" * 6}, "section"),
        ({64: packed_counters([65536] * 8)}, "range"),
        ({3: packed_counters([65536] * 16)}, "range"),
        ({16: packed_counters([70000, 0, 0, 0, 0, 0])}, "range"),
    ],
)
def test_sections_that_the_plan_does_not_have_are_refused(sections, reason):
    layout = CounterLayout(classes=4, channels=2, features=3)
    with pytest.raises(TelemetryError) as refused:
        layout.vectors_of([a_report(sections=sections)])
    assert refused.value.reason == reason
