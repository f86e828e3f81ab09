"""Data -> charts -> the report: HTML, text for the terminal, JSON."""

from coincell.report.charts.server import server_svg
from coincell.report.charts.timeline import timeline_svg
from coincell.report.energy_schema import EnergyLine, EnergyPart, LastingWay, ServerWay
from coincell.report.energy_words import current, days_range, power_range, share
from coincell.report.explain_page import explanation_html, letter_of, memory_map_text
from coincell.report.glossary import Term, glossary, glossary_markdown
from coincell.report.html import render_html
from coincell.report.picture import features_png, features_text
from coincell.report.schema import (
    BoardPart,
    ClassMetrics,
    Contributor,
    CycleModel,
    DatasetPart,
    EvaluationPart,
    ExactPart,
    FeatureError,
    FeatureExample,
    FeaturesPart,
    Gate,
    History,
    Layer,
    MemoryBank,
    MemoryRegion,
    Metric,
    ModelPart,
    Promise,
    Provenance,
    Report,
    RocCurve,
    Split,
    StageRun,
    Stop,
    Tool,
    Yardstick,
)
from coincell.report.server_words import server_basis
from coincell.report.session_page import session_html
from coincell.report.text import print_gates, print_prediction, print_summary, render_text
from coincell.report.verdict import Verdict, promises_of, verdict

__all__ = [
    "BoardPart",
    "ClassMetrics",
    "Contributor",
    "CycleModel",
    "DatasetPart",
    "EnergyLine",
    "EnergyPart",
    "EvaluationPart",
    "ExactPart",
    "FeatureError",
    "FeatureExample",
    "FeaturesPart",
    "Gate",
    "History",
    "LastingWay",
    "Layer",
    "MemoryBank",
    "MemoryRegion",
    "Metric",
    "ModelPart",
    "Promise",
    "Provenance",
    "Report",
    "RocCurve",
    "ServerWay",
    "Split",
    "StageRun",
    "Stop",
    "Term",
    "Tool",
    "Verdict",
    "Yardstick",
    "current",
    "days_range",
    "explanation_html",
    "features_png",
    "features_text",
    "glossary",
    "glossary_markdown",
    "letter_of",
    "memory_map_text",
    "power_range",
    "print_gates",
    "print_prediction",
    "print_summary",
    "promises_of",
    "render_html",
    "render_text",
    "server_basis",
    "server_svg",
    "session_html",
    "share",
    "timeline_svg",
    "verdict",
]
