"""A trained network made smaller, step by step, until what the board measures is within limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from coincell.errors import ConfigurationError
from coincell.models import (
    Examples,
    History,
    Price,
    channel_importance,
    channel_prices,
    channels_of,
    count_parameters,
    kernel_channels,
    narrowest,
    removal_order,
    without_channels,
)
from coincell.project import Goal, PruningSettings, TrainingSettings

Figures = Mapping[str, float]

PRUNING_FILE = "pruning.json"
"""What went, and what the network took before and after; null where nothing was to be pruned."""

_NEAR = 0.02
"""So far below a limit is near enough: the search for the least that must go ends."""

_PRICES: Mapping[str, Price] = {
    "ram_bytes": "values",
    "flash_bytes": "weights",
    "parameters": "weights",
    "channels": "channels",
}
"""What a channel costs of what is limited, where that is not its multiplications."""


@dataclass(frozen=True)
class PruningWork:
    """What pruning works with.

    Attributes:
        learning: what the network was trained on.
        training: the settings of that.
        goal, seed: of the project.
        cost: a network -> what it takes on the board, by name.
        fit: trains a network in place: (network, settings, word for who watches).
        progress: hears of each step.
    """

    learning: Examples
    training: TrainingSettings
    goal: Goal
    seed: int
    cost: Callable[[Any], Figures]
    fit: Callable[[Any, TrainingSettings, str], History]
    progress: Callable[[int, int, str], None]


@dataclass(frozen=True)
class Pruned:
    """The smaller network, and how it came about.

    Attributes:
        network: the smaller one; the same one where it was within the limits before.
        limits: name -> the most that it may be.
        before, after: what the network takes on the board, by name.
        steps: one entry a step, as report.json has it.
        history: of the last training; None where nothing had to go.
    """

    network: Any
    limits: Figures
    before: Figures
    after: Figures
    steps: tuple[dict[str, Any], ...]
    history: History | None


def prune(network: Any, work: PruningWork, settings: PruningSettings) -> Pruned:
    """Take channels out of `network` until it is within the limits of `settings`.

    The limits are neared by equal factors. Before each step it is asked anew which channels are
    worth least for what they cost, and just so many go that the board measures what the step is to
    reach; then the rest is trained.

    Raises:
        ConfigurationError: the narrowest network that pruning leaves breaks a limit.
        UserError: training diverged.
    """
    least = narrowest(channels_of(network))
    before = _cost(network, work)
    limits = _limits(before, settings)
    _refuse_impossible(network, least, limits, work)
    over = {name for name, limit in limits.items() if before[name] > limit}
    if not over:
        return Pruned(network, limits, before, before, (), None)
    steps: list[dict[str, Any]] = []
    now, history = before, None
    for step in range(1, settings.steps + 1):
        share = step / settings.steps
        goals = {
            name: before[name] * (limit / before[name]) ** share if name in over else limit
            for name, limit in limits.items()
        }
        work.progress(step - 1, settings.steps, f"step {step}: which channels go")
        network, now = _narrower(network, now, goals, least, work)
        last = step == settings.steps
        history = work.fit(network, _training(work.training, settings, last), f"step {step}: ")
        steps.append(_told(network, now, history))
    return Pruned(network, limits, before, now, tuple(steps), history)


def _cost(network: Any, work: PruningWork) -> Figures:
    return {**work.cost(network), "channels": float(kernel_channels(network))}


def _limits(before: Figures, settings: PruningSettings) -> dict[str, float]:
    """What the network may cost at most, by name; the lower one of two."""
    limits: dict[str, float] = {str(name): limit for name, limit in settings.limits.items()}
    for name in [*settings.limits, *settings.shares]:
        if name not in before:
            raise ConfigurationError(
                f"pruning: nothing measures {name} on this board.",
                hint=f"Limit one of {', '.join(sorted(before))}.",
            )
    for name, share in settings.shares.items():
        limits[name] = min(share * before[name], limits.get(name, math.inf))
    return limits


def _refuse_impossible(
    network: Any, least: Mapping[tuple[str, ...], int], limits: Figures, work: PruningWork
) -> None:
    """No training for what cannot be reached."""
    channels = channels_of(network)
    gone = {
        bundle
        for makers, bundles in channels.families.items()
        for bundle in bundles[: len(bundles) - least[makers]]
    }
    figures = _cost(without_channels(network, channels, gone), work)
    told = [
        f"{name} {limit:,.6g}, where {figures[name]:,.6g} is the least"
        for name, limit in limits.items()
        if figures[name] > limit
    ]
    if told:
        raise ConfigurationError(
            f"Pruning cannot reach {'; '.join(told)}.",
            hint="Raise the limit, or take fewer features or another model.architecture: the rest "
            "of the image does not shrink with the network.",
        )


def _narrower(
    network: Any,
    now: Figures,
    goals: Figures,
    least: Mapping[tuple[str, ...], int],
    work: PruningWork,
) -> tuple[Any, Figures]:
    """The widest network on the way that is within `goals`, with its figures."""
    channels = channels_of(network)
    importance = channel_importance(
        network, channels, work.learning, work.training, seed=work.seed, goal=work.goal
    )
    binding = max(goals, key=lambda name: now[name] / goals[name])
    prices = channel_prices(network, channels, _PRICES.get(binding, "macs"))
    order = removal_order(channels, importance, prices, least)
    tried: dict[int, tuple[Any, Figures]] = {0: (network, now)}

    def excess(count: int) -> float:
        if count not in tried:
            gone = {bundle for part in order[:count] for bundle in part}
            smaller = without_channels(network, channels, gone)
            tried[count] = smaller, _cost(smaller, work)
        return max(tried[count][1][name] / goal for name, goal in goals.items())

    return tried[fewest(len(order), excess)]


def fewest(most: int, excess: Callable[[int], float]) -> int:
    """How many of `most` must go at least, or a few more, so that `excess` is 1 or less.

    It falls as more go, nearly in a line; so it is guessed by one, and by halves every other time.
    """
    if excess(0) <= 1:
        return 0
    low, high = 0, most
    while high - low > 1 and excess(high) < 1 - _NEAR:
        guesses = (excess(low) - 1) / (excess(low) - excess(high))
        for share in (guesses, 0.5):
            middle = min(max(low + round(share * (high - low)), low + 1), high - 1)
            low, high = (low, middle) if excess(middle) <= 1 else (middle, high)
            if high - low <= 1:
                break
    return high


def _training(
    training: TrainingSettings, settings: PruningSettings, last: bool
) -> TrainingSettings:
    changed: dict[str, Any] = {"learning_rate": settings.learning_rate}
    if last:
        changed["epochs"] = settings.recovery_epochs
    else:
        changed |= {"epochs": settings.epochs, "patience": 0}
    return training.model_copy(update=changed)


def _told(network: Any, figures: Figures, history: History) -> dict[str, Any]:
    return {
        "figures": dict(figures),
        "parameters": count_parameters(network),
        "validation_loss": history.best.val_loss,
        "validation_accuracy": history.best.val_accuracy,
    }
