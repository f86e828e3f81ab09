"""Test windows to look at: examples, the worst mistakes, what mattered in them, maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.pipeline.attribution import cells_for, occlusion
from coincell.pipeline.attribution_answers import Answers, Asked
from coincell.pipeline.clips import Clips, read_clips, training_rows
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.report_parts_features import feature_columns, feature_form
from coincell.pipeline.report_parts_gallery import (
    SOUND_BYTES,
    heat_of,
    mattered_of,
    picture_of,
    sound_of,
    traces_of,
)
from coincell.pipeline.report_parts_maps import feature_map, spread_rows
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import host_compiler
from coincell.pipeline.store import Artefact
from coincell.project import Configuration
from coincell.report import FeatureMap, Gallery, MapPoint, Specimen

GALLERY_FILE = "gallery.json"
_MISTAKES = 8
_EXAMPLES = 12
_FEW_LABELS = 3
_MOST_ASKED = 4000
"""Test windows that are looked through; of more an even share."""
_HIDDEN = (
    "Parts of the features were hidden one by one by their mean over training windows, and the "
    "int8 model was asked again, each window by itself, without smoothing. "
)
_TINTED = _HIDDEN + "Orange spoke for the answer that is told, blue against it."
_LISTED = _HIDDEN + (
    "Listed are the columns that changed the answer most: above 0 they spoke for it, below against."
)


def _settings(configuration: Configuration) -> dict[str, Any]:
    return {
        "outputs": list(configuration.outputs),
        "goal": configuration.goal,
        "data": configuration.data.model_dump(mode="json"),
        "features": configuration.features.model_dump(mode="json"),
        "decision": configuration.decision.model_dump(mode="json"),
        "form": Gallery.model_json_schema(),
    }


def _run(context: StageContext) -> None:
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    features = read_features(context.inputs["features"]).clips
    test = clips.rows("test")
    rows = test[spread_rows(len(test), _MOST_ASKED)]
    asked = Asked(context.inputs["quantize"], configuration)
    context.progress(0, len(rows), "the test windows")
    answers = asked.answers(features[rows], clips, rows)
    show = _Show(context, clips, features, rows, asked, answers)
    mistakes, found = show.mistakes()
    gallery = Gallery(
        mistakes=mistakes,
        mistakes_found=found,
        examples=show.examples(),
        maps=_maps(features[rows], clips, rows, answers, len(test)),
        how=_LISTED if show.form == "columns" else _TINTED,
    )
    (context.output / GALLERY_FILE).write_text(gallery.model_dump_json(), encoding="utf-8")


class _Show:
    """Makes specimens, all sounds of them within one budget."""

    def __init__(
        self,
        context: StageContext,
        clips: Clips,
        features: NDArray[np.int8],
        rows: NDArray[np.int64],
        asked: Asked,
        answers: Answers,
    ) -> None:
        self._context, self._configuration = context, context.configuration
        self._clips, self._features, self._rows = clips, features, rows
        self._asked, self._answers = asked, answers
        learned = training_rows(clips, self._configuration)
        self._neutral = features[learned].mean(axis=0).round().astype(np.int8)
        self.form = feature_form(self._configuration, features.shape[1:])
        self._columns = feature_columns(self._configuration, features.shape[1:])
        self._cells = cells_for(_MISTAKES + _EXAMPLES, asked.macs)
        self._sound = SOUND_BYTES * 4 // 3
        self._done = 0

    def mistakes(self) -> tuple[tuple[Specimen, ...], int]:
        """The worst first, and how many there are."""
        wrong = self._answers.wrong
        places = np.arange(len(self._rows)) if wrong is None else np.flatnonzero(wrong)
        order = places[np.argsort(-self._answers.worst[places], kind="stable")]
        chosen: dict[str, int] = {}
        for at in order.tolist():  # of a recording one, as its windows are alike
            chosen.setdefault(self._clips.files[self._rows[at]], at)
        worst = list(chosen.values())[:_MISTAKES]
        return tuple(self._specimen(at) for at in worst), len(places)

    def examples(self) -> tuple[Specimen, ...]:
        """One or two a label; of a number from the lowest to the highest."""
        values = self._answers.values
        if values is not None:
            order = np.argsort(values, kind="stable")
            chosen = order[spread_rows(len(order), 6)].tolist()
        else:
            labels = self._clips.labels[self._rows]
            each = 2 if len(np.unique(labels)) <= _FEW_LABELS else 1
            chosen = [
                int(at)
                for label in np.unique(labels)[:_EXAMPLES]
                for at in np.flatnonzero(labels == label)[:each]
            ]
        return tuple(self._specimen(at) for at in chosen)

    def _specimen(self, at: int) -> Specimen:
        row, data = int(self._rows[at]), self._configuration.data
        window, features = self._clips.windows[row], self._features[row]
        change = occlusion(self._asked.answer_for(features), features, self._neutral, self._cells)
        columns = self.form == "columns"
        self._done += 1
        self._context.progress(self._done, _MISTAKES + _EXAMPLES, "what mattered")
        answers = self._answers
        return Specimen(
            file=self._clips.files[row],
            truth=answers.truth[at],
            said=answers.said[at],
            told=answers.told[at],
            right=None if answers.wrong is None else not answers.wrong[at],
            seconds=data.form.seconds,
            traces=traces_of(window, data),
            picture=picture_of(window, data),
            heat=None if columns else heat_of(features, change, self.form),
            mattered=mattered_of(change, self._columns) if columns else (),
            sound=self._within_budget(sound_of(window, data)),
        )

    def _within_budget(self, sound: str | None) -> str | None:
        if sound is None or len(sound) > self._sound:
            return None
        self._sound -= len(sound)
        return sound


def _maps(
    features: NDArray[np.int8],
    clips: Clips,
    rows: NDArray[np.int64],
    answers: Answers,
    of: int,
) -> tuple[FeatureMap, ...]:
    """Of the features, and of the last layer but one."""
    chosen = spread_rows(len(rows))
    points = [
        MapPoint(
            x=0.0,
            y=0.0,
            truth=answers.truth[at],
            said=answers.said[at],
            file=clips.files[rows[at]],
            value=None if answers.values is None else float(answers.values[at]),
            predicted=None if answers.predicted is None else float(answers.predicted[at]),
        )
        for at in chosen
    ]
    maps = [feature_map("features", "Features", features[chosen], points, of)]
    if answers.hidden is not None and answers.hidden.shape[1] > 1:
        hidden = answers.hidden[chosen]
        maps.append(feature_map("hidden", "The last layer but one", hidden, points, of))
    return tuple(maps)


def read_gallery(artefact: Artefact) -> Gallery:
    """What the stage made."""
    text = (artefact.folder / GALLERY_FILE).read_text(encoding="utf-8")
    return Gallery.model_validate_json(text)


STAGE = Stage(
    name="gallery",
    title="Show examples, mistakes and what mattered",
    needs=("dataset", "features", "quantize"),
    settings=_settings,
    modules=("coincell.anomaly", "coincell.classical", "coincell.compiler", "coincell.features"),
    packages=("numpy", "pydantic"),
    run=_run,
    toolchain=host_compiler,
)
