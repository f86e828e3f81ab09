"""Card -> Markdown, and one HTML page without scripts that loads nothing."""

from __future__ import annotations

import re

from coincell.audit._card_blocks import Block, Bullets, Card, Gap, Paragraph, Table

TO_ADD = "To add"
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")


def card_markdown(card: Card) -> str:
    """The card as Markdown; all text in it reads as it is, whatever marks it holds."""
    parts = [f"# {escaped(card.title)}", escaped(card.lead)]
    if card.gaps:
        listed = ", ".join(escaped(key) for key in card.gaps)
        parts.append(f"> **{TO_ADD}**, {len(card.gaps)} in all: {listed}.")
    for section in card.sections:
        parts.append(f"## {escaped(section.heading)}")
        parts += [_markdown(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """`text` such that Markdown shows it as it is; its lines stay lines."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    shown = (_begin(_SPECIAL.sub(r"\\\1", line)) for line in lines if line)
    return "  \n".join(shown)


def _begin(line: str) -> str:
    """Lists begin with a mark or a number; that of a line that only looks like one is escaped."""
    if re.match(r"\d+[.)](\s|$)", line):
        return re.sub(r"([.)])", r"\\\1", line, count=1)
    return f"\\{line}" if line[:1] in "-+=" else line


def _cell(text: str) -> str:
    return escaped(" ".join(text.split()))


def _markdown(block: Block) -> str:
    if isinstance(block, Paragraph):
        return escaped(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_cell(item)}" for item in block.items)
    if isinstance(block, Gap):
        return f"> **{TO_ADD}** ({_cell(block.key)}): {_cell(block.what)}"
    rows = [block.head, tuple("---" for _ in block.head), *block.rows]
    lines = [
        "| " + " | ".join(cell if at == 1 else _cell(cell) for cell in row) + " |"
        for at, row in enumerate(rows)
    ]
    return "\n".join([escaped(block.title), "", *lines])


def card_html(card: Card) -> str:
    """The card as one page: every text is escaped, and nothing is loaded or run."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("coincell.audit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = {Paragraph: "paragraph", Bullets: "bullets", Gap: "gap", Table: "table"}
    return (
        environment.get_template("card.html.j2").render(
            card=card, kind=lambda block: kinds[type(block)], to_add=TO_ADD
        )
        + "\n"
    )
