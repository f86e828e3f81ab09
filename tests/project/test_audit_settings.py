"""[intended] and [audit]: a person's own words, and limits on groups."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from coincell.errors import ConfigurationError
from coincell.project import parse_configuration, templates

MINIMAL = '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n'


@pytest.mark.parametrize("template", templates())
def test_what_a_template_proposes_is_valid_once_it_is_no_comment(template: str) -> None:
    folder = resources.files("coincell.project") / "templates" / template
    text = (folder / "coincell.toml").read_text(encoding="utf-8").replace("@NAME@", "mine")
    as_written = parse_configuration(text)
    assert as_written.intended.use == as_written.intended.false_negative == ""
    assert as_written.audit.worst_group_recall is None
    before, header, after = text.partition("\n[intended]")
    assert header, "the section stands last, with [audit]"
    proposed = parse_configuration(before + header + re.sub(r"(?m)^# (\w+ = )", r"\1", after))
    assert proposed.intended.model_fields_set == set(type(proposed.intended).model_fields)
    assert all(proposed.intended.model_dump().values())
    assert proposed.audit.model_fields_set


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[intended]\nfalse_positive_cost = 0", ["false_positive_cost", "greater than 0"]),
        ('[intended]\nuse = "a\\u0000b"', ["intended.use", "control characters"]),
        ('[intended]\nuse = "a\\u001b[2Jb"', ["intended.use", "control characters"]),
        ('[intended]\nnot_for = "nothing"', ["intended.not_for", "a list"]),
        ('[intended]\nnot_for = [""]', ["intended.not_for.0"]),
        ("[audit]\nworst_group_recall = 1.5", ["worst_group_recall", "less than or equal to 1"]),
        ("[audit]\nworst_group_recall = true", ["worst_group_recall", "valid number"]),
        ("[audit]\nsmallest_group = 1", ["smallest_group", "greater than or equal to 2"]),
        ('[audit]\ncolumns = ["age", "age"]', ["columns must be unique"]),
        ('[audit]\nperson = "who"\ncolumns = ["who"]', ["must not hold the person's", "who"]),
    ],
)
def test_what_cannot_be_is_named_with_its_rule(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(MINIMAL + text)
    assert all(word in caught.value.message for word in words), caught.value.message


def test_a_misspelt_limit_is_told_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(MINIMAL + "[audit]\nworst_recall = 0.5")
    assert "audit.worst_group_recall" in caught.value.hint


def test_lines_and_any_alphabet_are_a_persons_words() -> None:
    words = "für Ältere,\ndann für alle: 日本語 \U0001f399"
    text = MINIMAL + f'[intended]\nusers = """{words}"""\n'
    assert parse_configuration(text).intended.users == words
