"""A study that several processes work on, and that any of them can take up again.

Optuna keeps the trials and suggests what to try next. A trial is a candidate's settings; it ends
complete (measured and trained), pruned (refused for what it costs, or given up early) or failed.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coincell.errors import CoincellError, FileError, MissingExtraError, UserError
from coincell.files import locked
from coincell.tuning import pareto
from coincell.tuning.leases import is_stale, new_lease, renewed
from coincell.tuning.space import (
    Space,
    candidates,
    parameters_of,
    settings_of,
    suggested,
    told,
    untold,
)

if TYPE_CHECKING:
    import optuna

VERSION = 2
NAME = "coincell"
JOURNAL = "journal.log"
_PAUSE_SECONDS = 0.5
_TWINS = 20
"""So many suggestions in a row that were tried before: there are no others."""


@dataclass(frozen=True)
class Verdict:
    """What a candidate came to.

    Attributes:
        figures: by name: all objectives of a complete one; else what is known.
        refused: why it was given up, in words; "" for a complete one.
        limit: the name of the limit that refused it; "" for none.
        over: by what share it exceeds that limit; 0 for none.
    """

    figures: Mapping[str, float]
    refused: str = ""
    limit: str = ""
    over: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """What to try, and a way to ask half-way.

    Attributes:
        number: of the trial.
        settings: "model.dropout" -> 0.1, and so on.
        early: given all objectives half-way, says why to give up, or "".
    """

    number: int
    settings: Mapping[str, Any]
    early: Callable[[Mapping[str, float]], str]


@dataclass(frozen=True)
class Tried:
    """A trial as it is told.

    Attributes:
        number: of the trial.
        state: "complete", "pruned", "failed", "running" or "waiting".
        settings, figures, reason, limit, over: see `Candidate` and `Verdict`.
        again_of: the trial of a process that died, whose settings these are; None: its own.
    """

    number: int
    state: str
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    reason: str = ""
    limit: str = ""
    over: float = 0.0
    again_of: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Plan:
    """What makes a study this one.

    Attributes:
        objectives: names of figures; see `pareto.BETTER_HIGH`.
        space: what is tried.
        seed: of the suggestions.
        rivals: how many must dominate a candidate half-way for it to be given up.
        about: what else figures depend on, as JSON values: they may not change in a study.
        first: settings to begin with, in order, before any is suggested.
    """

    objectives: tuple[str, ...]
    space: Space
    seed: int
    rivals: int = 2
    about: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[Mapping[str, Any], ...] = ()

    def signature(self) -> dict[str, Any]:
        """What a study keeps of its plan."""
        whole = {"objectives": list(self.objectives), "space": told(self.space)}
        signature: dict[str, Any] = json.loads(json.dumps(whole | {"about": dict(self.about)}))
        return signature

    @classmethod
    def kept(cls, signature: Mapping[str, Any]) -> Plan:
        """The plan of a study that is read, not worked on."""
        return cls(
            tuple(signature["objectives"]), untold(signature["space"]), 0, about=signature["about"]
        )


class Study:
    """A study and its trials.

    Args:
        folder: for the journal and the lock.
        plan: what it is about.
        storage: a database's URL; "": a journal in `folder`.
        join: it must be there already.

    Raises:
        MissingExtraError: Optuna is not installed.
        UserError: another version or another plan made it, it is damaged, or cannot be reached.
    """

    def __init__(self, folder: Path, plan: Plan, storage: str = "", *, join: bool = False) -> None:
        self.plan = plan
        self._folder = folder
        with _opening(_place(storage) or str(folder / JOURNAL), storage):
            if join and not storage and not (folder / JOURNAL).is_file():
                raise UserError("There is no study to join here.", "coincell tune --trials 30")
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".lock"):
                self._study = _opened(folder, plan, storage, join)
                _check_plan(self._study, plan)

    def trials(self) -> list[Tried]:
        """All, in order."""
        return [_tried(trial) for trial in self._study.get_trials(deepcopy=False)]

    def front(self) -> list[Tried]:
        """Complete trials that none dominates, the best of the first objective first."""
        whole = [trial for trial in self.trials() if trial.state == "complete"]
        names = self.plan.objectives
        places = pareto.front([[t.figures[name] for name in names] for t in whole], names)
        sign = -1 if names[0] in pareto.BETTER_HIGH else 1
        return sorted((whole[p] for p in places), key=lambda t: sign * t.figures[names[0]])

    def work(
        self,
        evaluate: Callable[[Candidate], Verdict],
        trials: int,
        seconds: float = math.inf,
        heard: Callable[[Tried], None] | None = None,
    ) -> None:
        """Try candidates until the study has `trials` that ended, or the time is over.

        Args:
            evaluate: of a candidate; a UserError, or figures that are no numbers, fail the trial.
            trials: of all processes together; what a dead process left counts when done again. A
                space that holds fewer candidates ends the work when all were tried.
            seconds: after which no further trial is begun.
            heard: hears of each trial of this process that ended.
        """
        ends = time.monotonic() + seconds
        with _told_errors(str(self._folder)):
            while time.monotonic() < ends:
                trial = self._next(trials)
                if trial is None:
                    return
                if isinstance(trial, float):
                    time.sleep(trial)
                    continue
                self._try(trial, evaluate)
                if heard:
                    heard(self.trials()[trial.number])

    def _next(self, wanted: int) -> optuna.Trial | float | None:
        """A trial to work on; how long to wait for other processes; None when all is done."""
        from optuna.trial import TrialState

        with locked(self._folder / ".lock"):
            self._take_up_abandoned()
            every = self._study.get_trials(deepcopy=False)
            ended = sum(_counts(trial) for trial in every)
            running = sum(trial.state == TrialState.RUNNING for trial in every)
            waiting = sum(trial.state == TrialState.WAITING for trial in every)
            exhausted = len(every) > _TWINS and all(
                "twin" in trial.user_attrs for trial in every[-_TWINS:]
            )
            wanted = int(min(wanted, candidates(self.plan.space)))
            if ended >= wanted or exhausted:
                return None
            if ended + running >= wanted and not waiting:
                return _PAUSE_SECONDS
            trial = self._study.ask()
            suggested(trial, self.plan.space)
            trial.set_user_attr("lease", new_lease())
            return trial

    def _take_up_abandoned(self) -> None:
        """Fail the trials of dead processes, and queue their settings once."""
        from optuna.trial import TrialState

        every, now = self._study.get_trials(deepcopy=False), time.time()
        for trial in every:
            began = trial.datetime_start.timestamp() if trial.datetime_start else now
            lease = trial.user_attrs.get("lease")
            if trial.state == TrialState.RUNNING and is_stale(lease, began, now):
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        taken = {trial.user_attrs.get("again_of") for trial in every}
        for trial in self._study.get_trials(deepcopy=False):
            abandoned = trial.state == TrialState.FAIL and "reason" not in trial.user_attrs
            whole = "lease" in trial.user_attrs  # it is taken once all is suggested
            if abandoned and whole and trial.number not in taken:
                self._study.enqueue_trial(trial.params, user_attrs={"again_of": trial.number})

    def _try(self, trial: optuna.Trial, evaluate: Callable[[Candidate], Verdict]) -> None:
        from optuna.trial import TrialState

        if (twin := self._twin(trial)) is not None:
            trial.set_user_attr("twin", twin)
            self._end(trial, Verdict({}, f"the same settings as trial {twin}"))
            return
        settings = settings_of(trial.params)
        candidate = Candidate(trial.number, settings, lambda f: self._early(trial, f))
        try:
            with renewed(lambda lease: trial.set_user_attr("lease", lease)):
                verdict = evaluate(candidate)
            missing = [n for n in self.plan.objectives if not math.isfinite(
                verdict.figures.get(n, math.nan))]  # fmt: skip
            if missing and not verdict.refused:
                raise UserError(f"{', '.join(missing)} came out as no number.")
        except UserError as error:
            trial.set_user_attr("reason", error.message)
            self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        else:
            self._end(trial, verdict)

    def _end(self, trial: optuna.Trial, verdict: Verdict) -> None:
        """Keep what came out, unless another process took the trial from a silent one."""
        from optuna.trial import TrialState

        if self._state(trial.number) != TrialState.RUNNING:
            return
        finite = {name: float(v) for name, v in verdict.figures.items() if math.isfinite(v)}
        trial.set_user_attr("figures", finite)
        trial.set_constraint("cost", verdict.over)
        if verdict.refused:
            trial.set_user_attr("limit", [verdict.limit, verdict.over])
            trial.set_user_attr("reason", verdict.refused)
            self._study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
            return
        values = [finite[name] for name in self.plan.objectives]
        self._study.tell(trial, values, skip_if_finished=True)

    def _state(self, number: int) -> Any:
        return self._study.get_trials(deepcopy=False)[number].state

    def _twin(self, trial: optuna.Trial) -> int | None:
        """An older trial of the same settings that ended with figures, or that is at work."""
        from optuna.trial import TrialState

        alive = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        for other in self._study.get_trials(deepcopy=False, states=alive):
            same = other.number < trial.number and other.params == trial.params
            if same and "twin" not in other.user_attrs:
                return int(other.number)
        return None

    def _early(self, trial: optuna.Trial, figures: Mapping[str, float]) -> str:
        """Successive halving without rounds: why to give up beside what others were by then."""
        names = self.plan.objectives
        own = [float(figures[name]) for name in names]
        others = [
            other.user_attrs["early"]
            for other in self._study.get_trials(deepcopy=False)
            if other.number != trial.number and "early" in other.user_attrs
        ]
        trial.set_user_attr("early", own)
        beaten = pareto.rivals(own, others, names)
        if beaten < self.plan.rivals:
            return ""
        return f"given up early: {beaten} others were better in everything by then"


def kept_plan(folder: Path, storage: str = "") -> Mapping[str, Any]:
    """What the study there keeps of its plan (`Plan.signature`); nothing where there is none.

    Raises:
        UserError: it is damaged, or cannot be reached.
    """
    with _opening(_place(storage) or str(folder / JOURNAL), storage):
        if not storage and not (folder / JOURNAL).is_file():
            return {}
        kept, names = _kept(folder, storage)
        if NAME not in names:
            return {}
        plan: Mapping[str, Any] = (
            _optuna().load_study(study_name=NAME, storage=kept).user_attrs.get("plan", {})
        )
        return plan


def _kept(folder: Path, storage: str) -> tuple[Any, list[str]]:
    """Where studies are kept, and the names of those that are there."""
    optuna = _optuna()
    kept: Any = storage
    if not storage:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        kept = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    return kept, optuna.get_all_study_names(kept)


def _counts(trial: Any) -> bool:
    """Whether a trial is one of those asked for: not what a dead process left, nor a twin."""
    return bool(
        trial.state.is_finished()
        and "twin" not in trial.user_attrs
        and (trial.state.name != "FAIL" or "reason" in trial.user_attrs)
    )


_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running",
           "WAITING": "waiting"}  # fmt: skip


def _tried(trial: Any) -> Tried:
    attributes = trial.user_attrs
    limit, over = attributes.get("limit", ("", 0.0))
    reason = attributes.get("reason", "")
    if trial.state.name == "FAIL" and not reason:
        reason = "its process ended; tried again"
    return Tried(
        trial.number,
        _STATES[trial.state.name],
        settings_of(trial.params),
        attributes.get("figures", {}),
        reason,
        limit,
        over,
        attributes.get("again_of"),
    )


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("tune", "optuna", "The search") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _opened(folder: Path, plan: Plan, storage: str, join: bool) -> optuna.Study:
    optuna = _optuna()
    directions = ["maximize" if n in pareto.BETTER_HIGH else "minimize" for n in plan.objectives]
    kept, names = _kept(folder, storage)
    if NAME in names:
        study = optuna.load_study(study_name=NAME, storage=kept)
    elif join:
        raise UserError("There is no study to join there.", "coincell tune --trials 30")
    else:
        study = optuna.create_study(study_name=NAME, storage=kept, directions=directions)
        study.set_user_attr("version", VERSION)
        study.set_user_attr("plan", plan.signature())
        for settings in plan.first:
            study.enqueue_trial(parameters_of(settings, plan.space))
    own = [plan.seed, len(study.get_trials(deepcopy=False)), join * os.getpid()]
    seed = int(np.random.SeedSequence(own).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(seed=seed)
    return study  # type: ignore[no-any-return]


def _check_plan(study: optuna.Study, plan: Plan) -> None:
    attributes = study.user_attrs
    hint = "Move build/tune away (or name another [tune] storage) to begin anew."
    if attributes.get("version") != VERSION:
        raise UserError(
            f"The study was written by another version of Coincell: its form is "
            f"{attributes.get('version')!r}, and this one reads {VERSION}.", hint
        )  # fmt: skip
    kept, wanted = attributes.get("plan", {}), plan.signature()
    for name, value in wanted.items():
        if kept.get(name) != value:
            raise UserError(f"The study was begun with other settings ({_unlike(name)}).", hint)


def _unlike(name: str) -> str:
    return {"about": "of the project, its data or tune.limits"}.get(name, f"tune.{name}")


def _first_line(error: Exception, secret: str, place: str) -> str:
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line.replace(secret, place) if secret else line


def _place(storage: str) -> str:
    """A database's URL as it may be shown: without its password."""
    if not storage:
        return ""
    try:
        from sqlalchemy.engine import make_url

        return make_url(storage).render_as_string(hide_password=True)
    except Exception:  # no URL at all: its text may hold anything
        return "tune.storage"


@contextlib.contextmanager
def _opening(place: str, secret: str) -> Iterator[None]:
    """`_told_errors` while nothing but the storage is read: whatever else goes wrong in its library
    is what the storage holds, which may be anything."""
    try:
        with _told_errors(place, secret):
            yield
    except CoincellError:
        raise
    except Exception as error:
        told = _first_line(error, secret, place)
        raise FileError(f"The study at {place} is damaged: {told}.", "Move it away.") from error


@contextlib.contextmanager
def _told_errors(place: str, secret: str = "") -> Iterator[None]:
    """What a storage that is damaged or away makes Optuna raise, as the user's to mend; `secret` is
    not repeated from what libraries say."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"The study at {place} cannot be reached: {error.strerror or error}.",
            "Run the same command again when it is there; what was finished is kept.",
        ) from error
    except ImportError as error:
        raise UserError(
            f"The study at {place} needs a driver of its database, which is not installed: "
            f"{_first_line(error, secret, place)}",
            "For postgresql: pip install psycopg2-binary; for others see SQLAlchemy's dialects.",
        ) from error
    except (KeyError, json.JSONDecodeError) as error:
        raise FileError(f"The study at {place} is damaged: {error}.", "Move it away.") from error
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("optuna", "sqlalchemy"):
            raise
        raise FileError(
            f"The study at {place} cannot be used: {_first_line(error, secret, place)}",
            "Check tune.storage, and that its database runs.",
        ) from error


def binding(trials: Sequence[Tried]) -> dict[str, tuple[int, float]]:
    """Limit -> how many trials it refused, and the least share by which one was over."""
    found: dict[str, tuple[int, float]] = {}
    for trial in trials:
        if trial.limit:
            count, least = found.get(trial.limit, (0, math.inf))
            found[trial.limit] = count + 1, min(least, trial.over)
    return found
