"""What the data set's checks found, by recording, kept while the studio is open."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from coincell.data import CheckReport, Finding


@dataclass(frozen=True)
class Findings:
    """The outcome of one check.

    Attributes:
        revision: of the manifest that was looked at.
        findings: the gravest first.
        files: rule -> the recordings that it is about.
    """

    revision: str
    findings: tuple[Finding, ...]
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Found:
    """The last check's outcome. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Findings | None = None

    @property
    def last(self) -> Findings | None:
        """None before the first check."""
        with self._lock:
            return self._last

    def note(self, revision: str, report: CheckReport) -> Findings:
        """Keep what a check found."""
        files: dict[str, frozenset[str]] = {}
        for finding in report.findings:
            if finding.every_file:
                files[finding.rule] = files.get(finding.rule, frozenset()) | {*finding.every_file}
        found = Findings(revision, report.findings, files)
        with self._lock:
            self._last = found
        return found
