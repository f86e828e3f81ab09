"""What a card is made of: sections of text, lists and tables, and gaps that a person must fill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Text; a person's own words keep their lines."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows below a head of as many columns.

    Attributes:
        title: what the table tells, in a sentence.
        head: titles of the columns.
        rows: cells; the first of each row names it.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Gap:
    """What a person must add.

    Attributes:
        key: of coincell.toml, such as "intended.use"; or what else is missing.
        what: what is asked for, in a sentence.
    """

    key: str
    what: str


Block = Paragraph | Bullets | Table | Gap


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Card:
    """A model card or a data-set card.

    Attributes:
        title: "Model card: NAME" or "Data-set card: NAME".
        lead: what the card is of, and where its figures come from.
        sections: in the order of the field's own cards.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]

    @property
    def gaps(self) -> tuple[str, ...]:
        """Keys of what a person must add, in the order of the card, each once."""
        keys = [
            block.key
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Gap)
        ]
        return tuple(dict.fromkeys(keys))
