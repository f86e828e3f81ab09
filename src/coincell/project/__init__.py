"""coincell.toml -> frozen, typed configuration; the only reader of configuration."""

from coincell.project.configuration import (
    AugmentationSettings,
    BoardSettings,
    Configuration,
    DataSettings,
    DecisionSettings,
    EvaluationSettings,
    FeatureSettings,
    GateSettings,
    ModelSettings,
    ProjectSettings,
    QuantizationSettings,
    SplitSettings,
    SynthesisSettings,
    TrainingSettings,
)
from coincell.project.feature_settings import (
    PictureSettings,
    RawSettings,
    SpectralSettings,
    SpectrogramSettings,
    Statistic,
    StatisticsSettings,
)
from coincell.project.load import CONFIGURATION_FILE, Project, load_project, parse_configuration
from coincell.project.new import new_project, templates
from coincell.project.window import Sense, WindowForm

__all__ = [
    "CONFIGURATION_FILE",
    "AugmentationSettings",
    "BoardSettings",
    "Configuration",
    "DataSettings",
    "DecisionSettings",
    "EvaluationSettings",
    "FeatureSettings",
    "GateSettings",
    "ModelSettings",
    "PictureSettings",
    "Project",
    "ProjectSettings",
    "QuantizationSettings",
    "RawSettings",
    "Sense",
    "SpectralSettings",
    "SpectrogramSettings",
    "SplitSettings",
    "Statistic",
    "StatisticsSettings",
    "SynthesisSettings",
    "TrainingSettings",
    "WindowForm",
    "load_project",
    "new_project",
    "parse_configuration",
    "templates",
]
