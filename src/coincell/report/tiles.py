"""The key figures of a report, as the page's tiles and the terminal's table show them."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.report import figures
from coincell.report.goal_schema import NormalityPart, QuantityPart
from coincell.report.part import Metric
from coincell.report.schema import BoardPart, EvaluationPart, ExactPart, Report, TelemetryPart
from coincell.report.words import words_of


@dataclass(frozen=True)
class Tile:
    """A figure: its term (a title of the glossary), its value, a line below, a share of a limit."""

    term: str
    value: str
    detail: str
    share: float | None = None
    good: bool | None = None
    modelled: bool = False


def tiles_of(report: Report) -> tuple[Tile, ...]:
    """The key figures that the run reached, in the order of interest."""
    tiles = list(_quality(report))
    if report.board is not None:
        tiles += _board(report.board, report.dataset.window_ms)
    if report.board is not None and report.board.instructions is not None:
        window = "picture" if report.dataset.sense == "picture" else "window"
        exact = f"{report.board.instructions:,} for one {window}, counted"
        tiles.append(Tile("Instructions", figures.short_count(report.board.instructions), exact))
    if report.exact is not None:
        tiles.append(_exactness(report.exact, words_of(report.dataset).many))
    if report.model is not None and report.model.parameters:
        macs = f"{figures.short_count(report.model.macs)} MACs, {report.model.architecture}"
        tiles.append(Tile("Parameters", figures.short_count(report.model.parameters), macs))
    return tuple(tiles)


def _quality(report: Report) -> list[Tile]:
    """Accuracy where the task has classes, what its goal has, else the metrics by name."""
    if report.int8 and report.int8.normality:
        return _normality(report.int8.normality)
    if report.int8 and report.int8.quantity:
        return _quantity(report.int8.quantity, report.float_)
    accuracy = report.int8.accuracy if report.int8 else None
    if accuracy is not None:
        before = report.float_.accuracy if report.float_ else None
        told = f"95 %: {figures.bounds(accuracy)}" if accuracy.ci95 else ""
        beside = f"float {figures.percent(before.value)}" if before else ""
        detail = "; ".join(part for part in (told, beside) if part)
        return [Tile("Accuracy", figures.percent(accuracy.value), detail)]
    return [_metric(name, metric) for name, metric in list(report.metrics.items())[:3]]


def _normality(part: NormalityPart) -> list[Tile]:
    """Areas, and what the threshold gives."""
    tiles = [
        Tile(term, figures.decimal(metric.value), _interval(metric))
        for term, metric in (("AUC", part.auc), ("Partial AUC", part.partial_auc))
        if metric
    ]
    if part.detection_rate:
        alarms = figures.percent(part.false_alarm_rate.value if part.false_alarm_rate else None)
        told = f"95 %: {figures.bounds(part.detection_rate)}; false alarms {alarms}"
        tiles.append(Tile("Detection rate", figures.percent(part.detection_rate.value), told))
    return tiles


def _quantity(part: QuantityPart, before: EvaluationPart | None) -> list[Tile]:
    """Errors in the number's unit, and R2."""
    tiles = []
    if part.mae:
        value, _, between = figures.quantity(part.mae, part.unit).partition(" (")
        told = [f"95 %: {between.rstrip(')')}"] if between else []
        if before and before.quantity and before.quantity.mae:
            plain = Metric(value=before.quantity.mae.value)
            told.append(f"float {figures.quantity(plain, part.unit)}")
        tiles.append(Tile("Mean absolute error", value, "; ".join(told)))
    if part.r2:
        tiles.append(Tile("R2", figures.decimal(part.r2.value), _interval(part.r2)))
    return tiles


def _interval(metric: Metric) -> str:
    if metric.ci95 is None:
        return ""
    low, high = metric.ci95
    return f"95 %: {figures.decimal(low)} to {figures.decimal(high)}"


def _metric(name: str, metric: Metric) -> Tile:
    told = f"95 %: {metric.ci95[0]:.4g} to {metric.ci95[1]:.4g}" if metric.ci95 else ""
    return Tile(name, figures.NOTHING if metric.value is None else f"{metric.value:.4g}", told)


def _board(board: BoardPart, window_ms: float) -> list[Tile]:
    tiles = []
    if board.latency_ms is not None:
        tiles.append(_latency(board, board.latency_ms, window_ms))
    tiles += _energy(board)
    for term, used, limit in (
        ("Image flash", board.image_flash_bytes, board.flash_limit_bytes),
        ("Image RAM", board.image_ram_bytes, board.ram_limit_bytes),
        ("Stack", board.stack_bytes, board.stack_reserved_bytes),
    ):
        if used is not None:
            tiles.append(_memory(term, used, limit))
    if board.telemetry is not None:
        tiles.append(_log_wear(board.telemetry))
    return tiles


def _log_wear(told: TelemetryPart) -> Tile:
    return Tile(
        "Telemetry log",
        f"{figures.short_count(told.erases_a_year)} erases a year",
        f"of each page, which endures {told.erases_endured:,}; written each "
        f"{figures.seconds(told.interval_s)}",
        share=told.erases_a_year / told.erases_endured,
    )


def _latency(board: BoardPart, latency_ms: float, window_ms: float) -> Tile:
    parts = []
    if board.latency_range_ms:
        parts.append(figures.milliseconds_range(board.latency_range_ms))
    if board.inferences_per_second is not None:
        parts.append(f"{figures.short_count(board.inferences_per_second)} windows a second")
    return Tile(
        "Latency",
        figures.milliseconds(latency_ms),
        "; ".join(parts),
        share=latency_ms / window_ms if window_ms else None,
        modelled=board.virtual,
    )


def _energy(board: BoardPart) -> list[Tile]:
    """Power and days, where they were computed, of an image that senses by itself."""
    if board.energy is None or board.energy.senses_nothing:
        return []
    if board.average_mw is None or board.battery_days is None:
        return []
    where = f"{'as shipped' if board.energy.as_shipped else 'bare module'}, no radio"
    low, high = board.average_mw_range or (board.average_mw, board.average_mw)
    power = f"{figures.short_count(low)} to {figures.short_count(high)} mW; {where}"
    days = figures.days(board.battery_days, board.battery_days_range)
    value, _, bounds = days.partition(" (")
    return [
        Tile("Average power", f"{board.average_mw:.3g} mW", power, modelled=True),
        Tile("Battery life", value, f"{bounds.rstrip(')')}; {board.energy.battery}", modelled=True),
    ]


def _memory(term: str, used: int, limit: int | None) -> Tile:
    if not limit:
        return Tile(term, figures.size(used), f"{used:,} bytes")
    share = used / limit
    detail = f"{used:,} of {limit:,} bytes, {figures.percent(share)}"
    return Tile(term, figures.size(used), detail, share=share, good=None if share <= 1 else False)


def _exactness(exact: ExactPart, many: str) -> Tile:
    equal = exact.clips - exact.mismatches
    on_board = f"{exact.clips_on_board:,} of them on the board too"
    return Tile(
        "Exactness",
        f"{equal:,} / {exact.clips:,}",
        f"{many} equal byte for byte; {on_board}",
        good=exact.mismatches == 0 and exact.clips > 0,
    )
