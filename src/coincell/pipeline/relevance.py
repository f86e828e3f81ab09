"""Which of a block's features the trained model needs, and what leaving each out would save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import BlockBench, BlockCost
from coincell.data import Progress
from coincell.errors import ConfigurationError, UserError
from coincell.features import FeatureBlock, make_feature_block, mutual_information
from coincell.pipeline.attribution_answers import Asked
from coincell.pipeline.clips import Clips, normal_class, read_clips
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.feature_comparison import (
    ONLY_TESTED,
    block_bench,
    strange_of_test,
    without_channel,
)
from coincell.pipeline.report_parts_features import feature_columns
from coincell.pipeline.report_parts_maps import spread_rows
from coincell.pipeline.run import run_until
from coincell.pipeline.runner import Demand, Listener, unheard
from coincell.project import (
    Configuration,
    MelSettings,
    PictureSettings,
    Project,
    RawSettings,
    SpectralSettings,
    StatisticsSettings,
)

_MOST_WINDOWS = 600
_ROUNDS = 5
_FEW_WINDOWS = 50
_REGIONS = 4


@dataclass(frozen=True)
class Feature:
    """Some columns that can be left out together.

    Attributes:
        name: of them.
        columns: positions in a row of the features; of a picture None.
        region: (rows, columns) of a picture as slices' ends, or None.
        settings: the block without them, or None where no setting leaves them out.
        channel: of the window that would not be read, or None.
    """

    name: str
    columns: tuple[int, ...] = ()
    region: tuple[int, int, int, int] | None = None
    settings: Any = None
    channel: int | None = None


@dataclass(frozen=True)
class Relevance:
    """What one feature is worth.

    Attributes:
        name: of the feature.
        information: bits that the best of its columns tells of what is told, by itself.
        importance: what the int8 model loses when the feature is shuffled between windows: share
            of right answers, error in the number's unit, or AUC.
        spread: standard deviation of that over the shuffles.
        saved: cycles, flash and working memory that leaving it out saves; None: not known.
        unsaved: why that is not known; "" where it is.
    """

    name: str
    information: float | None
    importance: float
    spread: float
    saved: Mapping[str, int] | None
    unsaved: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Relevances:
    """Of all features.

    Attributes:
        measure: what `importance` counts.
        base: the measure without any shuffling.
        windows: of the validation split.
        features: the most important first.
        cost: of the whole block on the virtual board, or None.
        notes: what the figures do not say.
    """

    measure: str
    base: float
    windows: int
    features: tuple[Relevance, ...]
    cost: BlockCost | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "measure": self.measure,
            "base": self.base,
            "windows": self.windows,
            "cost": None if self.cost is None else asdict(self.cost),
            "features": [each.to_json() for each in self.features],
            "notes": list(self.notes),
        }


def feature_relevance(
    project: Project, progress: Progress | None = None, listener: Listener = unheard
) -> Relevances:
    """How much each feature matters to the project's int8 model, on the validation split.

    Args:
        project: trained, or trained now.
        progress: hears of each feature.
        listener: hears of the stages.

    Raises:
        UserError: the validation split holds nothing to ask.
    """
    configuration = project.configuration
    artefacts = run_until(project, Demand(until="quantize"), listener).artefacts
    clips = read_clips(artefacts["dataset"])
    arrays = read_features(artefacts["features"])
    rows = clips.rows("validation")
    rows = rows[spread_rows(len(rows), _MOST_WINDOWS)]
    strange = strange_of_test(clips, rows, configuration)
    rows = np.concatenate([rows, strange[spread_rows(len(strange), _MOST_WINDOWS)]])
    judge = _Judge(Asked(artefacts["quantize"], configuration), clips, rows, configuration)
    features = arrays.clips[rows]
    base = judge.loss(features)
    bench, why = block_bench(configuration)
    known = list(features_of(configuration, features.shape[1:]))
    whole = make_feature_block(configuration.features, configuration.data.form, arrays.learned)
    windows = np.ascontiguousarray(clips.windows[clips.rows("train")[:200]])
    cost = bench.cost(whole, windows[:8]) if bench else None
    found = []
    for done, each in enumerate(known):
        if progress:
            progress(done, len(known), each.name)
        saved, unsaved = _saving(each, configuration, windows, bench, cost)
        importance, spread = judge.importance(features, each, base)
        told = judge.information(features, each)
        found.append(Relevance(each.name, told, importance, spread, saved, unsaved))
    found.sort(key=lambda each: -each.importance)
    notes = [*why, *([ONLY_TESTED] if len(strange) else []), *_notes(configuration, len(rows))]
    return Relevances(judge.measure, judge.told(base), len(rows), tuple(found), cost, tuple(notes))


class _Judge:
    """The int8 model's loss on windows whose features may be shuffled."""

    def __init__(
        self, asked: Asked, clips: Clips, rows: NDArray[np.int64], configuration: Configuration
    ) -> None:
        self._asked, self._clips, self._rows = asked, clips, rows
        self._goal, self._seed = configuration.goal, configuration.project.seed
        self._labels = clips.labels[rows]
        if self._goal == "normality":
            self._labels = (self._labels != normal_class(configuration.data)).astype(np.int64)
        if not len(rows) or (self._goal == "normality" and len(set(self._labels.tolist())) < 2):
            raise UserError(
                "Relevance is judged on the validation split, which "
                + ("is empty." if not len(rows) else "has no strange window beside normal ones."),
                hint="Raise data.split.validation, or record more.",
            )

    @property
    def measure(self) -> str:
        """What is lost, in words."""
        return {"classes": "accuracy", "quantity": "mean absolute error", "normality": "AUC"}[
            self._goal
        ]

    def told(self, loss: float) -> float:
        """The measure that a loss stands for."""
        return loss if self._goal == "quantity" else 1.0 - loss

    def loss(self, features: NDArray[np.int8]) -> float:
        """Share of wrong answers, mean absolute error, or 1 - AUC."""
        if self._goal == "normality":
            scores = self._asked.answer_for(features[0])(features)
            order = np.sort(scores[self._labels == 0])
            odd = scores[self._labels == 1]
            wins = np.searchsorted(order, odd, "left") + np.searchsorted(order, odd, "right")
            return 1.0 - float(wins.sum()) / (2 * len(order) * len(odd))
        answers = self._asked.answers(features, self._clips, self._rows)
        return float(answers.worst.mean() if answers.wrong is None else answers.wrong.mean())

    def importance(
        self, features: NDArray[np.int8], feature: Feature, base: float
    ) -> tuple[float, float]:
        """Mean and deviation of what is lost when windows exchange this feature among them."""
        generator = np.random.default_rng([self._seed, *feature.columns, len(feature.name)])
        lost = []
        for _ in range(_ROUNDS):
            other = features[generator.permutation(len(features))]
            lost.append(self.loss(_exchanged(features, other, feature)) - base)
        return float(np.mean(lost)), float(np.std(lost))

    def information(self, features: NDArray[np.int8], feature: Feature) -> float | None:
        """Of the feature's columns, each its mean over rows, the most informative one."""
        if feature.region is not None:
            top, bottom, left, right = feature.region
            one = features[:, top:bottom, left:right].reshape(len(features), -1).mean(axis=1)
            columns = one[:, None]
        else:
            columns = features[:, :, list(feature.columns)].mean(axis=1)
        targets = self._clips.targets[self._rows] if self._goal == "quantity" else self._labels
        return max(mutual_information(columns[:, at], targets) for at in range(columns.shape[1]))


def _exchanged(
    features: NDArray[np.int8], other: NDArray[np.int8], feature: Feature
) -> NDArray[np.int8]:
    mixed = features.copy()
    if feature.region is not None:
        top, bottom, left, right = feature.region
        mixed[:, top:bottom, left:right] = other[:, top:bottom, left:right]
    else:
        mixed[:, :, list(feature.columns)] = other[:, :, list(feature.columns)]
    return mixed


def features_of(configuration: Configuration, shape: tuple[int, ...]) -> list[Feature]:
    """What can be told apart in features of `shape`: what settings leave out, and channels."""
    settings = configuration.features
    if isinstance(settings, PictureSettings):
        return _regions(shape)
    columns = shape[1]
    channels = configuration.data.channels
    each = columns // len(channels) if channels else columns
    found: list[Feature] = []
    if len(channels) > 1 and each * len(channels) == columns:
        found += [
            Feature(f"channel {name}", tuple(range(at * each, (at + 1) * each)), channel=at)
            for at, name in enumerate(channels)
        ]
    if isinstance(settings, RawSettings):
        return found or [Feature("all samples", tuple(range(columns)))]
    if isinstance(settings, StatisticsSettings | SpectralSettings):
        return [*found, *_kinds(configuration, shape, each)]
    return [*found, *_bands(settings, columns, each)]


def _regions(shape: tuple[int, ...]) -> list[Feature]:
    """Sixteen parts of a picture; no setting leaves one out."""
    rows = [round(at * shape[0] / _REGIONS) for at in range(_REGIONS + 1)]
    across = [round(at * shape[1] / _REGIONS) for at in range(_REGIONS + 1)]
    return [
        Feature(
            f"row {down + 1}, column {right + 1} of {_REGIONS}",
            region=(rows[down], rows[down + 1], across[right], across[right + 1]),
        )
        for down in range(_REGIONS)
        for right in range(_REGIONS)
    ]


def _kinds(configuration: Configuration, shape: tuple[int, ...], each: int) -> list[Feature]:
    """Of statistics and spectral summaries: one kind of every channel."""
    settings = configuration.features
    names = feature_columns(configuration, shape)
    kinds: dict[str, list[int]] = {}
    first = configuration.data.channels[0] if configuration.data.channels else ""
    for at, name in enumerate(names):
        own = names[at % each].removeprefix(first).strip() if names else ""
        kinds.setdefault(own.split(" ")[0], []).append(at)
        del name
    return [
        Feature(kind, tuple(places), settings=_less(settings, kind))
        for kind, places in kinds.items()
    ]


def _less(settings: Any, kind: str) -> Any:
    """The settings without one kind of column, or None where none is left or none can be."""
    if isinstance(settings, StatisticsSettings):
        kept = tuple(name for name in settings.statistics if name != kind)
        return settings.model_copy(update={"statistics": kept}) if kept else None
    change = {
        "rms": {"rms": False},
        "frequency": {"peaks": 0},
        "height": {"peaks": 0},
        "moment": {"moments": False},
    }.get(kind)
    return settings.model_copy(update=change) if change else None


def _bands(settings: Any, columns: int, each: int) -> list[Feature]:
    """Each band or coefficient, of every channel; the last can be left out by a setting."""
    count = max(each, 1)
    mfcc = isinstance(settings, MelSettings) and settings.block == "mfcc"
    word, field = ("coefficient", "coefficients") if mfcc else ("band", "bands")
    found = []
    for band in range(count):
        fewer = None
        if band == count - 1 and count > 1 and getattr(settings, field, 0) == count:
            fewer = settings.model_copy(update={field: count - 1})
        found.append(Feature(f"{word} {band}", tuple(range(band, columns, count)), settings=fewer))
    return found


def _saving(
    feature: Feature,
    configuration: Configuration,
    windows: NDArray[Any],
    bench: BlockBench | None,
    whole: BlockCost | None,
) -> tuple[dict[str, int] | None, str]:
    """What leaving the feature out saves, or None and why that is not known."""
    if bench is None or whole is None:
        return None, "No cost on the board was measured."
    less = _without(feature, configuration, windows)
    if isinstance(less, str):
        return None, less
    return _saved(whole, bench.cost(*less)), ""


def _without(
    feature: Feature, configuration: Configuration, windows: NDArray[Any]
) -> tuple[FeatureBlock, NDArray[Any]] | str:
    """The fitted block without the feature, and windows of its form; or why there is none."""
    data, settings = configuration.data, configuration.features
    if feature.channel is not None:
        data = without_channel(data, feature.channel)
        steps = windows.reshape(len(windows), configuration.data.form.samples, -1)
        windows = np.delete(steps, feature.channel, axis=2).reshape(len(windows), -1)
    elif feature.settings is not None:
        settings = feature.settings
    else:
        return _no_setting(feature, settings)
    try:
        block = make_feature_block(settings, data.form).fit(windows)
    except ConfigurationError as error:
        return f"The block without it cannot be: {error.message}"
    return block, np.ascontiguousarray(windows[:8])


def _no_setting(feature: Feature, settings: Any) -> str:
    """Why no setting leaves this feature out, and what comes near."""
    if feature.region is not None:
        return "No setting leaves out a part of a picture: a smaller width and height do save."
    if feature.name.startswith("coefficient"):
        return "Only the last coefficient can be left out: coefficients tells how many there are."
    if feature.name.startswith("band"):
        return (
            "No setting leaves out one band among others, whose filters would move: fewer bands, "
            "or low_hz and high_hz closer together, do save."
        )
    return f"No setting of the block {settings.block!r} leaves it out."


def _saved(whole: BlockCost, less: BlockCost) -> dict[str, int]:
    """What `less` does not take; may be below 0."""
    return {
        "cycles": whole.cycles - less.cycles,
        "flash_bytes": whole.flash_bytes - less.flash_bytes,
        "ram_bytes": whole.ram_bytes - less.ram_bytes,
    }


def _notes(configuration: Configuration, windows: int) -> list[str]:
    notes = []
    if windows < _FEW_WINDOWS:
        notes.append(
            f"The validation split has only {windows} windows: one answer more or less is "
            f"{100 / windows:.1f} %."
        )
    if not isinstance(configuration.features, PictureSettings):
        notes.append(
            "Features that tell the same stand in for each other: shuffling either loses little, "
            "leaving out both may lose much. Train again without one before the next."
        )
    return notes
