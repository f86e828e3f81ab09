"""Ways of [mitigation] side by side: each is trained and judged on the validation split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.audit import (
    LEVEL,
    ClassMeasure,
    People,
    Place,
    TaskWords,
    audit_people,
    holm,
    paired_p,
    people_of,
)
from coincell.errors import DataError, UserError
from coincell.evaluation import mean_difference
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.judged import Told, read_told
from coincell.pipeline.runner import StageEvent, alone
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.variation import run_variation, with_settings
from coincell.project import Configuration, Project

PLACE = "mitigations"
AS_IT_IS = "as it is"
COPIES = 4
"""Of the way with copies, where [mitigation] tells no number."""
_WAYS: Mapping[str, Mapping[str, str | int]] = {
    AS_IT_IS: {"weights": "none", "batches": "none", "copies": 0},
    "reweighed": {"weights": "reweigh", "batches": "none", "copies": 0},
    "balanced epochs": {"weights": "none", "batches": "balanced", "copies": 0},
    "targeted copies": {"weights": "none", "batches": "none", "copies": COPIES},
}
_HEARD = Callable[[str, StageEvent], None]


def compare_mitigations(
    project: Project, columns: Sequence[str] = (), listener: _HEARD | None = None
) -> dict[str, Any]:
    """Train the project in each way, and audit all of them on the validation split.

    Args:
        project: as it stands, of classes.
        columns: whose groups are meant; empty: those of [mitigation].
        listener: hears of each way's stages.

    Returns:
        {"columns", "people", "clips", "notes", "ways": [{"name", "settings", "accuracy": E,
        "gap": E or None, "groups": [{"value", "people", "clips", "claimed", "accuracy": E}],
        "worst", "worst_gain": E or None, "clear"}]}, where E is {"value", "ci95"}; the gap is of
        accuracy between the groups that are large enough; `worst_gain` is how much more often the
        group that was worst as it is was right, with an interval over people. It is `clear` where
        that group is large enough and a paired test over people, corrected for the number of ways
        (Holm 1979), says so. The group was chosen by the same windows, which flatters every way.

    Raises:
        UserError: there are no columns, or the project does not tell classes.
        DataError: a column compares nothing.
    """
    configuration = project.configuration
    if configuration.goal != "classes":
        raise UserError("Ways of [mitigation] are compared for projects that tell classes.")
    columns = tuple(columns) or configuration.mitigation.columns
    if not columns:
        raise UserError(
            "Mitigation needs columns, whose groups are meant; received none.",
            hint="coincell audit --mitigations --group gender",
        )
    copies = configuration.mitigation.copies or COPIES
    ways = {
        name: {**settings, "copies": settings["copies"] and copies}
        for name, settings in _WAYS.items()
        if not (configuration.classical and settings["batches"] != "none")
    }
    told: dict[str, Told] = {}
    with alone(project, STAGES):
        first = run_variation(
            project, STAGES, "dataset", place=PLACE, listener=_heard(AS_IT_IS, listener)
        )
        clips = read_clips(first.artefacts["dataset"])
        people = _people(clips, configuration, columns)
        for name, settings in ways.items():
            changes: dict[str, Any] = {"mitigation.columns": list(columns)}
            changes |= {f"mitigation.{key}": value for key, value in settings.items()}
            outcome = run_variation(
                with_settings(project, changes), STAGES, "evaluate", place=PLACE,
                listener=_heard(name, listener),
            )  # fmt: skip
            told[name] = read_told(outcome.artefacts["evaluate"], "validation")["int8"]
    return _compared(clips, people, configuration, columns, told, ways)


def _heard(name: str, listener: _HEARD | None) -> Callable[[StageEvent], None]:
    def hear(event: StageEvent) -> None:
        if listener:
            listener(name, event)

    return hear


def _people(clips: Clips, configuration: Configuration, columns: Sequence[str]) -> People:
    """Whose the validation windows are; refused before anything is trained for nothing."""
    rows = clips.rows("validation")
    if not len(rows):
        raise DataError(
            "The validation split has no windows to judge by.",
            hint="Give [data.split] a share for it.",
        )
    settings = configuration.audit.model_copy(update={"columns": tuple(columns)})
    people = people_of(
        [clips.groups[row] for row in rows],
        [clips.files[row] for row in rows],
        settings,
        split_by=configuration.data.split.by,
        truth=clips.labels[rows],
    )
    if not people.columns:
        raise DataError(
            f"Nothing can be compared by {', '.join(columns)} on the validation split. "
            + " ".join(people.notes),
            hint="More people in validation, or another column.",
        )
    return people


def _compared(
    clips: Clips,
    people: People,
    configuration: Configuration,
    columns: Sequence[str],
    told: Mapping[str, Told],
    ways: Mapping[str, Mapping[str, str | int]],
) -> dict[str, Any]:
    rows = clips.rows("validation")
    truth = clips.labels[rows]
    settings = configuration.audit.model_copy(update={"columns": tuple(columns)})
    labels = tuple(configuration.data.labels)
    places = [
        Place(name, ClassMeasure(labels, truth, each.scores.argmax(axis=1)))
        for name, each in told.items()
    ]
    words = TaskWords(configuration.data.sense, configuration.goal)
    facts = audit_people(
        people, places, settings, words, seed=configuration.project.seed, labels=()
    )
    column = facts["columns"][-1]  # of several: their intersection
    worst = _worst(column["groups"])
    clear = _clear(people, truth, told, worst, column["groups"])
    return {
        "columns": list(columns),
        "clips": len(rows),
        "people": facts["people"],
        "notes": list(people.notes),
        "ways": [
            {
                "name": name,
                "settings": dict(ways[name]),
                "accuracy": facts["overall"][name]["figures"]["accuracy"],
                "gap": _gap(column, name),
                "groups": [_group(group, name) for group in column["groups"]],
                "worst": worst,
                "worst_gain": _gain(people, truth, told, name, worst, configuration),
                "clear": name in clear,
            }
            for name in told
        ],
    }


def _group(group: Mapping[str, Any], name: str) -> dict[str, Any]:
    figure = group["places"][name]["figures"]["accuracy"]
    return {
        "value": group["value"],
        "people": group["people"],
        "clips": group["clips"],
        "claimed": figure["claimed"],
        "accuracy": {"value": figure["value"], "ci95": figure["ci95"]},
    }


def _worst(groups: Sequence[Mapping[str, Any]]) -> str:
    """The group that is right least often as the project is; of large ones, if there are any."""
    told = [group for group in groups if group["told"]]
    large = [group for group in told if group["claimed"]] or told
    return str(
        min(large, key=lambda one: one["places"][AS_IT_IS]["figures"]["accuracy"]["value"])["value"]
    )


def _gap(column: Mapping[str, Any], name: str) -> Any:
    for each in column["criteria"][name]:
        if each["criterion"] == "accuracy_parity":
            return each["difference"]
    return None


def _gain(
    people: People,
    truth: Any,
    told: Mapping[str, Told],
    name: str,
    worst: str,
    configuration: Configuration,
) -> Any:
    """Of the worst group, by the same people: right more often than as it is."""
    if name == AS_IT_IS:
        return None
    own = _own(people, worst)
    return mean_difference(
        *(_right(told[way], truth)[own] for way in (AS_IT_IS, name)),
        seed=configuration.project.seed,
        rounds=configuration.audit.rounds,
        groups=people.person[own].tolist(),
    ).to_json()


def _own(people: People, group: str) -> NDArray[np.bool_]:
    """Which windows are of `group`, [n]."""
    column = people.columns[-1]
    own: NDArray[np.bool_] = column.codes == column.values.index(group)
    return own


def _right(told: Told, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 where the class was told, else 0, [n]."""
    right: NDArray[np.float64] = (told.scores.argmax(axis=1) == truth).astype(np.float64)
    return right


def _clear(
    people: People,
    truth: NDArray[np.int64],
    told: Mapping[str, Told],
    worst: str,
    groups: Sequence[Mapping[str, Any]],
) -> set[str]:
    """The ways that help the worst group by more than chance, all ways held together."""
    if not {group["value"]: group["claimed"] for group in groups}[worst]:
        return set()
    own = _own(people, worst)
    names = [name for name in told if name != AS_IT_IS]
    gains = [(_right(told[name], truth) - _right(told[AS_IT_IS], truth))[own] for name in names]
    corrected = holm([paired_p(gain, people.person[own]) for gain in gains])
    return {
        name
        for name, gain, p in zip(names, gains, corrected, strict=True)
        if gain.mean() > 0 and p < LEVEL
    }
