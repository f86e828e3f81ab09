"""What a stage is: a name, what it depends on, and a function that fills a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coincell.data import Progress
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate


def _silent(done: int, total: int, message: str = "") -> None:
    del done, total, message


def _no_files(project: Project) -> list[Path]:
    del project
    return []


def _no_toolchain(project: Project) -> Mapping[str, str]:
    del project
    return {}


@dataclass(frozen=True)
class StageContext:
    """What a stage's function receives.

    Attributes:
        project: folder and configuration.
        inputs: artefacts of the stages it needs, by name.
        output: the empty folder to fill.
        progress: call it during long work.
    """

    project: Project
    inputs: Mapping[str, Artefact]
    output: Path
    progress: Progress = field(default=_silent)

    @property
    def configuration(self) -> Configuration:
        """The project's settings."""
        return self.project.configuration


def _nothing_before(project: Project) -> None:
    del project


def _no_gates(artefact: Artefact, project: Project) -> list[Gate]:
    del artefact, project
    return []


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline; its key is made from all that is named here.

    Attributes:
        name: the word after `--from`.
        title: what a person reads while it runs.
        needs: stages whose artefacts it reads.
        settings: the part of the configuration that it depends on, as JSON values.
        modules: the coincell modules it calls; their sources, and all they import, count.
        packages: distributions whose versions count.
        run: fills the folder.
        files: paths of the user's files it reads beside artefacts.
        toolchain: the compilers it uses: what each is for -> its identity.
        gates: what must hold of the artefact before the next stage begins; not part of the key.
        before: refuses what can be known to be wrong without any artefact; asked of all stages that
            may follow, before the first one is made.
        gates_stop: whether a failed gate ends the run here; else it only fails at the end.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    settings: Callable[[Configuration], Mapping[str, Any]]
    modules: tuple[str, ...]
    run: Callable[[StageContext], None]
    packages: tuple[str, ...] = ()
    files: Callable[[Project], list[Path]] = _no_files
    toolchain: Callable[[Project], Mapping[str, str]] = _no_toolchain
    gates: Callable[[Artefact, Project], list[Gate]] = _no_gates
    before: Callable[[Project], None] = _nothing_before
    gates_stop: bool = True
