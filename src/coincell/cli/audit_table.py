"""The audit as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from coincell.cli.output import printable, tables

_WIDTH = 110
_MOST_GROUPS = 30
_FINDINGS = 8
_SHOWN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "classes": (("accuracy", "right"), ("recall_macro", "recall")),
    "normality": (
        ("fpr", "false alarms"), ("false_alarms_per_hour", "an hour"),
        ("missed_events", "missed events"),
    ),
    "quantity": (("mae", "mean error"), ("mean_error", "too high by")),
}  # fmt: skip
_PLAIN = frozenset({"false_alarms_per_hour", "mae", "mean_error"})


def print_audit(facts: Mapping[str, Any]) -> None:
    """Groups column by column, what int8 added, what differs most in words, notes.

    Args:
        facts: the content of audit.json.
    """
    people = f"{facts['people']:,} people (by {facts['person']})"
    click.echo(f"{facts['clips']:,} test examples of {printable(people)}.")
    for column in facts["columns"]:
        _print_column(facts, column)
    _print_findings(facts)
    for note in facts["notes"]:
        click.echo(click.style(f"note: {printable(note)}", dim=True))


def _print_column(facts: Mapping[str, Any], column: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = _SHOWN[facts["goal"]]
    grid = Table(box=None, pad_edge=False)
    grid.add_column(Text(printable(column["name"])), overflow="fold", min_width=12)
    for title in ("examples", "people"):
        grid.add_column(title, justify="right")
    for _, title in shown:
        for place in facts["places"]:
            grid.add_column(f"{title}, {place}", justify="right", no_wrap=True)
    head = shown[0][0]
    groups = sorted(column["groups"], key=lambda group: _order(group, facts["judged"], head))
    for group in groups[:_MOST_GROUPS]:
        cells = [
            _figure(name, group["places"][place]["figures"][name], name == head)
            for name, _ in shown
            for place in facts["places"]
        ]
        named = Text(printable(group["value"]), style="" if group["claimed"] else "dim")
        grid.add_row(named, f"{group['clips']:,}", f"{group['people']:,}", *cells)
    click.echo()
    console = tables(_WIDTH)
    console.print(grid)
    if len(groups) > _MOST_GROUPS:
        click.echo(f"... and {len(groups) - _MOST_GROUPS} more: --json has all.")
    _print_criteria(facts, column)
    for each in facts["widening"]:
        if each["column"] == column["name"]:
            click.echo(_added(each))


def _print_criteria(facts: Mapping[str, Any], column: Mapping[str, Any]) -> None:
    """How far groups are apart where they were judged; of intersections in the headline alone."""
    from rich.table import Table
    from rich.text import Text

    found = column["criteria"].get(facts["judged"], ())
    if not found:
        return
    grid = Table(box=None, pad_edge=False)
    grid.add_column(Text(f"apart, {facts['judged']}"), min_width=12)
    for title in ("difference", "ratio"):
        grid.add_column(title, justify="right", no_wrap=True)
    for title in ("worst", "best"):
        grid.add_column(title, overflow="fold")
    for each in found if len(column["parts"]) == 1 else found[:1]:
        grid.add_row(*map(Text, _criterion(each)))
    tables(_WIDTH).print(grid)


def _criterion(each: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, difference with its interval, ratio, worst and best group."""
    plain = each["metric"] in _PLAIN
    scale, form, whole = (1, ".3g", ".3g") if plain else (100, ".1f", ".0f")
    label = f" of '{printable(each['label'])}'" if each["label"] else ""
    apart = f"{scale * each['difference']['value']:{form}}" + ("" if plain else " points")
    ends = each["difference"]["ci95"]
    if ends:
        apart += f" ({scale * ends[0]:{whole}} to {scale * ends[1]:{whole}})"
    groups = (
        f"{printable(each[which])}: {scale * each[f'{which}_value']:{form}}"
        + ("" if plain else " %")
        for which in ("worst", "best")
    )
    ratio = "\N{EN DASH}" if each["ratio"] is None else f"{each['ratio']:.2f}"
    return (each["criterion"].replace("_", " ") + label, apart, ratio, *groups)


def _order(group: Mapping[str, Any], place: str, metric: str) -> tuple[bool, bool, float]:
    """Told and large groups first, of those the worst."""
    value = group["places"][place]["figures"][metric]["value"] or 0.0
    return not group["told"], not group["claimed"], value if metric == "accuracy" else -value


def _figure(metric: str, figure: Mapping[str, Any], with_interval: bool) -> str:
    value = figure["value"]
    if value is None:
        return "\N{EN DASH}"
    scale, form = (1, ".3g") if metric in _PLAIN else (100, ".1f")
    unit = "" if metric in _PLAIN else " %"
    told = f"{scale * value:{form}}{unit}"
    if not figure["claimed"]:
        return f"({told})"
    if figure["ci95"] is None or not with_interval:
        return told
    low, high = (f"{scale * end:{'.3g' if metric in _PLAIN else '.0f'}}" for end in figure["ci95"])
    return f"{told} ({low} to {high})"


def _added(each: Mapping[str, Any]) -> str:
    plain = each["criterion"] in ("error_parity", "bias_parity", "false_alarms_parity")
    scale, unit = (1.0, "") if plain else (100.0, " points")
    before, after = scale * each["float_gap"], scale * each["int8_gap"]
    word = "clearly" if each["clear"] else "perhaps by chance"
    name = each["criterion"].replace("_", " ")
    if each["added"]["value"] == 0:
        return f"  {name}: int8 adds nothing to the gap of {before:.3g}{unit}"
    return f"  {name}: a gap of {before:.3g}{unit} in float, {after:.3g} in int8, {word}"


def _print_findings(facts: Mapping[str, Any]) -> None:
    found = facts["comparisons"]
    if not found:
        return
    clear = [each for each in found if each["clear"]]
    click.echo(
        f"\n{len(clear)} of {len(found)} comparisons are clear (Holm's correction, below 5 %)."
    )
    harmed = [each for each in clear or found if each["harmed"]]
    for each in harmed[:_FINDINGS]:
        mark = "clear" if each["clear"] else "may be chance"
        colour = "red" if each["clear"] else "bright_black"
        click.echo(f"  {printable(each['words'])}  {click.style(mark, fg=colour)}")
