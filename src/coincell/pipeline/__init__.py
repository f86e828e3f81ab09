"""The stages as one visible list, a content-addressed cache, and the run's report."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coincell.pipeline.baseline_device import Cost
    from coincell.pipeline.baseline_verdict import verdict
    from coincell.pipeline.baselines import Baseline, Baselines, compare_baselines
    from coincell.pipeline.collecting import collecting_advice
    from coincell.pipeline.deep_checking import DeepReport, Suspect, deep_check
    from coincell.pipeline.export import export_project
    from coincell.pipeline.fair_comparison import fairness_of, paired_fairness
    from coincell.pipeline.feature_comparison import Compared, Comparison, compare_features
    from coincell.pipeline.flash_permit import permit_flash
    from coincell.pipeline.fleet_bank import make_bank
    from coincell.pipeline.folds import CrossValidation, cross_validate
    from coincell.pipeline.last_judged import LastJudged, find_judged
    from coincell.pipeline.learning_curves import LearningCurve, learning_curve
    from coincell.pipeline.ledger import (
        Run,
        apart,
        changed_settings,
        find_run,
        last_run,
        noted_runs,
    )
    from coincell.pipeline.listening import project_application
    from coincell.pipeline.mitigating import compare_mitigations
    from coincell.pipeline.mlflow_export import export_runs
    from coincell.pipeline.nested import searching
    from coincell.pipeline.predict import Prediction, predict_files
    from coincell.pipeline.privacy_of_device import device_privacy
    from coincell.pipeline.ready import Predictor, ReadyModel, Said, find_ready
    from coincell.pipeline.relevance import Relevance, Relevances, feature_relevance
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
    from coincell.pipeline.suspects_html import suspects_page
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
    "last_run",
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

_HOMES = {
    "Baseline": "baselines",
    "Baselines": "baselines",
    "Compared": "feature_comparison",
    "Comparison": "feature_comparison",
    "Cost": "baseline_device",
    "CrossValidation": "folds",
    "DeepReport": "deep_checking",
    "Demand": "runner",
    "Judge": "tune",
    "LastJudged": "last_judged",
    "LearningCurve": "learning_curves",
    "Outcome": "runner",
    "Prediction": "predict",
    "Predictor": "ready",
    "ReadyModel": "ready",
    "Relevance": "relevance",
    "Relevances": "relevance",
    "Run": "ledger",
    "RunResult": "run",
    "Said": "ready",
    "StageEvent": "runner",
    "StrategyWish": "strategies",
    "StreamEvaluation": "stream_evaluation",
    "StreamRequest": "stream_evaluation",
    "Suspect": "deep_checking",
    "about_limits": "tune",
    "apart": "ledger",
    "audit_of": "run",
    "changed_settings": "ledger",
    "changed_since": "tune",
    "collecting_advice": "collecting",
    "compare_baselines": "baselines",
    "compare_features": "feature_comparison",
    "compare_mitigations": "mitigating",
    "cross_validate": "folds",
    "deep_check": "deep_checking",
    "device_privacy": "privacy_of_device",
    "device_threshold": "strategies",
    "evaluate_stream": "stream_evaluation",
    "export_project": "export",
    "export_runs": "mlflow_export",
    "fairness_of": "fair_comparison",
    "feature_columns": "report_parts_features",
    "feature_form": "report_parts_features",
    "feature_relevance": "relevance",
    "find_judged": "last_judged",
    "find_ready": "ready",
    "find_run": "ledger",
    "heat_png": "report_parts_gallery",
    "helping_processes": "tune_helpers",
    "last_run": "ledger",
    "learning_curve": "learning_curves",
    "make_bank": "fleet_bank",
    "noted_runs": "ledger",
    "open_study": "tune",
    "paired_fairness": "fair_comparison",
    "permit_flash": "flash_permit",
    "picture_png_of": "report_parts_gallery",
    "predict_files": "predict",
    "project_application": "listening",
    "project_strategies": "strategies",
    "pruning_of": "run",
    "quantization_of": "run",
    "read_study": "tune",
    "run_project": "run",
    "run_until": "run",
    "searching": "nested",
    "summary_of": "run",
    "suspects_page": "suspects_html",
    "told_errors": "strategies",
    "traces_of": "report_parts_gallery",
    "verdict": "baseline_verdict",
    "wav_of": "report_parts_gallery",
    "work_on_ray": "tune_helpers",
}
"""Name -> the module of this package that has it; no module is called as a name is, or importing
the one would hide the other."""


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is first asked for: one that reads reports of old runs
    needs no compiler, no board and no TensorFlow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'coincell.pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(f"coincell.pipeline.{_HOMES[name]}"), name)
