"""How figures are written for people: one way each, with units; an en dash where there is none."""

from __future__ import annotations

from coincell.report.part import Metric

NOTHING = "\N{EN DASH}"
_KIB = 1024


def count(value: float | None) -> str:
    """2656768 -> "2,656,768"."""
    return NOTHING if value is None else f"{value:,.0f}"


def short_count(value: float | None) -> str:
    """2656768 -> "2.66 M"."""
    if value is None:
        return NOTHING
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{_three_digits(value / size)} {letter}"
    return _three_digits(value)


def size(value: int | None) -> str:
    """121040 -> "118 KiB"."""
    if value is None:
        return NOTHING
    if value < _KIB:
        return f"{value} B"
    if value < _KIB * _KIB:
        return f"{_three_digits(value / _KIB)} KiB"
    return f"{_three_digits(value / _KIB / _KIB)} MiB"


def percent(value: float | None, digits: int = 1) -> str:
    """0.934 -> "93.4 %"."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def milliseconds(value: float | None) -> str:
    """13.42 -> "13.4 ms"."""
    return NOTHING if value is None else f"{_three_digits(value)} ms"


def milliseconds_range(bounds: tuple[float, float]) -> str:
    """(701.8, 1169.6) -> "702 to 1,170 ms"."""
    low, high = bounds
    return f"{_three_digits(low)} to {milliseconds(high)}"


def seconds(value: float | None) -> str:
    """4000.0 -> "1 h 7 min"; 75 -> "1 min 15 s"; 2.5 -> "2.5 s"."""
    if value is None:
        return NOTHING
    if value < 60:
        return f"{_three_digits(value)} s"
    minutes = round(value) // 60
    if minutes < 60:
        return f"{minutes} min {round(value) % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"


def decimal(value: float | None) -> str:
    """0.98765 -> "0.988"; 1234.5678 -> "1,234.6"."""
    if value is None:
        return NOTHING
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def rate(metric: Metric | None, digits: int = 1) -> str:
    """A share with its interval: "93.4 % (90.1 to 95.7)"."""
    if metric is None or metric.value is None:
        return NOTHING
    value = percent(metric.value, digits)
    return f"{value} ({bounds(metric, digits)})" if metric.ci95 else value


def number(metric: Metric | None) -> str:
    """A figure that is no share, with its interval: "0.987 (0.975 to 0.999)"."""
    if metric is None or metric.value is None:
        return NOTHING
    value = decimal(metric.value)
    if metric.ci95 is None:
        return value
    low, high = metric.ci95
    return f"{value} ({decimal(low)} to {decimal(high)})"


def quantity(metric: Metric | None, unit: str) -> str:
    """A figure in its unit, with its interval: "19.1 rpm (17.0 to 21.5)"."""
    if metric is None or metric.value is None:
        return NOTHING
    value = f"{_three_digits(metric.value)} {unit}".rstrip()
    if metric.ci95 is None:
        return value
    low, high = (_three_digits(bound) for bound in metric.ci95)
    return f"{value} ({low} to {high})"


def bounds(metric: Metric, digits: int = 1) -> str:
    """A share's interval alone, in per cent: "90.1 to 95.7"."""
    if metric.ci95 is None:
        return NOTHING
    low, high = (100 * bound for bound in metric.ci95)
    return f"{low:.{digits}f} to {high:.{digits}f}"


def with_unit(value: float | None, unit: str) -> str:
    """A gate's value or limit in its unit: bytes, ms, "share", clips, or any other."""
    if value is None:
        return NOTHING
    if unit == "bytes":
        return f"{value:,.0f} bytes"
    if unit == "ms":
        return milliseconds(value)
    if unit == "share":
        return percent(value, 2)
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return f"{text} {unit}".rstrip()


def days(value: float | None, bounds: tuple[float, float] | None = None) -> str:
    """46.88, (21.7, 62.7) -> "46.9 days (21.7 to 62.7)"; below two days in hours."""
    if value is None:
        return NOTHING
    factor, unit = (24.0, "hours") if value < 2 else (1.0, "days")
    told = f"{_three_digits(factor * value)} {unit}"
    if bounds is None:
        return told
    low, high = (_three_digits(factor * bound) for bound in bounds)
    return f"{told} ({low} to {high})"


def microjoule(value: float | None) -> str:
    """489.86 -> "490 uJ"."""
    return NOTHING if value is None else f"{_three_digits(value)} uJ"


def current(ampere: float | None) -> str:
    """0.00065 -> "650 uA"; 0.0033 -> "3.30 mA"; 8.1e-7 -> "0.81 uA"."""
    if ampere is None:
        return NOTHING
    if ampere >= 1e-3:
        return f"{_three_digits(1e3 * ampere)} mA"
    return f"{_three_digits(1e6 * ampere)} uA"


def data_size(count: float | None) -> str:
    """Bytes on a line, by thousands: 2764800000 -> "2.76 GB"."""
    if count is None:
        return NOTHING
    for unit_size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit_size:
            return f"{_three_digits(count / unit_size)} {unit}"
    return f"{count:.0f} B"


def small_percent(value: float | None) -> str:
    """0.346 -> "34.6 %"; what rounds to nothing is below 0.1 %."""
    if value is not None and 0 < value < 0.0005:
        return "< 0.1 %"
    return percent(value)


def _three_digits(value: float) -> str:
    """Three digits that count, never an exponent: 1234.5 -> "1,234", 2.657 -> "2.66", 0.02."""
    magnitude = abs(value)
    if magnitude >= 99.95:
        return f"{value:,.0f}"
    if magnitude >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}" if magnitude >= 0.0995 else f"{value:.3g}"
