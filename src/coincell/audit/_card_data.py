"""The data-set card: sections of Gebru et al., "Datasheets for Datasets" (2018)."""

from __future__ import annotations

from collections.abc import Iterator

from coincell.audit._card_blocks import Block, Bullets, Card, Paragraph, Section, Table
from coincell.audit._card_facts import (
    CardFacts,
    facts_table,
    group_table,
    sentence,
    split_table,
    told,
)

_IDENTIFIES = {
    "sound": "A voice can tell who somebody is: whoever has the recordings can recognize people.",
    "picture": "Pictures may show people who can be recognized.",
    "motion": "How somebody moves can tell who it is, and what they did.",
}


def data_card(facts: CardFacts) -> Card:
    """The card of the data that a run learned from and was judged by.

    Sections and their order are those of Gebru et al. (2018).
    """
    report = facts.report
    lead = (
        f"The data of the project {report['project']}, as coincell run found them"
        f"{' on ' + report['created'] if report['created'] else ''}. What is marked "
        '"To add" only a person can tell: in coincell.toml, by the key that stands beside it.'
    )
    sections = (
        Section("Motivation", tuple(_motivation(facts))),
        Section("Composition", tuple(_composition(facts))),
        Section("Collection process", tuple(_collection(facts))),
        Section("Preprocessing, cleaning and labeling", tuple(_preprocessing(facts))),
        Section("Uses", tuple(_uses(facts))),
        Section("Distribution", tuple(_distribution(facts))),
        Section("Maintenance", tuple(_maintenance(facts))),
    )
    return Card(f"Data-set card: {report['project']}", lead, sections)


def _motivation(facts: CardFacts) -> Iterator[Block]:
    card = facts.configuration.card
    yield told(card, "card", "data_purpose")
    yield told(card, "card", "authors", "Put together by ")


def _composition(facts: CardFacts) -> Iterator[Block]:
    dataset = facts.report["dataset"]
    channels = ", ".join(f"{each['name']} in {each['unit']}" for each in dataset["channels"])
    duration = dataset["duration_s"]
    yield facts_table(
        "What there is.",
        (
            ("Kind", dataset["sense"]),
            ("Recordings", f"{facts.recordings:,}"),
            ("Made by a program", f"{facts.made:,}" if facts.made else ""),
            ("Windows", f"{dataset['samples']:,}"),
            ("Minutes", "" if duration is None else f"{duration / 60:,.1f}"),
            ("Samples a second", f"{dataset['sample_rate_hz']:,}" if channels else ""),
            ("Channels", channels),
            ("Labels", ", ".join(dataset["labels"])),
        ),
    )
    yield split_table(facts)
    yield from group_table(facts)
    if not facts.all_made:
        yield Paragraph(_IDENTIFIES[dataset["sense"]])


def _collection(facts: CardFacts) -> Iterator[Block]:
    card = facts.configuration.card
    yield Paragraph(sentence(facts.report["dataset"]["source"]))
    if facts.made:
        yield from _made(facts)
    if facts.all_made:
        yield Paragraph("Nobody was recorded, so nobody was asked.")
        return
    yield told(card, "card", "data_collection")
    yield told(card, "card", "consent", "Consent: ")


def _made(facts: CardFacts) -> Iterator[Block]:
    """By what settings a program made recordings."""
    settings = facts.configuration.synthesis
    if facts.configuration.data.sense == "sound":
        yield facts_table(
            "How recordings were made by a program: [synthesis].",
            (
                ("Voices", f"{settings.voices} variants of espeak-ng"),
                ("Accents", ", ".join(settings.accents)),
                ("Takes of a word by a voice", str(settings.clips_per_word_and_voice)),
                ("Words a minute", "{:g} to {:g}".format(*settings.rate_wpm)),
                ("Pitch, of 99", "{:g} to {:g}".format(*settings.pitch)),
                ("Noise below, decibels of SNR", "{:g} to {:g}".format(*settings.noise_snr_db)),
            ),
        )
    elif facts.configuration.synthesis.vibration.model_fields_set:
        table = settings.vibration.model_dump(mode="json", exclude_unset=True)
        rows = [(name.replace("_", " "), _plain(value)) for name, value in table.items()]
        yield facts_table("How recordings were made: [synthesis.vibration].", rows)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(f"{each:g}" for each in value)
    return str(value)


def _preprocessing(facts: CardFacts) -> Iterator[Block]:
    dataset, data = facts.report["dataset"], facts.configuration.data
    features = facts.report["features"]
    if dataset["notes"]:
        rows = tuple((note, f"{count:,}") for note, count in dataset["notes"].items())
        title = "What was done on import; the files that were given stay as they are."
        yield Table(title, ("What", "Recordings"), rows)
    if dataset["sense"] != "picture":
        yield Paragraph(
            f"Windows of {dataset['window_ms']:g} ms are taken; shorter recordings are padded."
        )
    if features:
        yield Paragraph(f"The model sees features of them: {features['block']}.")
    if data.split.by and dataset["split_by"]:
        yield Paragraph(f"Splits were made by '{dataset['split_by']}'.")
    if facts.all_made:
        yield Paragraph("Labels are those that the program was told to make.")
    else:
        yield told(facts.configuration.card, "card", "data_labels", "Labels: ")


def _uses(facts: CardFacts) -> Iterator[Block]:
    intended = facts.configuration.intended
    yield Paragraph(f"They were used for a model of {facts.report['task']}: see model_card.md.")
    yield told(intended, "intended", "use", "What the model is for: ")
    yield told(intended, "intended", "not_for", "What they are not for: ")


def _distribution(facts: CardFacts) -> Iterator[Block]:
    card = facts.configuration.card
    if facts.sources:
        yield Table(
            "Public sets that recordings were taken from.",
            ("Name", "What", "Described at", "Licence"),
            tuple((each.name, each.title, each.page, each.licence) for each in facts.sources),
        )
    if not (facts.all_made or (facts.sources and all(each.licence for each in facts.sources))):
        yield told(card, "card", "data_licence", "Licence: ")
    elif card.data_licence:
        yield Paragraph(f"Licence: {card.data_licence}")
    yield told(card, "card", "data_distribution")


def _maintenance(facts: CardFacts) -> Iterator[Block]:
    yield told(facts.configuration.card, "card", "data_maintenance")
    hashes = facts.report["provenance"]["hashes"]
    digest = next((each for name, each in hashes.items() if name.endswith("manifest.csv")), "")
    if digest:
        yield Bullets(
            (
                f"This version: SHA-256 {digest} of the list of recordings.",
                "coincell data version lists versions, notes one, and tells what changed.",
            )
        )
