"""Feature blocks side by side on a project's recordings: what they tell, what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from coincell.board import BlockBench, BlockCost
from coincell.data import Progress
from coincell.errors import ConfigurationError, ToolchainError, UserError
from coincell.evaluation import Estimate, evaluate_anomaly, evaluate_quantity, wilson_by_group
from coincell.features import (
    FeatureBlock,
    choose_quantization,
    fisher_ratio,
    folds_of,
    linear_classes,
    linear_predictions,
    make_feature_block,
)
from coincell.firmware import load_board, need_firmware
from coincell.pipeline.clips import Clips, normal_class, read_clips, silence_class
from coincell.pipeline.families import fitting_architecture
from coincell.pipeline.report_parts_maps import spread_rows
from coincell.pipeline.run import run_until
from coincell.pipeline.runner import Demand, Listener, unheard
from coincell.project import Configuration, DataSettings, FeatureSettings, PictureSettings, Project
from coincell.toolchain import find_cross_compiler

_MOST_WINDOWS = 1500
_FOLDS = 5
_FEW_UNITS = 10
_ROUNDS = 500
_CANDIDATES: dict[str, tuple[dict[str, Any], ...]] = {
    "sound": (
        {"block": "log-mel"},
        {"block": "log-mel", "bands": 20},
        {"block": "mfcc"},
        {"block": "spectrogram", "fft_size": 512, "frame_ms": 30.0, "hop_ms": 20.0},
    ),
    "motion": (
        {"block": "raw"},
        {"block": "raw", "decimation": 4},
        {"block": "statistics"},
        {"block": "spectral", "fft_size": 64, "bands": 8},
    ),
    "picture": (
        {"block": "picture"},
        {"block": "picture", "width": 48, "height": 48},
        {"block": "picture", "width": 32, "height": 32},
        {"block": "picture", "color": "rgb", "width": 48, "height": 48},
    ),
}
_ADAPTER: TypeAdapter[Any] = TypeAdapter(FeatureSettings)


@dataclass(frozen=True)
class Compared:
    """One block with its settings.

    Attributes:
        settings: of the block.
        current: whether they are the project's.
        shape: of a window's features.
        score: cross-validated accuracy of a linear model, R2 of a number, or AUC of the distance
            from normal windows; None where the data cannot tell.
        fisher: Fisher's ratio; None of a number.
        table_bytes: flash of constant tables.
        scratch_bytes: working memory.
        cost: on the virtual board; None where it could not be measured.
        problem: why the block does not fit the recordings, or "".
        architecture: of the model that fits these features; "" where none is known.
        own: whether that is the project's already.
    """

    settings: Any
    current: bool
    shape: tuple[int, ...] = ()
    score: Estimate | None = None
    fisher: float | None = None
    table_bytes: int = 0
    scratch_bytes: int = 0
    cost: BlockCost | None = None
    problem: str = ""
    architecture: str = ""
    own: bool = True

    @property
    def name(self) -> str:
        """The block and what of its settings is not the default: "spectral bands=8"."""
        chosen = self.settings.model_dump(mode="json", exclude_defaults=True, exclude={"block"})
        return " ".join(
            [self.settings.block, *(f"{key}={_spelled(value)}" for key, value in chosen.items())]
        )

    @property
    def toml(self) -> str:
        """The lines to paste into coincell.toml."""
        chosen = self.settings.model_dump(mode="json", exclude_defaults=True, exclude={"block"})
        lines = [f"{key} = {_toml(value)}" for key, value in chosen.items()]
        model = ["", "[model]", f'architecture = "{self.architecture}"']
        if self.own or not self.architecture:
            model = []
        return "\n".join(["[features]", f'block = "{self.settings.block}"', *lines, *model])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "current": self.current,
            "shape": list(self.shape),
            "score": None if self.score is None else self.score.to_json(),
            "fisher": self.fisher,
            "table_bytes": self.table_bytes,
            "scratch_bytes": self.scratch_bytes,
            "cost": None if self.cost is None else asdict(self.cost),
            "problem": self.problem,
            "architecture": self.architecture,
            "toml": self.toml,
        }


@dataclass(frozen=True)
class Comparison:
    """All blocks that were tried.

    Attributes:
        score_name: what the score is.
        windows: how many were used, of training and validation; the test split is not touched.
        blocks: in the order asked for.
        proposal: position of the one to take, or None.
        reason: why.
        notes: what the figures do not say.
    """

    score_name: str
    windows: int
    blocks: tuple[Compared, ...]
    proposal: int | None
    reason: str
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "score": self.score_name,
            "windows": self.windows,
            "blocks": [block.to_json() for block in self.blocks],
            "proposal": self.proposal,
            "reason": self.reason,
            "notes": list(self.notes),
        }


def compare_features(
    project: Project,
    wanted: Sequence[str] = (),
    progress: Progress | None = None,
    listener: Listener = unheard,
    *,
    measured: bool = True,
) -> Comparison:
    """Try blocks on the project's training and validation windows, and on the virtual board.

    Args:
        project: whose recordings.
        wanted: blocks as "NAME" or "NAME key=value key=value"; none: those for the sense.
        progress: hears of each block.
        listener: hears of the dataset stage.
        measured: whether blocks are run on the virtual board, for what they cost.

    Raises:
        UserError: a block or a setting is unknown, or there are too few windows.
    """
    configuration = project.configuration
    settings = [parse_block(text) for text in wanted] or _candidates(configuration)
    outcome = run_until(project, Demand(until="dataset"), listener)
    data = Learned.of(read_clips(outcome.artefacts["dataset"]), configuration)
    bench, why = block_bench(configuration) if measured else (None, ())
    found = []
    for done, chosen in enumerate(settings):
        if progress:
            progress(done, len(settings), chosen.block)
        found.append(_compared(chosen, data, bench))
    proposal, reason = propose(found, data.score_name)
    return Comparison(
        data.score_name, len(data.rows), tuple(found), proposal, reason, (*data.notes, *why)
    )


def parse_block(text: str) -> Any:
    """ "spectral bands=8 fft_size=64" -> settings.

    Raises:
        UserError: there is no such block or setting, or a value does not fit.
    """
    name, *given = text.split()
    values: dict[str, Any] = {"block": name}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise UserError(f"Settings are written key=value; received {each!r}.")
        values[key] = value.split(",") if "," in value else value
    try:
        try:
            return _ADAPTER.validate_python(values, strict=False)
        except ValidationError as error:
            for fault in error.errors():  # one value where a list is wanted
                if fault["type"] == "tuple_type":
                    values[str(fault["loc"][-1])] = [fault["input"]]
            return _ADAPTER.validate_python(values, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        told = f"{place}: {first['msg']}" if place else first["msg"]
        raise UserError(
            f"--blocks {text!r} is not understood: {told}.",
            hint="Blocks and their settings stand in docs/configuration.md.",
        ) from error


def _candidates(configuration: Configuration) -> list[Any]:
    """The project's own settings first, then those for its sense."""
    own = configuration.features
    color = configuration.data.camera.color
    # weights need the values that they were trained with
    kept = {"values": own.values} if isinstance(own, PictureSettings) else {}
    others = [
        _ADAPTER.validate_python(kept | values)
        for values in _CANDIDATES[configuration.data.sense]
        if values.get("color", "gray") == "gray" or color == "rgb"
    ]
    if configuration.data.sense == "motion":
        others += _frames(configuration)
    return [own, *(each for each in others if each != own)]


def _frames(configuration: Configuration) -> list[Any]:
    """A spectrogram whose frames are at most 64 samples and half the window."""
    form = configuration.data.form
    frame_ms = 1000 * min(64, form.samples // 2) // max(1, form.rate_hz)
    if frame_ms < 2:
        return []
    values = {"frame_ms": float(frame_ms), "hop_ms": float(frame_ms // 2)}
    return [
        _ADAPTER.validate_python({"block": "spectrogram", "fft_size": 64, "bands": 8, **values})
    ]


@dataclass(frozen=True)
class Learned:
    """The windows that features are judged by: training and validation, never the test split.

    Attributes:
        clips: the data set.
        rows: positions of the windows, [n].
        fold: a fold of each, [n].
        units: what windows share, such as a speaker, [n]; None where each stands alone.
        configuration: the project's.
        notes: what figures on them do not say.
    """

    clips: Clips
    rows: NDArray[np.int64]
    fold: NDArray[np.int64]
    units: list[str] | None
    configuration: Configuration
    notes: tuple[str, ...]

    @classmethod
    def of(cls, clips: Clips, configuration: Configuration) -> Learned:
        """An even share of the windows, in folds by what windows share."""
        rows = np.sort(np.concatenate([clips.rows("train"), clips.rows("validation")]))
        rows = rows[spread_rows(len(rows), _MOST_WINDOWS)]
        strange = strange_of_test(clips, rows, configuration)
        rows = np.concatenate([rows, strange[spread_rows(len(strange), _MOST_WINDOWS)]])
        if len(rows) < 2 * _FOLDS:
            raise UserError(
                f"Features are compared on at least {2 * _FOLDS} windows of training and "
                f"validation; there are {len(rows)}."
            )
        data = configuration.data
        units = clips.units(rows, data.split.by, silence_class(data))
        notes = [ONLY_TESTED] if len(strange) else []
        if units is None:
            notes.append(
                "Windows share no known speaker, machine or recording: those of one may be on both "
                "sides of a fold, and the scores are too good for new ones."
            )
        elif len(set(units)) < _FEW_UNITS:
            notes.append(f"The windows are of only {len(set(units))} units: expect less elsewhere.")
        if configuration.goal == "classes":
            notes.append(
                "The score is a linear model's: what a convolution finds in raw samples, pixels or "
                "spectrograms it does not see. Train with two blocks where they are near."
            )
        fold = folds_of(units or list(range(len(rows))), clips.labels[rows], _FOLDS,
                        configuration.project.seed)  # fmt: skip
        return cls(clips, rows, fold, units, configuration, tuple(notes))

    @property
    def score_name(self) -> str:
        """What `score` gives."""
        return {"classes": "linear accuracy", "quantity": "linear R2", "normality": "AUC"}[
            self.configuration.goal
        ]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of the windows, [n]; of normality whether each is strange."""
        labels = self.clips.labels[self.rows]
        if self.configuration.goal == "normality":
            labels = (labels != normal_class(self.configuration.data)).astype(np.int64)
        return labels

    def windows(self) -> NDArray[Any]:
        """[n, form.values]."""
        return np.ascontiguousarray(self.clips.windows[self.rows])

    def score(self, features: NDArray[np.int8]) -> Estimate | None:
        """How well int8 features [n, ...] tell what is to be told, with an interval over units."""
        if self.configuration.goal == "quantity":
            return self._explained(features)
        if self.configuration.goal == "normality":
            return self._apart(features)
        right = linear_classes(features, self.labels, self.fold) == self.labels
        return wilson_by_group(right, self.units)

    def _explained(self, features: NDArray[np.int8]) -> Estimate:
        """R2 of a linear prediction."""
        truth, seed = self.clips.targets[self.rows], self.configuration.project.seed
        said = linear_predictions(features, truth[:, None], self.fold)[:, 0]
        mean = float(truth.mean())
        return evaluate_quantity(
            truth, said, training_mean=mean, seed=seed, rounds=_ROUNDS, groups=self.units
        ).metrics["r2"]

    def _apart(self, features: NDArray[np.int8]) -> Estimate | None:
        """AUC of the distance from normal windows, where strange ones are labelled."""
        flat = features.reshape(len(features), -1).astype(np.float64)
        strange, seed = self.labels == 1, self.configuration.project.seed
        normal = flat[~strange]
        if not strange.any() or len(normal) < 2:
            return None
        mean, deviation = normal.mean(axis=0), normal.std(axis=0)
        far = (((flat - mean) / np.where(deviation > 0, deviation, 1.0)) ** 2).mean(axis=1)
        return evaluate_anomaly(
            strange, far, float(far.max()), seed=seed, rounds=_ROUNDS, groups=self.units
        ).auc


ONLY_TESTED = (
    "Strange windows stand in the test split alone, so that those were used: what is chosen by "
    "them must be judged on recordings that are new."
)


def strange_of_test(
    clips: Clips, rows: NDArray[np.int64], configuration: Configuration
) -> NDArray[np.int64]:
    """Of normality: the test split's strange windows, where `rows` holds none; else nothing."""
    if configuration.goal != "normality":
        return np.zeros(0, np.int64)
    normal, test = normal_class(configuration.data), clips.rows("test")
    if (clips.labels[rows] != normal).any():
        return np.zeros(0, np.int64)
    strange: NDArray[np.int64] = test[clips.labels[test] != normal]
    return strange


def block_bench(configuration: Configuration) -> tuple[BlockBench | None, tuple[str, ...]]:
    """Where blocks are measured, or why they cannot be."""
    board = load_board(configuration.board.source)
    try:
        need_firmware(board)
        return BlockBench(board, find_cross_compiler(board.core)), ()
    except (ToolchainError, UserError) as error:
        return None, (f"No cost on the board was measured: {error.message}",)


def int8_features(
    block: FeatureBlock, windows: NDArray[Any]
) -> tuple[FeatureBlock, NDArray[np.int8]]:
    """The fitted block, and its int8 features of the same windows."""
    fitted = block.fit(windows)
    values = fitted.compute(windows)
    quantization = choose_quantization(values, fitted.fixed_point_scale)
    return fitted, fitted.quantize(values, quantization)


def _compared(settings: Any, data: Learned, bench: BlockBench | None) -> Compared:
    current = settings == data.configuration.features
    form = data.configuration.data.form
    windows = data.windows()
    try:
        block, features = int8_features(make_feature_block(settings, form), windows)
    except ConfigurationError as error:
        return Compared(settings, current, problem=error.message)
    number = data.configuration.goal == "quantity"
    fitting = fitting_architecture(settings.block, data.configuration)
    return Compared(
        settings,
        current,
        shape=block.shape,
        score=data.score(features),
        fisher=None if number else fisher_ratio(features, data.labels),
        table_bytes=block.table_bytes,
        scratch_bytes=block.scratch_bytes,
        cost=bench.cost(block, windows[:8]) if bench else None,
        architecture=fitting,
        own=fitting == data.configuration.model.architecture,
    )


def propose(blocks: Sequence[Compared], score_name: str) -> tuple[int | None, str]:
    """The cheapest block that is not clearly worse than the best.

    Not clearly worse: its score is within the best one's 95 % interval.
    """
    known = [
        (at, block.score.value, block.score.low)
        for at, block in enumerate(blocks)
        if block.score is not None and block.score.value is not None
    ]
    if not known:
        return None, "No block could be judged."
    best, top, low = max(known, key=lambda entry: entry[1])
    near = [at for at, value, _ in known if low is None or value >= low]
    chosen = min(near, key=lambda at: (_cost_of(blocks[at]), -(_value(blocks[at]))))
    told = f"{score_name} {_value(blocks[chosen]):.3f}"
    if chosen == best:
        return (
            chosen,
            f"{blocks[chosen].name} has the best score, {told}, and none as good is cheaper.",
        )
    return chosen, (
        f"{blocks[chosen].name} has {told}, within the interval of the best "
        f"({blocks[best].name}, {top:.3f}), and is the cheapest of these."
    )


def _value(block: Compared) -> float:
    return 0.0 if block.score is None or block.score.value is None else block.score.value


def _cost_of(block: Compared) -> float:
    """Cycles, or what stands for them: the memory that it takes."""
    if block.cost is not None:
        return float(block.cost.cycles)
    return float(block.table_bytes + block.scratch_bytes)


def _spelled(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def without_channel(data: DataSettings, channel: int) -> DataSettings:
    """The same windows without one channel."""
    kept = [at for at in range(len(data.channels)) if at != channel]
    return data.model_copy(
        update={
            name: tuple(getattr(data, name)[at] for at in kept)
            for name in ("channels", "units", "full_scale")
        }
    )
