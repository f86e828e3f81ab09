"""Is there enough data: the project's own stages on ever more of its training units.

Units (speakers, or whatever data.split.by names) are drawn whole. Each model is judged by the
validation split, which it was not watched by; the test split is taken out before anything begins.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coincell.errors import MissingExtraError, UserError
from coincell.evaluation import Estimate
from coincell.pipeline.clips import Clips, read_clips, silence_class, training_rows
from coincell.pipeline.folds import estimates_of
from coincell.pipeline.runner import Demand, alone, run_stages
from coincell.pipeline.stages.table import STAGES
from coincell.pipeline.variation import dealt_out, run_variation
from coincell.project import Configuration, Project

_PLACE = "learning-curve"
SHARES = {0.10: 3, 0.18: 3, 0.32: 2, 0.56: 2, 1.0: 1}
"""Share of the training units -> how often it is drawn."""
FEWEST_UNITS = 8
_FIGURES = {"classes": "accuracy", "normality": "auc", "quantity": "mae"}
_ROUNDS = 300
_EXPONENTS = np.geomspace(0.05, 2, 25)


@dataclass(frozen=True)
class Point:
    """What models of one size of training data reach.

    Attributes:
        share: of the training units, 0 to 1.
        units: how many that are; windows: mean over draws.
        values: "float" and "int8" -> the figure of each draw.
        figures: the same -> their mean; its interval holds what judges and draws leave open.
    """

    share: float
    units: int
    windows: float
    values: Mapping[str, Sequence[float]]
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class PowerLaw:
    """error(units) = floor + scale * units ** -exponent, fitted by least squares.

    Attributes:
        floor, scale, exponent: of the fit.
        others: fits of resampled residuals, [rounds, 3], which its uncertainty is read from.
    """

    floor: float
    scale: float
    exponent: float
    others: NDArray[np.float64]

    def error(self, units: float) -> Estimate:
        """The error that `units` would leave, with the 95 % interval of the fit."""
        curves = self.others[:, 0] + self.others[:, 1] * units ** -self.others[:, 2]
        low, high = np.quantile(curves, [0.025, 0.975])
        value = self.floor + self.scale * units**-self.exponent
        return Estimate(value, float(low), float(high))

    def units_for(self, error: float) -> Estimate:
        """Units that leave `error`; None where no number would."""
        own = np.array([[self.floor, self.scale, self.exponent]])
        value = _units_for(own, error)[0]
        low, high = np.quantile(_units_for(self.others, error), [0.025, 0.975], method="nearest")
        return Estimate(*(float(n) if math.isfinite(n) else None for n in (value, low, high)))


def _units_for(fits: NDArray[np.float64], error: float) -> NDArray[np.float64]:
    """Of fits [n, 3]: units [n], infinite where the floor lies above `error`."""
    above = error - fits[:, 0]
    found = np.full(len(fits), np.inf)
    there = (above > 0) & (fits[:, 1] > 0)
    found[there] = (above[there] / fits[there, 1]) ** (-1 / fits[there, 2])
    found[(above > 0) & (fits[:, 1] == 0)] = 1.0
    return found


def fit_power_law(units: ArrayLike, errors: ArrayLike, seed: int = 0) -> PowerLaw:
    """The inverse power law through `errors` [n] at `units` [n], each of one draw.

    The exponent is sought from 0.05 to 2; floor and scale of each are least squares without
    negative numbers. Residuals, inflated for the three parameters, are drawn again 300 times.
    """
    at, wanted = np.asarray(units, float), np.asarray(errors, float)
    best = _fit(at, wanted)
    fitted = best[0] + best[1] * at ** -best[2]
    left = (wanted - fitted) * math.sqrt(len(at) / max(1, len(at) - 3))
    generator = np.random.default_rng(seed)
    others = [_fit(at, fitted + generator.choice(left, len(at))) for _ in range(_ROUNDS)]
    return PowerLaw(float(best[0]), float(best[1]), float(best[2]), np.array(others))


def _fit(units: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Floor, scale and exponent of least squares, [3]."""
    from scipy.optimize import minimize_scalar, nnls

    def at(exponent: float) -> tuple[NDArray[np.float64], float]:
        found, off = nnls(np.stack([np.ones(len(units)), units**-exponent], axis=1), errors)
        return found, float(off)

    best = int(np.argmin([at(exponent)[1] for exponent in _EXPONENTS]))
    ends = _EXPONENTS[max(0, best - 1)], _EXPONENTS[min(best + 1, len(_EXPONENTS) - 1)]
    exponent = float(minimize_scalar(lambda x: at(x)[1], bounds=ends, method="bounded").x)
    return np.array([*at(exponent)[0], exponent])


@dataclass(frozen=True)
class LearningCurve:
    """How a project's figure grows with its training data.

    Attributes:
        figure: "accuracy", "auc" or "mae".
        points: from few units to all.
        laws: "float" and "int8" -> the law through their errors.
        judges: units of the validation split, which judged.
        by: what units are; "window" where each stands alone.
        windows: of the training split, in all of its units.
    """

    figure: str
    points: tuple[Point, ...]
    laws: Mapping[str, PowerLaw]
    judges: int
    by: str
    windows: int

    def error_of(self, value: float) -> float:
        """1 - accuracy, 1 - auc, or the mean absolute error itself; and back."""
        return value if self.figure == "mae" else 1 - value

    def judges_for(self, reach: float) -> int | None:
        """Units that must judge for an interval of int8 of +- `reach`: it narrows with the root
        of their number. None where there is no interval."""
        last = self.points[-1].figures["int8"]
        if last.low is None or last.high is None:
            return None
        return math.ceil(self.judges * ((last.high - last.low) / 2 / reach) ** 2)

    def units_for(self, value: float) -> Estimate:
        """Training units that int8 would need to reach `value`: an extrapolation."""
        return self.laws["int8"].units_for(self.error_of(value))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        points = []
        for point in self.points:
            figures = {model: each.to_json() for model, each in point.figures.items()}
            points.append(asdict(point) | {"figures": figures})
        laws = {
            model: {"floor": law.floor, "scale": law.scale, "exponent": law.exponent}
            | {"error_at_twice": law.error(2 * self.points[-1].units).to_json()}
            for model, law in self.laws.items()
        }
        return {
            "figure": self.figure, "by": self.by, "judges": self.judges,
            "windows": self.windows, "points": points, "laws": laws,
        }  # fmt: skip


def learning_curve(
    project: Project, progress: Callable[[int, int, str], None] | None = None
) -> LearningCurve:
    """Train on 10, 18, 32, 56 and 100 % of the training units, judge on validation.

    Raises:
        UserError: there are too few training units, or nobody judges.
        MissingExtraError: scipy is not installed.
    """
    try:
        import scipy.optimize  # noqa: F401 - asked for before an hour of training
    except ImportError as error:
        raise MissingExtraError("tune", "scipy", "The learning curve") from error
    with alone(project, STAGES):
        dataset = run_stages(project, STAGES, Demand(until="dataset")).artefacts["dataset"]
        clips = read_clips(dataset)
        units, by = units_of(clips, project.configuration)
        draws = draw_units(clips, units, project.configuration)
        made: list[tuple[float, int, int, Mapping[str, Estimate]]] = []
        figure = _FIGURES[project.configuration.goal]
        try:
            for number, (share, splits) in enumerate(draws):
                if progress:
                    progress(number, len(draws), f"{share:.0%} of the training data")
                stages = dealt_out(STAGES, dataset, splits)
                outcome = run_variation(project, stages, "evaluate", place=_PLACE)
                facts = outcome.artefacts["evaluate"].read_json("evaluation.json")
                found = {model: each[figure] for model, each in estimates_of(facts).items()}
                learned = splits == "train"
                made.append((share, len(set(units[learned])), int(learned.sum()), found))
        finally:
            shutil.rmtree(project.build_directory / _PLACE, ignore_errors=True)
    judges = len(set(units[clips.rows("validation")]))
    windows = len(training_rows(clips, project.configuration))
    return together(figure, made, judges, by, windows)


def units_of(clips: Clips, configuration: Configuration) -> tuple[NDArray[np.str_], str]:
    """The unit of each window, [n], and what units are called."""
    by, rows = configuration.data.split.by, np.arange(len(clips.files))
    named = clips.units(rows, by, silence_class(configuration.data))
    if named is None:
        return np.array([str(row) for row in rows]), "window"
    return np.array(named), clips.unit_word(rows, by, silence_class(configuration.data))


def draw_units(
    clips: Clips, units: NDArray[np.str_], configuration: Configuration
) -> list[tuple[float, NDArray[np.str_]]]:
    """(share, splits [n]) of each draw: what is learned is "train", validation judges as "test",
    all else is "". Every class (by the unit's commonest) gives its share, and at least one unit.

    Raises:
        UserError: there are too few training units, or nobody judges.
    """
    rows = training_rows(clips, configuration)
    judged = clips.rows("validation")
    there = len(set(units[rows]))
    if there < FEWEST_UNITS or not len(judged):
        raise UserError(
            f"A learning curve needs {FEWEST_UNITS} units to train on and a validation split that "
            f"judges; there are {there} in training, and {len(judged)} windows of validation.",
            hint="Record more people (or machines, or whatever data.split.by names).",
        )
    strata: dict[int, list[str]] = {}
    for unit in sorted(set(units[rows])):
        commonest = int(np.bincount(clips.labels[rows][units[rows] == unit]).argmax())
        strata.setdefault(commonest, []).append(unit)
    generator = np.random.default_rng(configuration.project.seed)
    found = []
    sizes: set[int] = set()
    for share, times in SHARES.items():
        size = sum(max(1, round(share * len(each))) for each in strata.values())
        if size in sizes:
            continue  # so few units that the next share is the same ones
        sizes.add(size)
        for _ in range(times):
            drawn: set[str] = set()
            for each in strata.values():
                drawn.update(generator.permutation(each)[: max(1, round(share * len(each)))])
            splits = np.full(len(units), "", "<U10")
            splits[rows[np.isin(units[rows], sorted(drawn))]] = "train"
            splits[judged] = "test"
            found.append((share, splits))
    return found


def together(
    figure: str,
    made: Sequence[tuple[float, int, int, Mapping[str, Estimate]]],
    judges: int,
    by: str,
    windows: int,
) -> LearningCurve:
    """What draws of (share, units, windows, estimate of each model) say together."""
    points, models = [], list(made[0][3])
    for share in sorted({each[0] for each in made}):
        own = [each for each in made if each[0] == share]
        estimates = {model: [each[3][model] for each in own] for model in models}
        values = {m: [float(e.value or 0) for e in each] for m, each in estimates.items()}
        figures = {m: _over_draws(each, figure != "mae") for m, each in estimates.items()}
        learned = float(np.mean([each[2] for each in own]))
        points.append(Point(share, own[0][1], learned, values, figures))
    laws = {}
    for model in models:
        errors = [float(each[3][model].value or 0) for each in made]
        errors = errors if figure == "mae" else [1 - value for value in errors]
        laws[model] = fit_power_law([each[1] for each in made], errors)
    return LearningCurve(figure, tuple(points), laws, judges, by, windows)


def _over_draws(draws: Sequence[Estimate], share: bool) -> Estimate:
    """The mean; its interval adds the judges' (of each draw) and the draws' own variance."""
    values = [float(each.value or 0) for each in draws]
    ranges = [(each.low, each.high) for each in draws]
    reaches = [(high - low) / 2 for low, high in ranges if low is not None and high is not None]
    mean = float(np.mean(values))
    if not reaches:
        return Estimate(mean)
    spread = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    reach = math.hypot(float(np.mean(reaches)), spread)
    low, high = mean - reach, mean + reach
    return Estimate(mean, max(low, 0.0), min(high, 1.0)) if share else Estimate(mean, low, high)
