"""Model card and data-set card of a run, laid beside its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincell.audit import (
    CardFacts,
    KeyFigure,
    card_html,
    card_markdown,
    data_card,
    group_counts,
    model_card,
    privacy_text,
)
from coincell.data import RECORDING, read_sources
from coincell.files import write_atomic
from coincell.pipeline.auditing import AUDIT_FILE
from coincell.pipeline.clips import read_clips
from coincell.pipeline.privacy_of_device import device_privacy
from coincell.pipeline.store import Artefact
from coincell.project import Project
from coincell.report import Report, glossary, tiles_of

MODEL_CARD = "model_card"
DATA_CARD = "data_card"


def write_cards(
    project: Project, artefacts: Mapping[str, Artefact], report: Report
) -> tuple[str, ...]:
    """Write build/model_card.md and .html, and data_card.md and .html.

    Returns:
        Keys of what only a person can add and has not, such as "intended.use".
    """
    facts = card_facts(project, artefacts, report)
    cards = {MODEL_CARD: model_card(facts), DATA_CARD: data_card(facts)}
    for name, card in cards.items():
        write_atomic(project.build_directory / f"{name}.md", card_markdown(card))
        write_atomic(project.build_directory / f"{name}.html", card_html(card))
    return tuple(dict.fromkeys(key for card in cards.values() for key in card.gaps))


def card_facts(project: Project, artefacts: Mapping[str, Artefact], report: Report) -> CardFacts:
    """What the cards of a run are filled from, as far as the run came."""
    configuration = project.configuration
    clips = read_clips(artefacts["dataset"])
    tested = [split == "test" for split in clips.splits.tolist()]
    firmware = artefacts.get("firmware")
    person = configuration.audit.person or configuration.data.split.by
    groups = [
        {name: row[name] for name in row if name not in (person, RECORDING)} for row in clips.groups
    ]
    return CardFacts(
        configuration=configuration,
        report=report.model_dump(mode="json", by_alias=True),
        key_figures=tuple(
            KeyFigure(tile.term, tile.value, tile.detail) for tile in tiles_of(report)
        ),
        titles={key: term.title for term in glossary().values() for key in term.keys},
        recordings=len(set(clips.files)),
        made=_made(report),
        groups=group_counts(groups, tested, configuration.audit.most_values),
        sources=read_sources(project.data_directory),
        audit=_audit(artefacts),
        privacy=privacy_text(device_privacy(project, firmware)) if firmware else (),
    )


def _made(report: Report) -> int:
    """Recordings that a program made from nothing; pictures are drawn on photographs of people."""
    if report.dataset.sense == "picture":
        return 0
    notes = report.dataset.notes.items()
    return sum(count for note, count in notes if note.startswith("synthetic"))


def _audit(artefacts: Mapping[str, Artefact]) -> Mapping[str, Any] | None:
    """What the stage that compares groups found; None where it did not run."""
    found = artefacts.get("audit")
    facts: Mapping[str, Any] | None = found.read_json(AUDIT_FILE) if found else None
    return facts
