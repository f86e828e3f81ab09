"""Every term that a report prints has one meaning, in the page and in docs/glossary.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import coincell.report
from coincell.report import Report, glossary, glossary_markdown, promises_of
from coincell.report.glossary import parse_glossary
from coincell.report.tiles import tiles_of
from coincell.report.verdict import GATE_TERMS
from report.sample_report import sample_report

_TEMPLATES = Path(coincell.report.__file__).parent / "templates"
_SELF_TELLING = {
    "version", "project", "task", "created", "dataset", "model", "warnings", "coincell", "python",
    "platform", "processor", "detail", "hint", "clip",
}  # fmt: skip


def _titles() -> set[str]:
    return {term.title for term in glossary().values()}


def test_the_document_is_the_glossary(repository: Path) -> None:
    written = (repository / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert written == glossary_markdown(), (
        "write it anew: python -c 'from coincell.report import glossary_markdown; "
        'print(glossary_markdown(), end="")\' > docs/glossary.md'
    )


def test_every_term_that_the_page_names_is_there() -> None:
    named = {
        title
        for path in _TEMPLATES.glob("*.j2")
        for title in re.findall(r'term\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 40
    assert named - _titles() == set()


def test_every_tile_and_gate_is_a_term() -> None:
    assert {tile.term for tile in tiles_of(sample_report())} <= _titles()
    assert set(GATE_TERMS.values()) <= _titles()


def test_every_key_of_the_report_is_told() -> None:
    told = {key for term in glossary().values() for key in term.keys}
    assert set(_keys(Report)) - told - _SELF_TELLING == set()


def test_no_key_is_told_twice() -> None:
    keys = [key for term in glossary().values() for key in term.keys]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_promises_name_no_unknown_figure() -> None:
    report = sample_report()
    assert all(promise.evidence for promise in promises_of(report))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A term\nand its meaning.", "chapter"),
        ("= Chapter\n\nA term", "meaning below"),
        ("= Chapter\n\nTerm\none.\n\nTerm\ntwo.", "told twice"),
    ],
)
def test_a_broken_glossary_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_glossary(text)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models(field.annotation):
            yield from _keys(inner)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
