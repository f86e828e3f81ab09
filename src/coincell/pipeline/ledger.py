"""The ledger of runs: what every `coincell run` of a project found, kept in its folder runs/.

An entry is the run's whole report, called after its number. A run that redid nothing is the entry
before it, and is not kept twice. The ledger is what a project learned and lies beside its data, not
in build/, which may be deleted at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from coincell.errors import ConfigurationError, FileError, UserError
from coincell.files import locked, write_atomic
from coincell.project import Project, parse_configuration
from coincell.report import Metric, Report

RUNS = "runs"
_NAME = re.compile(r"(\d{4,9})\.json")
_MAX_BYTES = 64 << 20
_MANY_OPENINGS = 10


@dataclass(frozen=True)
class Run:
    """One entry.

    Attributes:
        number: from 1, in the order in which they were made.
        report: what the run found.
    """

    number: int
    report: Report

    @property
    def passed(self) -> bool:
        """Whether every gate that was reached holds and none ended the run."""
        failed = any(gate.passed is False for gate in self.report.gates)
        return not failed and self.report.stopped is None

    @property
    def settings(self) -> dict[str, Any]:
        """ "training.epochs" -> 30 and so on: every setting that coincell.toml told."""
        text = self.report.provenance.configuration
        table = parse_configuration(text).model_dump(mode="json", exclude_unset=True)
        return dict(_flat(table))

    @property
    def figures(self) -> dict[str, Metric]:
        """What it is judged by: the int8 model's metrics, and what the board took."""
        found = dict(self.report.metrics)
        board = self.report.board
        for name in _BOARD_FIGURES:
            value = getattr(board, name, None)
            if value is not None:
                found[name] = Metric(value=float(value))
        if self.report.model and self.report.model.parameters:
            found["parameters"] = Metric(value=float(self.report.model.parameters))
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the report's examples and charts."""
        return {
            "number": self.number,
            "created": self.report.created,
            "passed": self.passed,
            "figures": {name: m.model_dump(mode="json") for name, m in self.figures.items()},
            "settings": self.settings,
        }


_BOARD_FIGURES = (
    "latency_ms", "image_flash_bytes", "image_ram_bytes", "stack_bytes", "cycles_flash",
    "energy_flash_uj", "average_mw",
)  # fmt: skip


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    entries: list[tuple[str, Any]] = []
    for name, value in table.items():
        key = f"{before}{name}"
        entries += _flat(value, f"{key}.") if isinstance(value, dict) else [(key, value)]
    return entries


def note_run(project: Project, report: Report) -> int:
    """Keep a report; the number of its entry, which is an older one if nothing was redone."""
    folder = project.directory / RUNS
    _numbers(folder)  # refuses a file in its place
    folder.mkdir(exist_ok=True)
    with locked(folder / ".lock"):
        numbers = _numbers(folder)
        last = _if_readable(folder, numbers[-1]) if numbers else None
        if last and _keys(last.report) == _keys(report):
            return last.number
        number = numbers[-1] + 1 if numbers else 1
        write_atomic(folder / f"{number:04d}.json", report.to_json())
        return number


def _keys(report: Report) -> dict[str, str]:
    return {stage.name: stage.key for stage in report.provenance.stages}


def with_openings(project: Project, report: Report) -> Report:
    """`report` with how often the test split was looked at with another model or other settings,
    this run included, and a warning where it was often: choices may lean on it by now. An entry
    that cannot be read counts as one more."""
    known, unreadable = noted_runs(project)
    keys = {_keys(each).get("evaluate") for each in (*(run.report for run in known), report)}
    opened = len(keys - {None}) + len(unreadable)
    warnings = report.warnings
    if opened >= _MANY_OPENINGS:
        told = (
            f"The test split was opened {opened} times with other models or settings: where "
            "choices leaned on it, its figures flatter. Choose by validation or folds, or record a "
            "new test split."
        )
        warnings = (*warnings, told)
    return report.model_copy(update={"test_openings": opened, "warnings": warnings})


def noted_runs(project: Project) -> tuple[list[Run], list[int]]:
    """All entries, the oldest first; and the numbers of those that cannot be read, since they are
    damaged or another version's."""
    folder = project.directory / RUNS
    numbers = _numbers(folder)
    found = [run for number in numbers if (run := _if_readable(folder, number))]
    return found, sorted({*numbers} - {run.number for run in found})


def last_run(project: Project) -> Run | None:
    """The newest entry that can be read, and no other is; None where there is none."""
    folder = project.directory / RUNS
    read = (_if_readable(folder, number) for number in reversed(_numbers(folder)))
    return next((run for run in read if run), None)


def find_run(project: Project, name: str) -> Run:
    """The entry of a number, or "last".

    Raises:
        UserError: there is none.
    """
    folder = project.directory / RUNS
    numbers = _numbers(folder)
    if name == "last" and (last := last_run(project)):
        return last
    if not name.isdecimal() or int(name) not in numbers:
        there = f"{numbers[0]} to {numbers[-1]}" if numbers else "none yet"
        raise UserError(f"There is no run {name!r}; there are: {there}.", "coincell runs list")
    return _read(folder, int(name))


def changed_settings(before: Run, after: Run) -> dict[str, tuple[Any, Any]]:
    """Settings that two runs do not share -> both values; None where one does not tell it."""
    first, second = before.settings, after.settings
    names = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    return {name: (first.get(name), second.get(name)) for name in names}


def apart(before: Metric, after: Metric) -> bool | None:
    """Whether two figures differ beyond both their intervals; None where one has none."""
    if before.ci95 is None or after.ci95 is None:
        return None
    return before.ci95[1] < after.ci95[0] or after.ci95[1] < before.ci95[0]


def _numbers(folder: Path) -> Sequence[int]:
    if folder.exists() and not folder.is_dir():
        raise FileError(
            f"{folder} is a file, where runs are kept in a folder of that name.", "Move it away."
        )
    if not folder.exists():
        return []
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in found if match)


def _if_readable(folder: Path, number: int) -> Run | None:
    """An entry that nobody asked for by its number; one bad file is no reason to end a run."""
    try:
        return _read(folder, number)
    except UserError:
        return None


def _read(folder: Path, number: int) -> Run:
    path = folder / f"{number:04d}.json"
    try:
        if not path.is_file():
            raise FileError(f"{path} is no file: it is no report.")
        if path.stat().st_size > _MAX_BYTES:
            raise FileError(f"{path} is larger than 64 MiB: it is no report.")
        return Run(number, Report.from_json(path.read_bytes()))
    except OSError as error:
        raise FileError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValidationError, ConfigurationError) as error:
        raise FileError(
            f"{path} is no report of this version of Coincell.",
            hint="Move it out of runs/, or run the version that wrote it.",
        ) from error
