"""Threshold strategies as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from coincell.cli.output import printable, tables

_WIDTH = 110
_MOST_THRESHOLDS = 4


def print_strategies(found: Sequence[Mapping[str, Any]], *, apart_on_test: bool = False) -> None:
    """A table for each column of groups and class; below them their notes.

    Args:
        found: facts of `strategies_of`, with "label".
        apart_on_test: whether they were judged on other examples than they were chosen by; how far
            groups are apart is told of both.
    """
    for each in found:
        _print_strategies(each, apart_on_test)
    for note in dict.fromkeys(note for each in found for note in each["notes"]):
        click.echo(click.style(f"note: {printable(note)}", dim=True))


def _print_strategies(facts: Mapping[str, Any], apart_on_test: bool) -> None:
    """A row a strategy: what it costs, how far groups are apart, its thresholds."""
    from rich.table import Table
    from rich.text import Text

    from coincell.audit import STRATEGY_NAMES

    groups = facts["strategies"][0]["groups"]
    click.echo(
        f"\nThresholds for {printable(facts['label'])!r} by {printable(facts['column'])}; a false "
        f"positive costs {facts['ratio']:g} times a false negative."
    )
    grid = Table(box=None, pad_edge=False)
    grid.add_column("", no_wrap=True)
    apart = ("apart, chosen", "apart, test") if apart_on_test else ("apart",)
    for title in ("cost", "right", *apart, *_shown(groups)):
        grid.add_column(Text(printable(title)), overflow="fold", justify="right")
    for each in facts["strategies"]:
        cells = [_cost(each["cost"]), f"{100 * each['accuracy']['value']:.1f} %", _apart(each)]
        if apart_on_test:
            cells.append(_apart_on_test(each))
        if len(groups) <= _MOST_THRESHOLDS:
            cells += [_threshold(group["threshold"]) for group in each["groups"]]
        grid.add_row(STRATEGY_NAMES[each["strategy"]], *cells)
    tables(_WIDTH).print(grid)
    if len(groups) > _MOST_THRESHOLDS:
        click.echo(f"The thresholds of {len(groups)} groups: --json has them.")


def _shown(groups: list[dict[str, Any]]) -> list[str]:
    """Groups whose thresholds have room; --json has all."""
    few = len(groups) <= _MOST_THRESHOLDS
    return [f"from, {group['value']}" for group in groups] if few else []


def _cost(figure: Mapping[str, Any]) -> str:
    if figure["ci95"] is None:
        return f"{figure['value']:,.1f}"
    low, high = figure["ci95"]
    return f"{figure['value']:,.1f} ({low:,.0f} to {high:,.0f})"


def _apart(strategy: Mapping[str, Any]) -> str:
    if not strategy["equal_in"]:
        return "\N{EN DASH}"
    mark = "" if strategy["reached"] else ", not reached"
    return f"{100 * strategy['difference']:.2f} points{mark}"


def _apart_on_test(strategy: Mapping[str, Any]) -> str:
    """Of what should be alike, with its interval."""
    if not strategy["equal_in"]:
        return "\N{EN DASH}"
    name = "equalized_odds" if len(strategy["equal_in"]) > 1 else strategy["equal_in"][0]
    figure = strategy["differences"][name]
    if figure["value"] is None:
        return "not known"
    ends = figure["ci95"]
    told = f" ({100 * ends[0]:.0f} to {100 * ends[1]:.0f})" if ends else ""
    return f"{100 * figure['value']:.1f}{told}"


def _threshold(value: float | None) -> str:
    return "nobody" if value is None else f"{value:.4g}"
