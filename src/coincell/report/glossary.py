"""One meaning for each term that a report prints.

The page shows these as tooltips and as a list; docs/glossary.md is written from them (a test keeps
it so). `keys` are the names under which the figure stands in report.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_INTRODUCTION = """\
# Glossary

Every term that a report prints, one meaning each. Names in `code` are keys of `build/report.json`.
This page is written from `src/coincell/report/glossary.txt`; a test keeps the two alike.
"""


@dataclass(frozen=True)
class Term:
    """A term: its name as printed, its meaning in a sentence or two, its keys in report.json."""

    title: str
    meaning: str
    chapter: str
    keys: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The anchor, as GitHub makes it from the heading."""
        return re.sub(r"[^a-z0-9 -]", "", self.title.lower()).replace(" ", "-")


@cache
def glossary() -> dict[str, Term]:
    """All terms by slug, in the order of the flow."""
    text = files("coincell.report").joinpath("glossary.txt").read_text(encoding="utf-8")
    terms = parse_glossary(text)
    return {term.slug: term for term in terms}


def term_of_key(key: str) -> Term | None:
    """The term that tells what a key of report.json means."""
    return next((term for term in glossary().values() if key in term.keys), None)


def parse_glossary(text: str) -> tuple[Term, ...]:
    """Read the plain form: `= chapter`, then `title | key, key` and its meaning, blank between.

    Raises:
        ValueError: a block without a meaning or before the first chapter, or a term told twice.
    """
    terms: list[Term] = []
    chapter = ""
    for block in re.split(r"\n\s*\n", text.strip()):
        head, _, body = block.partition("\n")
        if head.startswith("= "):
            chapter = head[2:].strip()
            continue
        title, _, keys = head.partition("|")
        meaning = " ".join(body.split())
        if not chapter or not meaning:
            raise ValueError(f"glossary: {head!r} needs a chapter above and a meaning below")
        names = tuple(key.strip() for key in keys.split(",") if key.strip())
        terms.append(Term(title.strip(), meaning, chapter, names))
    slugs = [term.slug for term in terms]
    if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        raise ValueError(f"glossary: told twice: {', '.join(twice)}")
    return tuple(terms)


def glossary_markdown() -> str:
    """docs/glossary.md."""
    lines = [_INTRODUCTION]
    chapter = ""
    for term in glossary().values():
        if term.chapter != chapter:
            chapter = term.chapter
            lines.append(f"## {chapter}\n")
        keys = ", ".join(f"`{key}`" for key in term.keys)
        lines.append(f"### {term.title}\n\n{term.meaning}\n")
        if keys:
            lines.append(f"In report.json: {keys}\n")
    return "\n".join(lines)
