"""The card's figures by group are those of the audit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.judged import LABELS, SOUND, judged
from coincell.audit import CardFacts, audit_people, card_html, card_markdown, model_card
from coincell.project import AuditSettings, parse_configuration
from report.sample_report import sample_report

WORDS = '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n'


def audit_of(harm: float, **settings: Any) -> dict[str, Any]:
    """Some people's clips; women's go wrong `harm` more often, after int8 alone."""
    chosen = AuditSettings(rounds=500, **settings)
    before, after = judged(), judged(harm=harm)
    people = after.people(chosen)
    places = [after.place("float", before.decisions), after.place("int8")]
    return audit_people(people, places, chosen, SOUND, seed=1, labels=LABELS)


def card_text(audit: dict[str, Any]) -> str:
    report = sample_report().model_dump(mode="json", by_alias=True)
    card = model_card(CardFacts(parse_configuration(WORDS), report, audit=audit))
    assert "coincell audit" not in card.gaps
    assert "None" not in card_html(card).replace("None of", "")
    return card_markdown(card)


def test_a_gap_is_told_with_the_groups_and_the_words_of_the_task() -> None:
    audit = audit_of(harm=0.5)
    text = card_text(audit)
    (gender,) = [column for column in audit["columns"] if column["name"] == "gender"]
    for group in gender["groups"]:
        accuracy = group["places"]["int8"]["figures"]["accuracy"]
        low, high = accuracy["ci95"]
        row = f"| {group['value']} | {group['clips']} | {group['people']} | "
        assert row + f"{accuracy['value']:.3f} ({low:.3f} to {high:.3f})" in text
    accuracies = {
        group["value"]: group["places"]["int8"]["figures"]["accuracy"]["value"]
        for group in gender["groups"]
    }
    women, men = (f"{100 * (1 - accuracies[who]):.1f} %" for who in ("female", "male"))
    told = f"A woman's clip got no right answer in {women}; of 'male' {men} (by gender"
    assert told in text
    assert "Quantization widened the gap: gender, accuracy parity, by 0." in text
    assert "equalized odds" in text


def test_where_nothing_is_clear_the_card_claims_no_equality() -> None:
    text = card_text(audit_of(harm=0.0))
    assert "That proves no equality" in text
    assert "Quantization widened no gap" in text
    assert "got no right answer" not in text


def test_of_few_people_nothing_is_claimed() -> None:
    assert "too few for a claim" in card_text(audit_of(harm=0.5, smallest_group=15))


def test_of_windows_whose_group_nobody_knows_the_card_says_that_and_not_that_they_are_few() -> None:
    chosen = AuditSettings(rounds=100)
    clips = judged()
    rows = tuple({**row, "gender": ""} if at % 2 else row for at, row in enumerate(clips.groups))
    clips = replace(clips, groups=rows)
    audit = audit_people(
        clips.people(chosen), [clips.place("int8")], chosen, SOUND, seed=1, labels=LABELS
    )
    (row,) = [
        line
        for line in card_text(audit).partition("By gender, int8")[2].splitlines()
        if line.startswith("| not told |")
    ][:1]
    assert "| not compared |" in row
    assert "too few" not in row


def test_without_columns_the_notes_say_that_nothing_was_checked() -> None:
    audit = audit_of(harm=0.0) | {"columns": [], "notes": ["Nothing could be checked."]}
    text = card_text(audit)
    assert "- Nothing could be checked." in text
    assert "bootstrap rounds over those" not in text
