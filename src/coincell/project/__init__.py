"""coincell.toml -> frozen, typed configuration; the only reader of configuration."""

from coincell.project.change import change_settings
from coincell.project.configuration import (
    AugmentationSettings,
    BoardSettings,
    Configuration,
    DecisionSettings,
    EvaluationSettings,
    GateSettings,
    ModelSettings,
    ProjectSettings,
    QuantizationSettings,
    SynthesisSettings,
    TrainingSettings,
)
from coincell.project.data_settings import CameraSettings, DataSettings, SplitSettings
from coincell.project.detector_settings import NORMALITY_METHODS, DetectorFitSettings
from coincell.project.feature_settings import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    Statistic,
    StatisticsSettings,
)
from coincell.project.feature_union import FeatureSettings
from coincell.project.load import CONFIGURATION_FILE, Project, load_project, parse_configuration
from coincell.project.mel_settings import MelSettings
from coincell.project.new import (
    MOST_WEIGHT_BYTES,
    WEIGHT_SUFFIXES,
    new_project,
    template_configuration,
    templates,
)
from coincell.project.tasks import Goal, TaskName, goal_of
from coincell.project.tune_settings import Span, TuneSettings
from coincell.project.vibration_settings import VibrationSettings
from coincell.project.window import Sense, WindowForm

__all__ = [
    "CONFIGURATION_FILE",
    "MOST_WEIGHT_BYTES",
    "NORMALITY_METHODS",
    "WEIGHT_SUFFIXES",
    "AugmentationSettings",
    "BoardSettings",
    "CameraSettings",
    "Configuration",
    "DataSettings",
    "DecisionSettings",
    "DetectorFitSettings",
    "EvaluationSettings",
    "FeatureSettings",
    "GateSettings",
    "Goal",
    "MelSettings",
    "ModelSettings",
    "PictureSettings",
    "Project",
    "ProjectSettings",
    "QuantizationSettings",
    "RawSettings",
    "Sense",
    "Span",
    "SpectralSettings",
    "SpectrogramSettings",
    "SplitSettings",
    "Statistic",
    "StatisticsSettings",
    "SynthesisSettings",
    "TaskName",
    "TrainingSettings",
    "TuneSettings",
    "VibrationSettings",
    "WindowForm",
    "change_settings",
    "goal_of",
    "load_project",
    "new_project",
    "parse_configuration",
    "template_configuration",
    "templates",
]
