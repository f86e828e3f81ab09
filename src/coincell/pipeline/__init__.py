"""The stages as one visible list, a content-addressed cache, and the run's report."""

from coincell.pipeline.deep_check import DeepReport, Suspect, deep_check
from coincell.pipeline.export import export_project
from coincell.pipeline.feature_comparison import Compared, Comparison, compare_features
from coincell.pipeline.feature_relevance import Relevance, Relevances, feature_relevance
from coincell.pipeline.flash_permit import permit_flash
from coincell.pipeline.folds import CrossValidation, cross_validate
from coincell.pipeline.learning_curve import LearningCurve, learning_curve
from coincell.pipeline.ledger import Run, apart, changed_settings, find_run, noted_runs
from coincell.pipeline.listening import project_application
from coincell.pipeline.predict import Prediction, predict_files
from coincell.pipeline.run import RunResult, quantization_of, run_project, run_until, summary_of
from coincell.pipeline.runner import Demand, Outcome, StageEvent
from coincell.pipeline.stream_evaluation import StreamEvaluation, StreamRequest, evaluate_stream
from coincell.pipeline.suspects_page import suspects_page
from coincell.pipeline.tune import Judge, about_limits, open_study

__all__ = [
    "Compared",
    "Comparison",
    "CrossValidation",
    "DeepReport",
    "Demand",
    "Judge",
    "LearningCurve",
    "Outcome",
    "Prediction",
    "Relevance",
    "Relevances",
    "Run",
    "RunResult",
    "StageEvent",
    "StreamEvaluation",
    "StreamRequest",
    "Suspect",
    "about_limits",
    "apart",
    "changed_settings",
    "compare_features",
    "cross_validate",
    "deep_check",
    "evaluate_stream",
    "export_project",
    "feature_relevance",
    "find_run",
    "learning_curve",
    "noted_runs",
    "open_study",
    "permit_flash",
    "predict_files",
    "project_application",
    "quantization_of",
    "run_project",
    "run_until",
    "summary_of",
    "suspects_page",
]
