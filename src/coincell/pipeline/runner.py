"""Walks the list of stages: what has not changed is not redone, and a stopped run goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from coincell.errors import UserError
from coincell.files import locked
from coincell.pipeline.fingerprint import FileHashes, package_versions, source_digest
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.store import Artefact, ArtefactStore, key_of, verify_artefact
from coincell.project import Project
from coincell.report import Gate


@dataclass(frozen=True)
class StageEvent:
    """What a listener hears while the pipeline runs.

    `kind` is "waiting" (another command holds the project), "started", "progress", "made",
    "unchanged" or "refused" (a gate failed).
    """

    kind: Literal["waiting", "started", "progress", "made", "unchanged", "refused"]
    stage: Stage
    index: int
    count: int
    done: int = 0
    total: int = 0
    message: str = ""
    seconds: float = 0.0


Listener = Callable[[StageEvent], None]


def unheard(event: StageEvent) -> None:
    """A listener that takes no note."""
    del event


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes:
        artefacts: by stage name, as far as the run came.
        gates: every gate that was reached, in order.
        stopped_at: the stage whose gate ended the run early, or "".
        stop_reason: what that stage's failed gates say; "" when nothing stopped the run.
        seconds: wall time of the stages that were made (not of the unchanged ones).
    """

    artefacts: Mapping[str, Artefact]
    gates: tuple[Gate, ...]
    stopped_at: str
    stop_reason: str
    seconds: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Whether every gate that was reached holds."""
        return all(gate.passed is not False for gate in self.gates)


@dataclass(frozen=True)
class Demand:
    """How far to go, and what to do over though it has not changed.

    Attributes:
        from_stage: this stage and all after it are made anew; "" for none.
        until: the last stage, made with what it needs and nothing else; "" for all.
        force: every stage is made anew.
        verify: hash every input file and every artefact found.
        keep_all: leave older artefacts of the same stages where they are.
    """

    from_stage: str = ""
    until: str = ""
    force: bool = False
    verify: bool = False
    keep_all: bool = False


@contextmanager
def alone(
    project: Project, stages: Sequence[Stage], listener: Listener = unheard
) -> Iterator[None]:
    """Hold the project's build folder for the block's length; a second run waits its turn.

    Without it, one run forced to redo a stage would take artefacts from under another's hands.
    Where nothing can be written, nothing can be taken away either: there it holds nothing.
    """
    place = project.build_directory if project.build_directory.exists() else project.directory
    if not os.access(place, os.W_OK):
        yield
        return

    def waiting() -> None:
        listener(StageEvent("waiting", stages[0], 0, len(stages)))

    with locked(project.build_directory / ".lock", waiting):
        yield


def run_stages(
    project: Project,
    stages: Sequence[Stage],
    demand: Demand | None = None,
    listener: Listener = unheard,
    store: ArtefactStore | None = None,
) -> Outcome:
    """Bring every stage of `stages` up to date, in order, as far as gates and `demand` let it.

    Artefacts lie in `store`; in the project's own cache where none is given.
    """
    wanted = demand or Demand()
    names = [stage.name for stage in stages]
    for name in (wanted.from_stage, wanted.until):
        if name and name not in names:
            raise UserError(f"There is no stage {name!r}.", f"Stages: {', '.join(names)}.")
    walk = _Walk(project, _needed(stages, wanted.until), wanted, listener, store)
    try:
        return walk.go()
    finally:
        walk.hashes.save()


def find_stages(project: Project, stages: Sequence[Stage]) -> Outcome:
    """What earlier runs left, as far as it is not stale, with its gates; nothing is run.

    A stage whose name is not in the outcome's artefacts has not been run as the project stands now;
    after a gate that ends a run, none is looked for.
    """
    walk = _Walk(project, stages, Demand(), unheard)
    try:
        return walk.look()
    finally:
        walk.hashes.save()


def _needed(stages: Sequence[Stage], until: str) -> list[Stage]:
    """`until` and all that it needs, directly or not, in order; every stage for ""."""
    needed: list[Stage] = []
    wanted = {until}
    for stage in reversed(stages):
        if not until or stage.name in wanted:
            needed.append(stage)
            wanted.update(stage.needs)
    return needed[::-1]


class _Walk:
    """One pass over the stages."""

    def __init__(
        self,
        project: Project,
        stages: Sequence[Stage],
        demand: Demand,
        listener: Listener,
        store: ArtefactStore | None = None,
    ) -> None:
        cache = project.build_directory / "cache"
        self.project = project
        self.stages = stages
        self.demand = demand
        self.listener = listener
        self.store = store or ArtefactStore(cache)
        self.hashes = FileHashes(cache / "file-hashes.json", trust_times=not demand.verify)
        self.artefacts: dict[str, Artefact] = {}
        self.gates: list[Gate] = []
        self.seconds: dict[str, float] = {}
        self._looked_ahead = False

    def go(self) -> Outcome:
        redo = self.demand.force
        for index, stage in enumerate(self.stages):
            redo = redo or stage.name == self.demand.from_stage
            artefact = self._bring_up_to_date(index, stage, redo)
            if reason := self._failed_at(stage, artefact):
                self._tell("refused", index, message=reason)
                return self._outcome(stopped_at=stage.name, reason=reason)
        if not self.demand.keep_all:
            self.store.sweep({name: artefact.key for name, artefact in self.artefacts.items()})
        return self._outcome()

    def look(self) -> Outcome:
        """The artefacts and gates that are there."""
        for stage in self.stages:
            if any(name not in self.artefacts for name in stage.needs):
                continue
            found = self.store.find(stage.name, key_of(self.inputs_of(stage)))
            if found is None:
                continue
            self.artefacts[stage.name] = found
            if reason := self._failed_at(stage, found):
                return self._outcome(stopped_at=stage.name, reason=reason)
        return self._outcome()

    def _failed_at(self, stage: Stage, artefact: Artefact) -> str:
        """Note the stage's gates; why they end the run here, or ""."""
        gates = stage.gates(artefact, self.project)
        self.gates.extend(gates)
        failed = [gate for gate in gates if gate.passed is False]
        if not failed or not stage.gates_stop:
            return ""
        return " ".join(gate.reason for gate in failed if gate.reason) or "A gate failed."

    def _outcome(self, stopped_at: str = "", reason: str = "") -> Outcome:
        return Outcome(self.artefacts, tuple(self.gates), stopped_at, reason, self.seconds)

    def _bring_up_to_date(self, index: int, stage: Stage, redo: bool) -> Artefact:
        inputs = self.inputs_of(stage)
        key = key_of(inputs)
        if redo:
            self.store.discard(stage.name, key)
        found = self.store.find(stage.name, key)
        if found is not None:
            if self.demand.verify:
                verify_artefact(found)
            self._tell("unchanged", index)
        else:
            found = self._make(index, stage, inputs)
        self.artefacts[stage.name] = found
        return found

    def _look_ahead(self, index: int) -> None:
        """Once, before anything is made: what a later stage would refuse is told now."""
        if not self._looked_ahead:
            self._looked_ahead = True
            for stage in self.stages[index:]:
                stage.before(self.project)

    def _make(self, index: int, stage: Stage, inputs: Mapping[str, Any]) -> Artefact:
        self._look_ahead(index)
        self._tell("started", index)
        began = time.monotonic()

        def progress(done: int, total: int, message: str = "") -> None:
            self._tell("progress", index, done=done, total=total, message=message)

        needed = {name: self.artefacts[name] for name in stage.needs}
        made = self.store.make(
            stage.name,
            inputs,
            lambda folder: stage.run(StageContext(self.project, needed, folder, progress)),
        )
        self.seconds[stage.name] = time.monotonic() - began
        self._tell("made", index, seconds=self.seconds[stage.name])
        return made

    def inputs_of(self, stage: Stage) -> dict[str, Any]:
        """All that the stage's artefact depends on; the hash of this is its key."""
        return {
            "settings": dict(stage.settings(self.project.configuration)),
            "needs": {name: self.artefacts[name].content for name in stage.needs},
            "files": {
                path.relative_to(self.project.directory).as_posix(): self.hashes.of(path)
                for path in stage.files(self.project)
            },
            "sources": source_digest(stage.run.__module__, *stage.modules),
            "packages": package_versions(stage.packages),
            "toolchain": dict(stage.toolchain(self.project)),
        }

    def _tell(
        self,
        kind: Literal["waiting", "started", "progress", "made", "unchanged", "refused"],
        index: int,
        done: int = 0,
        total: int = 0,
        message: str = "",
        seconds: float = 0.0,
    ) -> None:
        stage, count = self.stages[index], len(self.stages)
        self.listener(StageEvent(kind, stage, index, count, done, total, message, seconds))
