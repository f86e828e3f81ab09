"""What the model card says of groups: from audit.json, as `audit_people` makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coincell.audit._card_blocks import Block, Bullets, Gap, Paragraph, Table
from coincell.audit._card_facts import CardFacts, metric_text

_SHOWN = ("accuracy", "recall_macro", "missed_events", "false_alarms_per_hour", "mae", "mean_error")
_MOST_BULLETS = 20


def fairness_blocks(facts: CardFacts) -> Iterator[Block]:
    """Figures by group; the gap where none were compared."""
    audit = facts.audit
    if audit is None:
        yield Gap(
            "coincell audit",
            "Figures by group of people: none were compared. See docs/cards.md.",
        )
        return
    if audit["columns"]:
        yield Paragraph(
            f"Groups were compared on {audit['clips']:,} test windows of {audit['people']:,} "
            f"(by {audit['person']}), with 95 % intervals by {audit['rounds']:,} bootstrap rounds "
            f"over those. Of fewer than {audit['smallest_group']} nothing is claimed."
        )
    for column in audit["columns"]:
        yield from _column(facts, column)
    if audit["columns"]:
        yield from _clear_differences(audit)
        yield from _widening(audit)
    if audit["notes"]:
        yield Bullets(tuple(audit["notes"]))


def _column(facts: CardFacts, column: Mapping[str, Any]) -> Iterator[Block]:
    """The groups of a column, and how far they are apart by the criteria of the field."""
    judged = facts.audit["judged"] if facts.audit else ""
    groups = [group for group in column["groups"] if judged in group["places"]]
    metrics = [
        metric
        for metric in _SHOWN
        if any(metric in group["places"][judged]["figures"] for group in groups)
    ]
    yield Table(
        f"By {column['name']}, {judged}.",
        (column["name"], "Windows", "People", *(_named(facts, metric) for metric in metrics)),
        tuple(
            (
                group["value"],
                f"{group['clips']:,}",
                f"{group['people']:,}",
                *(_figure(group, judged, metric) for metric in metrics),
            )
            for group in groups
        ),
    )
    criteria = column["criteria"].get(judged, ())
    if criteria:
        yield Table(
            f"How far groups of {column['name']} are apart.",
            ("Criterion", "Difference", "Furthest apart in", "Worst", "Best"),
            tuple(_criterion(facts, each) for each in criteria),
        )


def _criterion(facts: CardFacts, each: Mapping[str, Any]) -> tuple[str, ...]:
    metric = _named(facts, each["metric"])
    where = f"{metric} of '{each['label']}'" if each["label"] else metric
    return (
        each["criterion"].replace("_", " "),
        metric_text(each["difference"]),
        where,
        f"{each['worst']}: {each['worst_value']:.3f}",
        f"{each['best']}: {each['best_value']:.3f}",
    )


def _figure(group: Mapping[str, Any], place: str, name: str) -> str:
    """A figure with its interval, or why nothing is claimed: nobody knows the group of these
    windows, or too few people have it."""
    metric = group["places"][place]["figures"].get(name)
    if metric and not metric["claimed"]:
        return "too few for a claim" if group["told"] else "not compared"
    return metric_text(metric)


def _named(facts: CardFacts, metric: str) -> str:
    return facts.titles.get(metric, metric.replace("_", " "))


def _clear_differences(audit: Mapping[str, Any]) -> Iterator[Block]:
    """What happened to whom clearly more often than to others, after the correction for many."""
    clear = [each for each in audit["comparisons"] if each["clear"] and each["harmed"]]
    if not clear:
        yield Paragraph(
            f"None of {len(audit['comparisons'])} differences between groups is clear of chance "
            "(Holm's correction). That proves no equality: fewer people show less."
        )
        return
    yield Bullets(
        tuple(
            f"{each['words']} (by {each['column']}; corrected p {each['p_corrected']:.2g})."
            for each in clear[:_MOST_BULLETS]
        )
    )
    if len(clear) > _MOST_BULLETS:
        yield Paragraph(f"And {len(clear) - _MOST_BULLETS} more, in the report.")


def _widening(audit: Mapping[str, Any]) -> Iterator[Block]:
    """Whether int8 set groups further apart than the float model did."""
    clear = [each for each in audit["widening"] if each["clear"] and each["added"]["value"] > 0]
    if clear:
        yield Bullets(
            tuple(
                f"Quantization widened the gap: {each['column']}, "
                f"{each['criterion'].replace('_', ' ')}, by {metric_text(each['added'])}."
                for each in clear
            )
        )
    elif audit["widening"]:
        yield Paragraph("Quantization widened no gap between groups beyond chance.")
