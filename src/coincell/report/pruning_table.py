"""What pruning took out step by step, and teacher beside student: tables for page and terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coincell.report import figures
from coincell.report.schema import ModelPart, PruningPart, PruningStep

if TYPE_CHECKING:
    from rich.console import Console

_MANY = 1000  # from here on decimals say nothing

_TITLES = {
    "cycles": "Cycles", "network_cycles": "Network cycles", "latency_ms": "Latency, ms",
    "ram_bytes": "Image RAM, bytes", "flash_bytes": "Image flash, bytes",
    "energy_uj": "Energy, uJ", "macs": "MACs", "channels": "Channels",
}  # fmt: skip


def pruning_table(part: PruningPart) -> tuple[list[str], list[list[str]]]:
    """Titles, and a row of text for the network before, after each step, and the limits.

    The columns are what was limited, parameters, and what validation said.
    """
    limited = [name for name in _TITLES if name in part.limits]
    titles = ["", *(_TITLES[name] for name in limited), "Parameters"]
    titles += ["Validation accuracy", "Validation loss"]
    rows = [["before", *_cells(part.before, limited)]]
    rows += [[f"step {n}", *_cells(step, limited)] for n, step in enumerate(part.steps, 1)]
    at_most = part.limits.get("parameters")
    limits = [_number(part.limits[name]) for name in limited]
    told = "" if at_most is None else _number(at_most)
    return titles, [*rows, ["at most", *limits, told, "", ""]]


def _cells(step: PruningStep, limited: list[str]) -> list[str]:
    return [
        *(_number(step.figures[name]) for name in limited),
        figures.count(step.parameters),
        *_judged(step.validation_accuracy, step.validation_loss),
    ]


def _judged(accuracy: float | None, loss: float | None) -> list[str]:
    return [
        "" if accuracy is None else figures.percent(accuracy),
        "" if loss is None else f"{loss:.4g}",
    ]


def distillation_rows(model: ModelPart) -> list[list[str]]:
    """Teacher and student: name, parameters, accuracy and loss on validation."""
    part = model.distillation
    if part is None:
        return []
    sizes = part.teacher_parameters, (model.pruning.before if model.pruning else model).parameters
    judged = (
        _judged(part.teacher_validation_accuracy, part.teacher_validation_loss),
        _judged(part.student_validation_accuracy, part.student_validation_loss),
    )
    names = ("teacher", "student")
    return [
        [name, figures.count(size), *told]
        for name, size, told in zip(names, sizes, judged, strict=True)
    ]


def _number(value: float) -> str:
    return figures.count(value) if value >= _MANY else figures.decimal(value)


def print_pruning(part: PruningPart, console: Console | None = None) -> None:
    """Write the table to a rich console (standard output)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    titles, rows = pruning_table(part)
    grid = Table(box=None, pad_edge=False)
    for place, title in enumerate(titles):
        grid.add_column(title, justify="right" if place else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    console = console or Console()
    console.print(grid)
    if not part.steps:
        console.print(Text("The network was within its limits: nothing was taken out."))
