"""What a stream counts of its decisions: NumPy's counts, for every sense and goal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coincell.errors import InternalError
from coincell.firmware import HostStream
from counting import DEVICE, counting, expected, layout_of, told
from exporting_senses import SENSES, sensing, windows_of

EACH = [name for name in SENSES if name not in ("diagonal mixture", "full mixture")]


@pytest.mark.parametrize("what", EACH)
def test_counts_of_a_stream_are_numpys(what: str) -> None:
    plain = sensing(what)
    application = counting(plain, windows_of(plain.form, 60))
    values = windows_of(plain.form, 50, seed=77).ravel()
    stream = HostStream(application)
    stream.watch(DEVICE)
    events = stream.process(values)
    assert events == HostStream(plain).process(values)
    reports = told([*stream.take_reports(), *(stream.report() for _ in range(6))])
    layout = layout_of(application)
    merged = layout.merged(layout.vectors_of(reports))
    wanted = expected(application, values, events)
    merged[: len(layout.header)] = wanted[: len(layout.header)]
    assert merged.tolist() == wanted.tolist()
    assert sum(report.windows for report in reports) == len(events)


def test_an_interval_is_told_when_it_ends_and_a_gap_counts_as_time() -> None:
    plain = sensing("gesture")
    application = counting(plain, windows_of(plain.form, 60), interval_s=5)
    rate = plain.sample_rate_hz
    stream = HostStream(application)
    stream.watch(DEVICE)
    stream.process(np.zeros(4 * 3 * rate, np.int16))
    stream.lose(100_000 * rate + 7)
    stream.process(np.zeros(4 * 6 * rate, np.int16))
    assert stream.take_reports()
    assert not stream.take_reports()
    stream.process(np.zeros(4 * 4 * rate, np.int16))
    (last,) = told(stream.take_reports())
    assert (last.device, last.boot, last.time) == (DEVICE, 0, None)
    assert last.uptime - last.seconds >= 100_000
    assert 5 <= last.seconds < 5 + 2 * application.hop_samples / rate + 1


def test_quiet_windows_are_counted_apart() -> None:
    plain = sensing("gesture")
    watchful = replace(plain, decision=plain.decision.model_copy(update={"wake_dbfs": -20.0}))
    application = counting(watchful, windows_of(plain.form, 60), interval_s=1000)
    loud = np.full(plain.form.values * 6, 20_000, np.int16)
    stream = HostStream(application)
    stream.watch(DEVICE)
    events = stream.process(np.concatenate([0 * loud, loud, 0 * loud]))
    (report,) = told([stream.report()])
    assert report.quiet > 5
    assert report.windows > 5
    assert report.quiet + report.windows == len(events)


def test_an_application_that_counts_nothing_cannot_be_watched() -> None:
    with pytest.raises(InternalError, match="application that counts"):
        HostStream(sensing("gesture")).watch(DEVICE)
