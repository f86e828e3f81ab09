"""Reports behind each other are told apart, and what is torn or foreign costs no other."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.monitor import split_reports
from coincell.monitor.splitting import MOST_PIECE, read_reports
from made_fleet import KEY, a_reference, a_report

REFERENCE = a_reference()
REPORTS = [
    a_report(REFERENCE, number, sequence).to_bytes(key)
    for number in range(2)
    for sequence in range(3)
    for key in (None, KEY)
]


def test_whole_reports_are_told_apart():
    assert split_reports(b"".join(REPORTS)) == REPORTS
    assert split_reports(b"") == []


@pytest.mark.parametrize("cut", [1, 2, 3, 10, 100, 150])
def test_a_torn_report_costs_no_other(cut):
    """As a gateway leaves one that was killed while it wrote, and went on later."""
    torn = REPORTS[0][:cut]
    assert split_reports(torn + b"".join(REPORTS)) == [torn, *REPORTS]
    assert split_reports(b"".join(REPORTS) + torn) == [*REPORTS, torn]


def test_foreign_bytes_cost_no_report():
    foreign = b"# a comment of the gateway's\n"
    assert split_reports(REPORTS[0] + foreign + REPORTS[1]) == [REPORTS[0], foreign, REPORTS[1]]


@given(
    st.lists(st.one_of(st.sampled_from(REPORTS), st.binary(max_size=40)), max_size=12),
    st.integers(0, 300),
)
@settings(derandomize=True, deadline=None)
def test_parts_are_all_of_it_and_a_part_at_a_time_the_same(pieces, cut):
    data = b"".join(pieces)[cut:]
    parts = split_reports(data)
    assert b"".join(parts) == data
    assert all(0 < len(part) <= MOST_PIECE for part in parts)
    assert [part for some in read_reports(io.BytesIO(data)) for part in some] == parts


def test_a_long_file_is_read_a_part_at_a_time_and_noise_is_cut_short():
    noise = np.random.default_rng(0).integers(128, 256, 300_000, np.uint8).tobytes()
    data = b"".join(REPORTS * 400) + noise + b"".join(REPORTS)
    found = list(read_reports(io.BytesIO(data)))
    assert len(found) > 2
    parts = [part for some in found for part in some]
    assert b"".join(parts) == data
    assert parts[: 400 * len(REPORTS)] == REPORTS * 400
    assert parts[-len(REPORTS) :] == REPORTS
    assert max(map(len, parts)) <= MOST_PIECE
