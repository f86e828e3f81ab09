"""Model card and data-set card: what was measured -> a card -> Markdown and HTML."""

from coincell.audit._card_blocks import Bullets, Card, Gap, Paragraph, Section, Table
from coincell.audit._card_data import data_card
from coincell.audit._card_facts import CardFacts, KeyFigure, group_counts
from coincell.audit._card_model import model_card
from coincell.audit._card_render import card_html, card_markdown

__all__ = [
    "Bullets",
    "Card",
    "CardFacts",
    "Gap",
    "KeyFigure",
    "Paragraph",
    "Section",
    "Table",
    "card_html",
    "card_markdown",
    "data_card",
    "group_counts",
    "model_card",
]
