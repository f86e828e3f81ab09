"""Whether a network is needed, in words: paired over folds."""

from __future__ import annotations

from coincell.evaluation import Estimate, over_folds
from coincell.pipeline.baselines import NETWORK, Baseline, Baselines

_LESS_IS_BETTER = {"mae", "rmse"}


def verdict(found: Baselines) -> str:
    """What the figures say: of the integer models, beyond chance or not."""
    simple = [each for each in found.methods if each.name != NETWORK and "int8" in each.figures]
    if not simple:
        return "None of these can run on a device."
    name = found.shown[0]
    best = max(simple, key=lambda each: _worth(each, name))
    told = f"{best.title} is the best simple model that fits a device"
    network = next((each for each in found.methods if each.name == NETWORK), None)
    if network is None:
        return (
            f"{told}. What the project's network adds on the same folds is not known: "
            "`coincell baselines --network` trains it on each."
        )
    gain = gain_of(network, best, name)
    spread = f"{gain.value:+.3g} ({gain.low:+.3g} to {gain.high:+.3g})"
    if gain.low is not None and gain.low > 0:
        return f"{told}; the network is better on the same folds, by {spread}: it is worth having."
    if gain.high is not None and gain.high < 0:
        return f"{told}, and better than the network on the same folds, by {spread}: you need none."
    return (
        f"{told}. The network's gain on the same folds, {spread}, is not beyond chance: "
        f"{_cheaper(best, network)}."
    )


def gain_of(network: Baseline, other: Baseline, name: str) -> Estimate:
    """How much better the network is in int8, over folds: above 0 is better."""
    sign = -1 if name in _LESS_IS_BETTER else 1
    pairs = zip(network.folds, other.folds, strict=True)
    return over_folds([sign * (one["int8"][name] - two["int8"][name]) for one, two in pairs])


def _worth(each: Baseline, name: str) -> float:
    value = each.figures["int8"][name].value or 0.0
    return -value if name in _LESS_IS_BETTER else value


def _cheaper(best: Baseline, network: Baseline) -> str:
    if best.cost is None or network.cost is None:
        return f"{best.title} may do"
    if best.cost.cycles >= network.cost.cycles:
        return f"{best.title} may do, though it takes no fewer cycles"
    times = network.cost.cycles / best.cost.cycles
    return f"{best.title} does it with a {times:,.0f}th of the cycles"
