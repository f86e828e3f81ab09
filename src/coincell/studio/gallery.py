"""Which recordings the gallery shows: filters, in the manifest's order, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from coincell.data import Sample
from coincell.studio.findings import Findings

PAGE = 48
_GROUP = "group."


@dataclass(frozen=True)
class Wanted:
    """What a visitor asked to see.

    Attributes:
        label: only recordings of it; "" for all.
        split: only that side; "" for both.
        finding: only those that a check's rule is about; "" for all.
        text: only files whose name holds it.
        groups: group column -> value.
        page: from 1.
    """

    label: str = ""
    split: str = ""
    finding: str = ""
    text: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    page: int = 1

    def query(self, page: int) -> str:
        """The same wish for another page, as the query of an address."""
        named = {name: getattr(self, name) for name in ("label", "split", "finding", "text")}
        named |= {f"{_GROUP}{name}": value for name, value in self.groups.items()}
        pairs = {name: value for name, value in named.items() if value}
        return urlencode({**pairs, "page": str(page)})


@dataclass(frozen=True)
class Page:
    """A page of the gallery.

    Attributes:
        samples: what it shows.
        number: which, from 1.
        pages: how many there are, at least 1.
        total: recordings that fit the filters.
    """

    samples: Sequence[Sample]
    number: int
    pages: int
    total: int


def wanted_of(parameters: Mapping[str, str]) -> Wanted:
    """The wish that an address's parameters tell; what makes no sense counts as not told."""
    groups = {
        name.removeprefix(_GROUP): value
        for name, value in parameters.items()
        if name.startswith(_GROUP) and value
    }
    page = parameters.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1
    label, split, finding, text = (
        parameters.get(name, "") for name in ("label", "split", "finding", "text")
    )
    return Wanted(label, split, finding, text.strip(), groups, max(1, number))


def fitting(
    samples: Sequence[Sample], wanted: Wanted, findings: Findings | None
) -> Sequence[Sample]:
    """The recordings that fit all of a wish, in their order."""
    about = findings.files.get(wanted.finding, frozenset()) if findings else frozenset()
    text = wanted.text.casefold()

    def fits(sample: Sample) -> bool:
        return (
            (not wanted.label or sample.label == wanted.label)
            and (not wanted.split or sample.split == wanted.split)
            and (not wanted.finding or sample.file in about)
            and (not text or text in sample.file.casefold())
            and all(sample.groups.get(name) == value for name, value in wanted.groups.items())
        )

    return [sample for sample in samples if fits(sample)]


def page_of(samples: Sequence[Sample], number: int, size: int = PAGE) -> Page:
    """Page `number` of some recordings; the last one where there are not so many."""
    pages = max(1, -(-len(samples) // size))
    number = min(max(1, number), pages)
    return Page(samples[(number - 1) * size : number * size], number, pages, len(samples))
