"""What a studio of a table holds: judged rows of a CSV file, without a project or a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coincell.studio.jobs import Jobs

if TYPE_CHECKING:
    from coincell.studio.performance.examples import Examples

TABLE_PAGES = (("/performance", "Performance and fairness"), ("/points", "Points"))


class TableSession:
    """One open studio of a table.

    Attributes:
        name: of the file.
        jobs: long work.
    """

    pages = TABLE_PAGES
    project = None

    def __init__(self, name: str, examples: Examples) -> None:
        self.name = name
        self.jobs = Jobs()
        self._examples = examples

    def judged(self) -> Examples:
        """The rows."""
        return self._examples

    def judged_is_stale(self) -> bool:
        """Never: the file was read once."""
        return False

    def close(self) -> None:
        """Stop what runs behind the pages."""
        self.jobs.close()
