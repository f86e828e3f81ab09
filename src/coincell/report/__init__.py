"""Data -> charts -> the report: HTML, text for the terminal, JSON."""

from coincell.report.audit_schema import (
    AddedGap,
    AuditedGroup,
    AuditFinding,
    FairnessPart,
    GroupGap,
)
from coincell.report.charts.cells import cells_svg
from coincell.report.charts.curves import Curve, curves_svg
from coincell.report.charts.detection import DetectionPoint, detection_svg
from coincell.report.charts.fleet import fleet_svg
from coincell.report.charts.fleet_days import DayPoint, fleet_days_svg
from coincell.report.charts.front import Point as FrontPoint
from coincell.report.charts.front import front_svg
from coincell.report.charts.histogram_pairs import HistogramPair, histogram_pairs_svg
from coincell.report.charts.learning_curve import CurvePoint, learning_curve_svg
from coincell.report.charts.planes import RateCurve, rates_svg
from coincell.report.charts.server import server_svg
from coincell.report.charts.timeline import timeline_svg
from coincell.report.energy_schema import EnergyLine, EnergyPart, LastingWay, ServerWay
from coincell.report.energy_words import current, days_range, power_range, share
from coincell.report.explain_page import explanation_html, letter_of, memory_map_text
from coincell.report.fleet_page import fleet_html
from coincell.report.front_page import CandidateRow, FrontPage, front_html
from coincell.report.gallery_schema import (
    FeatureMap,
    Gallery,
    MapPoint,
    Mattered,
    Specimen,
    Trace,
)
from coincell.report.glossary import Term, glossary, glossary_markdown
from coincell.report.goal_schema import (
    MOST_VALUES,
    ErrorShare,
    LabelScores,
    Method,
    NormalityPart,
    QuantityPart,
)
from coincell.report.html import json_for_script, render_html, stylesheet
from coincell.report.input_schema import (
    Camera,
    Channel,
    DatasetPart,
    FeatureError,
    FeatureExample,
    FeatureForm,
    FeaturesPart,
    Quantity,
    Split,
)
from coincell.report.part import Metric, RocCurve
from coincell.report.picture import features_png, features_text, picture_png, png_of_lines
from coincell.report.pruning_table import print_pruning
from coincell.report.schema import (
    BoardPart,
    ClassMetrics,
    Contributor,
    CycleModel,
    DistillationPart,
    EvaluationPart,
    ExactPart,
    Gate,
    History,
    Layer,
    LayerLoss,
    MemoryBank,
    MemoryRegion,
    ModelPart,
    Promise,
    Provenance,
    PruningPart,
    QuantizationPart,
    Report,
    StageRun,
    Stop,
    TelemetryPart,
    Tool,
    Yardstick,
)
from coincell.report.second_look import Case, Exhibit, second_look_page
from coincell.report.server_words import server_basis
from coincell.report.session_page import session_html
from coincell.report.session_words import decisions_said
from coincell.report.specimens import traces_svg
from coincell.report.text import (
    print_gates,
    print_prediction,
    print_quantization,
    print_summary,
    render_text,
)
from coincell.report.tiles import tiles_of
from coincell.report.verdict import Verdict, promises_of, verdict
from coincell.report.words import Words, words_of

__all__ = [
    "MOST_VALUES",
    "AddedGap",
    "AuditFinding",
    "AuditedGroup",
    "BoardPart",
    "Camera",
    "CandidateRow",
    "Case",
    "Channel",
    "ClassMetrics",
    "Contributor",
    "Curve",
    "CurvePoint",
    "CycleModel",
    "DatasetPart",
    "DayPoint",
    "DetectionPoint",
    "DistillationPart",
    "EnergyLine",
    "EnergyPart",
    "ErrorShare",
    "EvaluationPart",
    "ExactPart",
    "Exhibit",
    "FairnessPart",
    "FeatureError",
    "FeatureExample",
    "FeatureForm",
    "FeatureMap",
    "FeaturesPart",
    "FrontPage",
    "FrontPoint",
    "Gallery",
    "Gate",
    "GroupGap",
    "HistogramPair",
    "History",
    "LabelScores",
    "LastingWay",
    "Layer",
    "LayerLoss",
    "MapPoint",
    "Mattered",
    "MemoryBank",
    "MemoryRegion",
    "Method",
    "Metric",
    "ModelPart",
    "NormalityPart",
    "Promise",
    "Provenance",
    "PruningPart",
    "Quantity",
    "QuantityPart",
    "QuantizationPart",
    "RateCurve",
    "Report",
    "RocCurve",
    "ServerWay",
    "Specimen",
    "Split",
    "StageRun",
    "Stop",
    "TelemetryPart",
    "Term",
    "Tool",
    "Trace",
    "Verdict",
    "Words",
    "Yardstick",
    "cells_svg",
    "current",
    "curves_svg",
    "days_range",
    "decisions_said",
    "detection_svg",
    "explanation_html",
    "features_png",
    "features_text",
    "fleet_days_svg",
    "fleet_html",
    "fleet_svg",
    "front_html",
    "front_svg",
    "glossary",
    "glossary_markdown",
    "histogram_pairs_svg",
    "json_for_script",
    "learning_curve_svg",
    "letter_of",
    "memory_map_text",
    "picture_png",
    "png_of_lines",
    "power_range",
    "print_gates",
    "print_prediction",
    "print_pruning",
    "print_quantization",
    "print_summary",
    "promises_of",
    "rates_svg",
    "render_html",
    "render_text",
    "second_look_page",
    "server_basis",
    "server_svg",
    "session_html",
    "share",
    "stylesheet",
    "tiles_of",
    "timeline_svg",
    "traces_svg",
    "verdict",
    "words_of",
]
