"""coincell.toml -> frozen, typed configuration; the only reader of configuration."""

from coincell.project.alert_settings import AlertSettings, read_alert_settings
from coincell.project.audit_settings import (
    PEOPLE_SECTIONS,
    AuditSettings,
    IntendedSettings,
)
from coincell.project.card_settings import CardSettings
from coincell.project.change import change_settings, obsolete
from coincell.project.classical_settings import (
    CLASSICAL_MODELS,
    LINEAR_MODELS,
    TREE_MODELS,
    ClassicalFitSettings,
)
from coincell.project.configuration import (
    AugmentationSettings,
    BoardSettings,
    Configuration,
    DecisionSettings,
    EvaluationSettings,
    GateSettings,
    ProjectSettings,
    TrainingSettings,
)
from coincell.project.data_settings import CameraSettings, DataSettings, SplitSettings
from coincell.project.detector_settings import NORMALITY_METHODS, DetectorFitSettings
from coincell.project.distillation_settings import DistillationSettings
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
from coincell.project.mitigation_settings import MitigationSettings
from coincell.project.model_settings import ModelSettings
from coincell.project.new import (
    MOST_WEIGHT_BYTES,
    WEIGHT_SUFFIXES,
    check_absent,
    new_project,
    template_configuration,
    template_intended,
    templates,
)
from coincell.project.pruning_settings import PruningSettings
from coincell.project.quantization_settings import QuantizationSettings
from coincell.project.synthesis_settings import SynthesisSettings
from coincell.project.tasks import Goal, TaskName, goal_of
from coincell.project.tune_settings import Span, TuneSettings
from coincell.project.vibration_settings import VibrationSettings
from coincell.project.voice_groups import GENDERS, GroupNumber, read_group
from coincell.project.window import Sense, WindowForm

__all__ = [
    "CLASSICAL_MODELS",
    "CONFIGURATION_FILE",
    "GENDERS",
    "LINEAR_MODELS",
    "MOST_WEIGHT_BYTES",
    "NORMALITY_METHODS",
    "PEOPLE_SECTIONS",
    "TREE_MODELS",
    "WEIGHT_SUFFIXES",
    "AlertSettings",
    "AuditSettings",
    "AugmentationSettings",
    "BoardSettings",
    "CameraSettings",
    "CardSettings",
    "ClassicalFitSettings",
    "Configuration",
    "DataSettings",
    "DecisionSettings",
    "DetectorFitSettings",
    "DistillationSettings",
    "EvaluationSettings",
    "FeatureSettings",
    "GateSettings",
    "Goal",
    "GroupNumber",
    "IntendedSettings",
    "MelSettings",
    "MitigationSettings",
    "ModelSettings",
    "PictureSettings",
    "Project",
    "ProjectSettings",
    "PruningSettings",
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
    "check_absent",
    "goal_of",
    "load_project",
    "new_project",
    "obsolete",
    "parse_configuration",
    "read_alert_settings",
    "read_group",
    "template_configuration",
    "template_intended",
    "templates",
]
