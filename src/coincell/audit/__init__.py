"""Whom a model fails: groups compared, cards, and what a device stores and sends."""

from typing import TYPE_CHECKING, Any

from coincell.audit.cards import (
    Card,
    CardFacts,
    KeyFigure,
    card_html,
    card_markdown,
    data_card,
    group_counts,
    model_card,
)
from coincell.audit.choices import STRATEGIES, STRATEGY_NAMES, TOLERANCE, Choice, choose
from coincell.audit.collecting import (
    WIDTH,
    collecting_note,
    judges_advice,
    people_needed,
    training_advice,
)
from coincell.audit.fairness import Place, audit_people
from coincell.audit.group_curves import NEVER, GroupCurve, Scored, curve_of, group_curves
from coincell.audit.measures import (
    AlarmMeasure,
    ClassMeasure,
    Key,
    Measure,
    QuantityMeasure,
    check_classes,
    events_of,
)
from coincell.audit.mitigation import UNTOLD, copies_for, reweighed, strata_of
from coincell.audit.paired import paired_changes
from coincell.audit.people import (
    NOT_TOLD,
    Column,
    People,
    codes_of,
    joined_values,
    people_of,
    values_by_column,
)
from coincell.audit.significance import LEVEL, holm, paired_p, student_p
from coincell.audit.slices import SLICE_METRICS, area_rounds, slice_areas, slice_figures
from coincell.audit.strategies import RATES, StrategySettings, strategies_of
from coincell.audit.table_file import JudgedTable, TableColumns, read_table
from coincell.audit.words import TaskWords

if TYPE_CHECKING:
    from coincell.audit.privacy import privacy_facts, privacy_text

__all__ = [
    "LEVEL",
    "NEVER",
    "NOT_TOLD",
    "RATES",
    "SLICE_METRICS",
    "STRATEGIES",
    "STRATEGY_NAMES",
    "TOLERANCE",
    "UNTOLD",
    "WIDTH",
    "AlarmMeasure",
    "Card",
    "CardFacts",
    "Choice",
    "ClassMeasure",
    "Column",
    "GroupCurve",
    "JudgedTable",
    "Key",
    "KeyFigure",
    "Measure",
    "People",
    "Place",
    "QuantityMeasure",
    "Scored",
    "StrategySettings",
    "TableColumns",
    "TaskWords",
    "area_rounds",
    "audit_people",
    "card_html",
    "card_markdown",
    "check_classes",
    "choose",
    "codes_of",
    "collecting_note",
    "copies_for",
    "curve_of",
    "data_card",
    "events_of",
    "group_counts",
    "group_curves",
    "holm",
    "joined_values",
    "judges_advice",
    "model_card",
    "paired_changes",
    "paired_p",
    "people_needed",
    "people_of",
    "privacy_facts",
    "privacy_text",
    "read_table",
    "reweighed",
    "slice_areas",
    "slice_figures",
    "strata_of",
    "strategies_of",
    "student_p",
    "training_advice",
    "values_by_column",
]


def __getattr__(name: str) -> Any:
    """Import what reads the image's C when it is asked for: it brings firmware and compiler, which
    no audit of arrays or tables needs."""
    if name not in ("privacy_facts", "privacy_text"):
        raise AttributeError(f"module 'coincell.audit' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module("coincell.audit.privacy"), name)
