"""Cards tell what was measured, mark what a person must add, and read as they were written."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from coincell.audit import (
    Card,
    CardFacts,
    KeyFigure,
    card_html,
    card_markdown,
    data_card,
    group_counts,
    model_card,
)
from coincell.data import DataSource
from coincell.project import (
    CardSettings,
    Configuration,
    IntendedSettings,
    MitigationSettings,
    parse_configuration,
)
from coincell.report import Report
from report.sample_goals import sample_normality, sample_quantity, sample_sight
from report.sample_report import sample_report, stopped_report

WORDS = '[project]\nname = "sample-words"\n[data]\nlabels = ["yes", "no"]\n'
OF_MITCHELL = (
    "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
    "Quantitative analyses", "Ethical considerations", "Caveats and recommendations",
)  # fmt: skip
OF_GEBRU = (
    "Motivation", "Composition", "Collection process", "Preprocessing, cleaning and labeling",
    "Uses", "Distribution", "Maintenance",
)  # fmt: skip
TOLD = {
    "intended": [name for name in IntendedSettings.model_fields if not name.endswith("_cost")],
    "card": list(CardSettings.model_fields),
}
"""Every key that a person fills with words."""


def configuration_with(**tables: Any) -> Configuration:
    return parse_configuration(WORDS).model_copy(update=tables)


def told_by_a_person(without: str = "") -> Configuration:
    """Every key filled but one."""
    words: dict[str, Any] = {
        place: {name: f"words on {name}" for name in names if f"{place}.{name}" != without}
        for place, names in TOLD.items()
    }
    if "not_for" in words["intended"]:
        words["intended"]["not_for"] = ("alarms", "doors")
    return configuration_with(
        intended=IntendedSettings(**words["intended"]), card=CardSettings(**words["card"])
    )


def facts_of(report: Report, configuration: Configuration | None = None, **more: Any) -> CardFacts:
    facts = CardFacts(
        configuration=configuration or parse_configuration(WORDS),
        report=report.model_dump(mode="json", by_alias=True),
        key_figures=(KeyFigure("Latency", "251 ms", "226 to 364 ms"),),
        recordings=100,
        groups={"accent": {"en-gb": (60, 12), "en-us": (40, 8)}, "take": {}},
        audit={"columns": [], "notes": []},
    )
    return replace(facts, **more)


def cards_of(facts: CardFacts) -> tuple[Card, Card]:
    return model_card(facts), data_card(facts)


def tables_of(markdown: str) -> list[list[list[str]]]:
    """Every table of a page, as rows of cells, read by a parser that is not ours."""
    tables: list[list[list[str]]] = []
    inside = ""
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("th_open", "td_open"):
            inside = token.type
        elif token.type == "inline" and inside:
            tables[-1][-1].append("".join(part.content for part in token.children or ()))
            inside = ""
    return tables


def test_the_sections_are_those_of_the_field() -> None:
    model, data = cards_of(facts_of(sample_report()))
    assert [section.heading for section in data.sections] == list(OF_GEBRU)
    headings = [section.heading for section in model.sections]
    assert [heading for heading in headings if heading in OF_MITCHELL] == list(OF_MITCHELL)


def test_nothing_is_missing_once_a_person_told_all() -> None:
    for card in cards_of(facts_of(sample_report(), told_by_a_person())):
        assert card.gaps == ()
        assert "To add (" not in card_html(card)


@pytest.mark.parametrize("key", [f"{place}.{name}" for place in TOLD for name in TOLD[place]])
def test_each_key_that_is_missing_is_marked_and_asked_for(key: str) -> None:
    facts = facts_of(sample_report(), told_by_a_person(without=key))
    marked = [card for card in cards_of(facts) if card.gaps]
    assert marked
    for card in marked:
        assert card.gaps == (key,)
        text = MarkdownIt().render(card_markdown(card))
        assert f"<strong>To add</strong> ({key}): " in text
        assert f"<code>{key}</code>" in card_html(card)


def test_without_groups_or_an_audit_the_card_says_so() -> None:
    facts = facts_of(sample_report(), told_by_a_person(), groups={"take": {}}, audit=None)
    model, data = cards_of(facts)
    assert model.gaps == ("columns of the data", "coincell audit")
    assert data.gaps == ("columns of the data",)


def test_what_training_did_for_groups_is_told() -> None:
    report = sample_report()
    plain, _ = cards_of(facts_of(report))
    assert "For groups by" not in card_markdown(plain)
    told = MitigationSettings(columns=("gender", "accent"), weights="reweigh", copies=3)
    mitigated, _ = cards_of(facts_of(report, configuration_with(mitigation=told)))
    words = words_shown(card_markdown(mitigated))
    assert "For groups by gender, accent: samples were weighed" in words
    assert "up to 3 further altered copies" in words
    assert "each epoch drew" not in words


def test_figures_are_those_of_the_report() -> None:
    report = sample_report()
    tables = tables_of(card_markdown(model_card(facts_of(report))))
    cells = {row[0]: row[1:] for table in tables for row in table}
    accuracy = report.metrics["accuracy"]
    assert accuracy.ci95 is not None
    low, high = accuracy.ci95
    assert cells["Parameters"] == [f"{report.model.parameters:,}"] if report.model else None
    (metrics,) = [table for table in tables if table[0] == ["Metric", "Value"]]
    assert metrics[1:] == [["accuracy", f"{accuracy.value:.3f} ({low:.3f} to {high:.3f})"]]
    gates = next(table for table in tables if table[0][0] == "Limit")
    assert [row[3] for row in gates[1:]] == ["yes"] * len(report.gates)
    assert cells["Latency"] == ["251 ms", "226 to 364 ms"]
    splits = next(table for table in tables if table[0][0] == "Split")
    for row, split in zip(splits[1:], report.dataset.splits, strict=True):
        assert row[:2] == [split.name, f"{split.samples:,}"]
        assert [int(cell.replace(",", "")) for cell in row[3:]] == list(split.counts.values())
    groups = next(table for table in tables if table[0][0] == "Column")
    assert groups[1:] == [["accent", "en-gb", "60", "12"], ["accent", "en-us", "40", "8"]]


NORMALITY = parse_configuration(
    '[project]\nname = "a"\ntask = "anomaly-detection"\n[data]\nlabels = ["normal", "ball"]\n'
    'normal_label = "normal"\nsense = "motion"\nchannels = ["aX"]\nunits = ["g"]\n'
    'full_scale = [4.0]\nsample_rate_hz = 400\n[features]\nblock = "raw"\n'
)
QUANTITY = parse_configuration(
    '[project]\nname = "a"\ntask = "regression"\n[data]\nlabels = []\ntarget = "speed"\n'
    'unit = "rpm"\nsense = "motion"\nchannels = ["aX"]\nunits = ["g"]\nfull_scale = [4.0]\n'
    'sample_rate_hz = 400\n[features]\nblock = "raw"\n'
)


@pytest.mark.parametrize(
    ("report", "configuration", "words"),
    [
        (sample_normality(), NORMALITY, "how unlike 'normal' a window is"),
        (sample_quantity(), QUANTITY, "errors in rpm"),
        (sample_sight(), None, "a picture of"),
        (stopped_report(), None, "The run ended early"),
    ],
    ids=["normality", "quantity", "sight", "stopped"],
)
def test_every_goal_and_a_run_that_stopped_has_its_cards(
    report: Report, configuration: Configuration | None, words: str
) -> None:
    model, data = cards_of(facts_of(report, configuration))
    assert words in card_markdown(model)
    assert "None" not in card_markdown(model) + card_markdown(data) + card_html(model)


def test_where_nobody_was_recorded_nobody_must_consent() -> None:
    (_, asked) = cards_of(facts_of(sample_report(), made=99))
    assert {"card.consent", "card.data_collection", "card.data_licence"} <= set(asked.gaps)
    (_, made) = cards_of(facts_of(sample_report(), made=100))
    assert not {"card.consent", "card.data_collection", "card.data_licence"} & set(made.gaps)
    assert "Nobody was recorded" in card_markdown(made)


def test_a_licence_that_is_known_is_not_asked_for() -> None:
    words = DataSource(name="words", title="Words", page="a page", licence="CC BY 4.0, Ada")
    (_, data) = cards_of(facts_of(sample_report(), sources=(words,)))
    assert "card.data_licence" not in data.gaps
    assert "CC BY 4.0, Ada" in card_markdown(data)
    (_, data) = cards_of(facts_of(sample_report(), sources=(replace_licence(words),)))
    assert "card.data_licence" in data.gaps


def replace_licence(source: DataSource) -> DataSource:
    return source.model_copy(update={"licence": ""})


@given(
    st.lists(
        st.tuples(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")), st.booleans())
    ),
    st.integers(1, 3),
)
def test_groups_are_counted(rows: list[tuple[dict[str, str], bool]], most: int) -> None:
    found = group_counts([row for row, _ in rows], [tested for _, tested in rows], most)
    assert set(found) == {column for row, _ in rows for column in row}
    for column, values in found.items():
        having = [(row[column], tested) for row, tested in rows if column in row]
        if len({value for value, _ in having}) > most:
            assert values == {}
            continue
        assert sum(count for count, _ in values.values()) == len(having)
        for value, counts in values.items():
            mine = [tested for other, tested in having if other == value]
            assert counts == (len(mine), sum(mine))


def test_a_measurement_is_no_list_of_groups() -> None:
    pitch = {str(each): (1, 1) for each in range(30, 43)}
    ages = {"young": (7, 3), "old": (6, 2)}
    text = card_markdown(
        model_card(facts_of(sample_report(), groups={"pitch": pitch, "age": ages}))
    )
    assert "A measurement, and so no groups: pitch, 13 numbers from 30 to 42." in text
    assert "| age | young | 7 | 3 |" in text
    assert "| pitch |" not in text
    named = parse_configuration(WORDS + '[audit]\ncolumns = ["pitch"]\n')
    facts = facts_of(sample_report(), named, groups={"pitch": pitch})
    assert "| pitch | 42 | 1 | 1 |" in card_markdown(model_card(facts))


def words_shown(markdown: str) -> str:
    """What a reader sees of a page; fails on anything that is more than text."""
    shown = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        assert token.type != "html_block"
        for part in token.children or ():
            assert part.type in ("text", "text_special", "hardbreak", "softbreak", "strong_open",
                                 "strong_close"), part  # fmt: skip
            shown.append(part.content or " ")
        shown.append(" ")
    return " ".join("".join(shown).split())


ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"))
    | st.sampled_from("\\`*_{}[]()<>#+-.!|~&=\"'1 \n\t:"),
    min_size=1,
    max_size=40,
).filter(lambda text: text.strip() != "")


@given(ANY_TEXT)
@example("- [x](y) *b* <script>1</script>\n1. a\n# b\n===\n> c\n    d | e\n&amp; ~~f~~ ![g](h)")
@example("---")
@example("1)")
@example("```")
def test_a_persons_words_read_as_they_were_written(text: str) -> None:
    intended = IntendedSettings(use=text, not_for=(text,))
    card = model_card(facts_of(sample_report(), configuration_with(intended=intended)))
    expected = " ".join(text.split())
    assert f"Use: {expected}" in words_shown(card_markdown(card))
    page = Page()
    page.feed(card_html(card))
    assert f"Use: {expected}" in " ".join("".join(page.text).split())
    assert page.foreign == []


class Page(HTMLParser):
    """What an HTML page shows, and whatever in it runs or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "link", "iframe", "object", "base", "form"):
            self.foreign.append(tag)
        self.foreign += [
            name for name, _ in attrs if name.startswith("on") or name in ("src", "href")
        ]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_columns_of_the_data_cannot_break_a_table() -> None:
    facts = facts_of(sample_report(), groups={"a|b": {"c\n|d|": (3, 1)}})
    for card in cards_of(facts):
        groups = next(table for table in tables_of(card_markdown(card)) if table[0][0] == "Column")
        assert groups[1:] == [["a|b", "c |d|", "3", "1"]]


def test_the_page_forbids_itself_the_network() -> None:
    html = card_html(model_card(facts_of(sample_report())))
    assert "default-src 'none'" in html
    assert "<html lang=" in html
