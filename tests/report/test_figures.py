"""Figures as people read them."""

from __future__ import annotations

import pytest

from coincell.report import Metric, figures


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.count(2656768), "2,656,768"),
        (figures.short_count(2656768), "2.66 M"),
        (figures.short_count(22604), "22.6 k"),
        (figures.short_count(999.96), "1,000"),
        (figures.short_count(0.5), "0.50"),
        (figures.size(1023), "1023 B"),
        (figures.size(71324), "69.7 KiB"),
        (figures.size(983040), "960 KiB"),
        (figures.size(1 << 20), "1.00 MiB"),
        (figures.percent(0.934), "93.4 %"),
        (figures.milliseconds(251.4), "251 ms"),
        (figures.milliseconds_range((702.4, 1169.6)), "702 to 1,170 ms"),
        (figures.milliseconds_range((1169.6, 2000)), "1,170 to 2,000 ms"),
        (figures.milliseconds(0.0123), "0.0123 ms"),
        (figures.seconds(2.5), "2.50 s"),
        (figures.seconds(75), "1 min 15 s"),
        (figures.seconds(3599.7), "1 h 0 min"),
        (figures.seconds(4020), "1 h 7 min"),
        (figures.decimal(0.98765), "0.988"),
        (figures.decimal(1234.5), "1,234.5"),
        (figures.rate(Metric(value=0.5, ci95=(0.4, 0.625))), "50.0 % (40.0 to 62.5)"),
        (figures.rate(Metric(value=0.5)), "50.0 %"),
        (figures.number(Metric(value=0.5, ci95=(0.4, 0.6))), "0.500 (0.400 to 0.600)"),
        (figures.with_unit(983040, "bytes"), "983,040 bytes"),
        (figures.with_unit(0.951, "share"), "95.10 %"),
        (figures.with_unit(0, "clips"), "0 clips"),
        (figures.with_unit(0.951, ""), "0.951"),
        (figures.days(46.88), "46.9 days"),
        (figures.days(1.5, (0.5, 2.0)), "36.0 hours (12.0 to 48.0)"),
        (figures.current(3.3e-3), "3.30 mA"),
        (figures.current(8.1e-7), "0.81 uA"),
        (figures.microjoule(489.86), "490 uJ"),
        (figures.data_size(2_764_800_000), "2.76 GB"),
        (figures.data_size(999), "999 B"),
        (figures.small_percent(0.0001), "< 0.1 %"),
    ],
)
def test_a_figure_is_written_one_way(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_figure_that_is_not_there_is_a_dash() -> None:
    missing = (
        figures.count(None), figures.short_count(None), figures.size(None), figures.percent(None),
        figures.milliseconds(None), figures.seconds(None), figures.decimal(None),
        figures.rate(Metric(value=None)), figures.number(None), figures.with_unit(None, "bytes"),
        figures.days(None), figures.current(None), figures.microjoule(None),
        figures.data_size(None), figures.small_percent(None),
    )  # fmt: skip
    assert set(missing) == {figures.NOTHING}
