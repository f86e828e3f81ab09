"""The C that runs on the device, and how Python reaches the same C on the host."""

from coincell.runtime.decision_binding import NO_DECISION, Decision, Rest, decision_threshold
from coincell.runtime.level_binding import Level
from coincell.runtime.library import load_library
from coincell.runtime.report_service import (
    HEAD_BYTES,
    REPORT_UUID,
    SERVICE_UUID,
    TAKEN_UUID,
    VALUE_BYTES,
)
from coincell.runtime.score import LEVEL_BITS, QuantityUnit, ScoreUnit, quantity_unit, score_unit
from coincell.runtime.sketch_binding import HostSketch, ReportFacts
from coincell.runtime.sketch_plan import SketchPlan
from coincell.runtime.sources import c_sources, c_values
from coincell.runtime.strangeness import StrangenessUnit, strangeness_unit
from coincell.runtime.teller import Teller, decision_words

__all__ = [
    "HEAD_BYTES",
    "LEVEL_BITS",
    "NO_DECISION",
    "REPORT_UUID",
    "SERVICE_UUID",
    "TAKEN_UUID",
    "VALUE_BYTES",
    "Decision",
    "HostSketch",
    "Level",
    "QuantityUnit",
    "ReportFacts",
    "Rest",
    "ScoreUnit",
    "SketchPlan",
    "StrangenessUnit",
    "Teller",
    "c_sources",
    "c_values",
    "decision_threshold",
    "decision_words",
    "load_library",
    "quantity_unit",
    "score_unit",
    "strangeness_unit",
]
