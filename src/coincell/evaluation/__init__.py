"""Arrays of truth, scores and decisions -> figures with intervals; no files, no TensorFlow."""

from coincell.evaluation._anomaly import AnomalyMetrics, anomaly_curve, evaluate_anomaly
from coincell.evaluation._comparison import Comparison, compare, mean_difference
from coincell.evaluation._decisions import (
    NO_DECISION,
    DecisionMetrics,
    decide,
    evaluate_decisions,
)
from coincell.evaluation._estimate import Z95, Estimate, wilson, wilson_by_group
from coincell.evaluation._evaluation import ClassMetrics, Evaluation, evaluate
from coincell.evaluation._folds import over_folds
from coincell.evaluation._quantity import (
    QuantityComparison,
    QuantityMetrics,
    compare_quantities,
    evaluate_quantity,
)
from coincell.evaluation._roc import OneAgainstRest, RocCurve
from coincell.evaluation._stream import (
    Interval,
    Match,
    OperatingPoint,
    StreamMetrics,
    Told,
    choose_operating_point,
    match_alarms,
    match_events,
    poisson_rate,
    stream_metrics,
)

__all__ = [
    "NO_DECISION",
    "Z95",
    "AnomalyMetrics",
    "ClassMetrics",
    "Comparison",
    "DecisionMetrics",
    "Estimate",
    "Evaluation",
    "Interval",
    "Match",
    "OneAgainstRest",
    "OperatingPoint",
    "QuantityComparison",
    "QuantityMetrics",
    "RocCurve",
    "StreamMetrics",
    "Told",
    "anomaly_curve",
    "choose_operating_point",
    "compare",
    "compare_quantities",
    "decide",
    "evaluate",
    "evaluate_anomaly",
    "evaluate_decisions",
    "evaluate_quantity",
    "match_alarms",
    "match_events",
    "mean_difference",
    "over_folds",
    "poisson_rate",
    "stream_metrics",
    "wilson",
    "wilson_by_group",
]
