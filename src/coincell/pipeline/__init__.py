"""The stages as one visible list, a content-addressed cache, and the run's report."""

from coincell.pipeline.baseline_device import Cost
from coincell.pipeline.baseline_verdict import verdict
from coincell.pipeline.baselines import Baseline, Baselines, compare_baselines
from coincell.pipeline.collecting import collecting_advice
from coincell.pipeline.deep_check import DeepReport, Suspect, deep_check
from coincell.pipeline.device_privacy import device_privacy
from coincell.pipeline.export import export_project
from coincell.pipeline.fair_comparison import fairness_of, paired_fairness
from coincell.pipeline.feature_comparison import Compared, Comparison, compare_features
from coincell.pipeline.feature_relevance import Relevance, Relevances, feature_relevance
from coincell.pipeline.flash_permit import permit_flash
from coincell.pipeline.fleet_bank import make_bank
from coincell.pipeline.folds import CrossValidation, cross_validate
from coincell.pipeline.last_judged import LastJudged, find_judged
from coincell.pipeline.learning_curve import LearningCurve, learning_curve
from coincell.pipeline.ledger import Run, apart, changed_settings, find_run, noted_runs
from coincell.pipeline.listening import project_application
from coincell.pipeline.mitigating import compare_mitigations
from coincell.pipeline.mlflow_export import export_runs
from coincell.pipeline.nested import searching
from coincell.pipeline.predict import Prediction, predict_files
from coincell.pipeline.ready import Predictor, ReadyModel, Said, find_ready
from coincell.pipeline.report_parts_features import feature_columns, feature_form
from coincell.pipeline.report_parts_gallery import heat_png, picture_png_of, traces_of, wav_of
from coincell.pipeline.run import (
    RunResult,
    audit_of,
    pruning_of,
    quantization_of,
    run_project,
    run_until,
    summary_of,
)
from coincell.pipeline.runner import Demand, Outcome, StageEvent
from coincell.pipeline.strategies import (
    StrategyWish,
    device_threshold,
    project_strategies,
    told_errors,
)
from coincell.pipeline.stream_evaluation import StreamEvaluation, StreamRequest, evaluate_stream
from coincell.pipeline.suspects_page import suspects_page
from coincell.pipeline.tune import Judge, about_limits, changed_since, open_study, read_study
from coincell.pipeline.tune_helpers import helping_processes, work_on_ray

__all__ = [
    "Baseline",
    "Baselines",
    "Compared",
    "Comparison",
    "Cost",
    "CrossValidation",
    "DeepReport",
    "Demand",
    "Judge",
    "LastJudged",
    "LearningCurve",
    "Outcome",
    "Prediction",
    "Predictor",
    "ReadyModel",
    "Relevance",
    "Relevances",
    "Run",
    "RunResult",
    "Said",
    "StageEvent",
    "StrategyWish",
    "StreamEvaluation",
    "StreamRequest",
    "Suspect",
    "about_limits",
    "apart",
    "audit_of",
    "changed_settings",
    "changed_since",
    "collecting_advice",
    "compare_baselines",
    "compare_features",
    "compare_mitigations",
    "cross_validate",
    "deep_check",
    "device_privacy",
    "device_threshold",
    "evaluate_stream",
    "export_project",
    "export_runs",
    "fairness_of",
    "feature_columns",
    "feature_form",
    "feature_relevance",
    "find_judged",
    "find_ready",
    "find_run",
    "heat_png",
    "helping_processes",
    "learning_curve",
    "make_bank",
    "noted_runs",
    "open_study",
    "paired_fairness",
    "permit_flash",
    "picture_png_of",
    "predict_files",
    "project_application",
    "project_strategies",
    "pruning_of",
    "quantization_of",
    "read_study",
    "run_project",
    "run_until",
    "searching",
    "summary_of",
    "suspects_page",
    "told_errors",
    "traces_of",
    "verdict",
    "wav_of",
    "work_on_ray",
]
