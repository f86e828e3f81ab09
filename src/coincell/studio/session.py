"""What a studio holds of its project while it is open; each part is made when it is first asked."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coincell.data import Dataset, Sample, manifest_path, read_manifest
from coincell.files import sha256_file
from coincell.project import CONFIGURATION_FILE, Project, load_project
from coincell.studio.findings import Found
from coincell.studio.fleet import STORE_FILE, Fleet
from coincell.studio.jobs import Jobs

if TYPE_CHECKING:
    from coincell.studio.explorer import Explorer
    from coincell.studio.performance.examples import Examples
    from coincell.studio.thumbnails import Thumbnails


PAGES = (
    ("/data", "Data"),
    ("/whatif", "What if"),
    ("/performance", "Performance and fairness"),
    ("/board", "Board"),
    ("/runs", "Runs"),
    ("/report", "Report"),
    ("/fleet", "Fleet"),
)


@dataclass(frozen=True)
class Holdings:
    """The data set as its manifest stood at one moment.

    Attributes:
        revision: SHA-256 of the manifest's file; changes with each correction.
        dataset: what it held.
        places: file -> position among `dataset.samples`.
    """

    revision: str
    dataset: Dataset
    places: Mapping[str, int]

    def sample(self, file: str) -> Sample | None:
        """The recording of that name."""
        place = self.places.get(file)
        return None if place is None else self.dataset.samples[place]

    @functools.cached_property
    def columns(self) -> Mapping[str, Sequence[str]]:
        """Group column -> its values, sorted."""
        found: dict[str, set[str]] = {}
        for sample in self.dataset.samples:
            for name, value in sample.groups.items():
                found.setdefault(name, set()).add(value)
        return {name: sorted(found[name]) for name in sorted(found)}

    @functools.cached_property
    def labels(self) -> Sequence[str]:
        """Labels that recordings have, sorted."""
        return sorted({sample.label for sample in self.dataset.samples if sample.label})


class Session:
    """One open studio. Its methods may be called from several threads at once."""

    pages = PAGES

    def __init__(self, project: Project, store: str = "") -> None:
        self.project = project
        self.fleet = Fleet(store or str(project.directory / STORE_FILE))
        self.name = project.configuration.project.name
        self.jobs = Jobs()
        self.found = Found()
        self._lock = threading.Lock()
        self._seen: tuple[int, int] = (0, 0)
        self._holdings: Holdings | None = None
        self._explorer: Explorer | None = None
        self._explored = ""
        self._judging = threading.Lock()
        self._judged: Examples | None = None
        self._judged_seen: tuple[float, ...] = ()
        self._judged_stale = False

    @functools.cached_property
    def thumbnails(self) -> Thumbnails:
        """What recordings look like; a table has none, and does not wait for what draws them."""
        from coincell.studio.thumbnails import Thumbnails

        return Thumbnails(self.project)

    def holdings(self) -> Holdings:
        """The data set as its manifest stands now; read again only where its file changed.

        Raises:
            DataError: there is no manifest, or it cannot be read.
        """
        path = manifest_path(self.project.data_directory)
        with self._lock:
            try:
                status = path.stat()
                seen = status.st_mtime_ns, status.st_size
            except OSError:
                seen = (0, 0)
            if self._holdings is None or seen != self._seen:
                dataset = read_manifest(self.project.data_directory)
                places = {sample.file: at for at, sample in enumerate(dataset.samples)}
                self._holdings = Holdings(sha256_file(path), dataset, places)
                self._seen = seen
            return self._holdings

    @property
    def explorer(self) -> Explorer | None:
        """The open model; None before it is open."""
        with self._lock:
            return self._explorer

    def explore(self, explorer: Explorer) -> None:
        """Put a newly opened model in the place of what was open."""
        revision = self.holdings().revision
        with self._lock:
            before, self._explorer = self._explorer, explorer
            self._explored = revision
        if before:
            before.model.close()

    def is_stale(self) -> bool:
        """Whether labels were corrected since the model was opened."""
        return self._explored != self.holdings().revision

    def judged(self) -> Examples | None:
        """What the last run's models said of the test split; None where nothing was run yet.

        Looked for again where the settings, the data or the run's artefacts changed. What was found
        before is shown on while a run is due.

        Raises:
            UserError: coincell.toml cannot be read.
        """
        from coincell.pipeline import find_judged
        from coincell.studio.performance.examples import examples_of_run

        with self._judging:
            seen = self._stamps()
            if self._judged is None or seen != self._judged_seen:
                found = find_judged(load_project(self.project.directory))
                self._judged_stale = found is None
                before = self._judged.run if self._judged else None
                if found and (before is None or before.key != found.key):
                    self._judged = examples_of_run(found)
                self._judged_seen = seen
            return self._judged

    def judged_is_stale(self) -> bool:
        """Whether a run is due since `judged` was found."""
        with self._judging:
            return self._judged_stale

    def _stamps(self) -> tuple[float, ...]:
        """When the settings, the data and the artefacts were last written."""
        project = self.project
        paths = (
            project.directory / CONFIGURATION_FILE,
            manifest_path(project.data_directory),
            project.build_directory / "cache",
        )
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def close(self) -> None:
        """Stop what runs behind the pages."""
        self.jobs.close()
        if self._explorer:
            self._explorer.model.close()
