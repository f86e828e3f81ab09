"""Every setting of coincell.toml: its type, its default, and the reason for the default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from coincell.project.audit_settings import AuditSettings, IntendedSettings
from coincell.project.card_settings import CardSettings
from coincell.project.classical_settings import (
    CLASSICAL_MODELS,
    OF_CLASSES,
    OF_QUANTITIES,
    TREE_MODELS,
)
from coincell.project.data_settings import DataSettings
from coincell.project.detector_settings import (
    FITTED_DETECTORS,
    NORMALITY_METHODS,
)
from coincell.project.distillation_settings import DistillationSettings
from coincell.project.feature_settings import PictureSettings
from coincell.project.feature_union import FeatureSettings
from coincell.project.mel_settings import MelSettings
from coincell.project.mitigation_settings import MitigationSettings
from coincell.project.model_settings import ModelSettings
from coincell.project.pruning_settings import PruningSettings
from coincell.project.quantization_settings import QuantizationSettings
from coincell.project.section import (
    Fraction,
    Range,
    Section,
    Word,
    check_ordered,
)
from coincell.project.synthesis_settings import SynthesisSettings
from coincell.project.tasks import Goal, TaskName, goal_of
from coincell.project.telemetry_settings import TelemetrySettings
from coincell.project.tune_settings import TuneSettings


class ProjectSettings(Section):
    """[project]"""

    name: Word = Field(description="The project's name; also names the C functions.")
    task: TaskName = Field("keyword-spotting", description="What kind of model this is.")
    seed: int = Field(
        1, ge=0, lt=2**31, description="Seeds every random choice: split, augmentation, training."
    )


class AugmentationSettings(Section):
    """[augmentation]: of training clips only"""

    copies: int = Field(
        4, ge=0, le=64, description="Altered copies of each training clip beside the clip itself."
    )
    shift_ms: float = Field(100.0, ge=0, description="Largest shift in time, either way.")
    gain_db: Range = Field((-12.0, 6.0), description="Loudness change, decibels.")
    noise_probability: Fraction = Field(0.8, description="Share of copies with noise mixed in.")
    noise_snr_db: Range = Field((3.0, 30.0), description="Signal-to-noise ratio of that noise.")
    mirror: bool = Field(True, description="Pictures: half of the copies left to right.")
    shift_share: Fraction = Field(
        0.1, description="Pictures: largest move, as a share of width and height."
    )
    contrast: Fraction = Field(0.3, description="Pictures: most that contrast changes, as a share.")
    brightness: Fraction = Field(0.2, description="Pictures: most that is added, of full scale.")
    rotation_degrees: float = Field(
        10.0, ge=0, le=180, description="Pictures: most that they are turned, either way."
    )
    zoom: Fraction = Field(
        0.15, description="Pictures: most that they are made larger or smaller, as a share."
    )
    time_masks: int = Field(1, ge=0, le=8, description="SpecAugment: masks along time.")
    time_mask_frames: int = Field(6, ge=0, description="SpecAugment: longest such mask.")
    frequency_masks: int = Field(1, ge=0, le=8, description="SpecAugment: masks along frequency.")
    frequency_mask_bands: int = Field(4, ge=0, description="SpecAugment: widest such mask.")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        check_ordered("gain_db", self.gain_db)
        check_ordered("noise_snr_db", self.noise_snr_db)
        return self


class TrainingSettings(Section):
    """[training]"""

    epochs: int = Field(
        30,
        ge=1,
        le=10000,
        description="Most passes over the training data; enough for some thousand clips.",
    )
    batch_size: int = Field(
        64, ge=1, le=4096, description="Clips a step; smaller sets may want 32, for more steps."
    )
    optimizer: Literal["sgd", "adam", "adamw"] = Field(
        "adam", description="sgd is SGD with momentum; adam needs the least tuning."
    )
    learning_rate: float = Field(
        0.002, gt=0, lt=10, description="At the start; suits adam and adamw, sgd wants about 0.05."
    )
    frozen_epochs: int = Field(
        20,
        ge=1,
        le=10000,
        description="With model.weights: epochs of the last layer alone first, quick because the "
        "others' outputs are computed once.",
    )
    fine_tune_rate: float = Field(
        0.0002,
        gt=0,
        lt=1,
        description="With model.weights: learning rate at the start of the epochs in which all "
        "layers learn; low, or what ImageNet taught is lost.",
    )
    momentum: Fraction = Field(0.9, description="Of sgd; the usual value.")
    weight_decay: float = Field(
        1e-4, ge=0, description="Of adamw; mild. Sets of some hundred clips like 0.01."
    )
    schedule: Literal["constant", "cosine", "step"] = Field(
        "cosine", description="cosine falls to zero over the epochs: good without tuning."
    )
    loss: Literal["cross-entropy", "focal", "binary"] = Field(
        "cross-entropy",
        description="focal: hard samples count more; binary: each class against all others.",
    )
    quantity_loss: Literal["squared", "absolute", "huber"] = Field(
        "huber",
        description="Regression: squared minds far misses most, absolute all alike, huber turns "
        "from one to the other.",
    )
    label_smoothing: Fraction = Field(
        0.05, description="Of cross-entropy; keeps scores away from 0 and 1, which int8 likes."
    )
    mixup: float = Field(
        0.0, ge=0, le=1, description="Beta parameter of mixup, 0: none; small sets like 0.2."
    )
    focal_gamma: float = Field(2.0, ge=0, le=10, description="Of focal loss; its authors' value.")
    class_weights: Literal["none", "balanced"] = Field(
        "balanced",
        description="balanced: a class's weight falls with its count, so that none is given up.",
    )
    patience: int = Field(
        8, ge=0, description="Epochs without better validation loss before stopping; 0: never."
    )
    distillation: DistillationSettings = DistillationSettings()


class DecisionSettings(Section):
    """[decision]: from scores to a decision, on the device"""

    smoothing_windows: int = Field(
        3, ge=1, le=32, description="Scores are averaged over this many windows."
    )
    threshold: Fraction = Field(
        0.5, description="Average score a word must reach; below it: no decision."
    )
    hysteresis: Fraction = Field(
        0.0,
        description="A label once told stays until its average score is so far below the "
        "threshold; of anomaly detection, this share of the threshold.",
    )
    refractory_windows: int = Field(
        0,
        ge=0,
        le=255,
        description="Decisions behind a keyword, or an anomaly, in which no new one is told.",
    )
    refractory_of: Literal["same", "any"] = Field(
        "same", description="Whether only the same keyword is not told anew, or none at all."
    )
    hop_ms: int = Field(
        250,
        ge=10,
        le=4000,
        description="How often the listening board decides; rounded to whole frames. Half as often "
        "halves the processor's share, and a word may be noticed that much later.",
    )
    false_alarm_rate: Fraction = Field(
        0.01,
        description="Anomaly detection: share of held-out normal windows that may be called "
        "strange; the threshold follows from it.",
    )
    wake_dbfs: float = Field(
        -100.0,
        ge=-100,
        le=0,
        description="The listening board runs the network only while a sample of the last window "
        "was as loud as this, in decibels of full scale; -100: always.",
    )


class EvaluationSettings(Section):
    """[evaluation]"""

    bootstrap_rounds: int = Field(
        1000,
        ge=100,
        le=100000,
        description="Rounds of the bootstrap; with 1000 an interval's end moves by a few percent "
        "of its width.",
    )


class BoardSettings(Section):
    """[board]"""

    _folder: Path = PrivateAttr(default=Path())  # no setting: where the project lies

    name: str = Field(
        "nano33ble",
        description="A board that Coincell knows, or the path of a file BOARD.toml that tells one, "
        "from the project's folder.",
    )
    optimize: Literal["balanced", "speed", "size", "ram"] = Field(
        "balanced",
        description="What the compiled network is optimized for; ram computes it row by row.",
    )
    link: Literal["auto", "usb", "uart"] = Field(
        "auto",
        description="The line to the computer: the chip's own USB, or a UART on the board's pins; "
        "auto: USB where the board's description has usb.device.",
    )
    microphone_gain_db: float = Field(
        0.0,
        ge=-20,
        le=20,
        multiple_of=0.5,
        description="What the microphone's interface adds. A voice arrives much softer on a board "
        "than in recordings; see docs/listening.md.",
    )
    clips: int = Field(
        50, ge=1, description="Test clips proved on the virtual board (all, when fewer)."
    )
    battery: Literal["cr2032", "2xaa", "lipo"] = Field(
        "cr2032", description="What feeds the board: the report tells how many days it lasts."
    )
    as_shipped: bool = Field(
        True,
        description="Count the board's power light, regulator and pull-ups; false: its module "
        "alone.",
    )
    stack_bytes: int = Field(
        2048,
        ge=256,
        le=65536,
        multiple_of=8,
        description="Reserved in the image for the stack; about four times what chains use. What "
        "goes beyond it faults at once, since the stack lies at the bottom of RAM.",
    )

    @property
    def source(self) -> str:
        """What `load_board` takes: the name, or the path of the file, told from any folder."""
        return str(self._folder / self.name) if self.name.endswith(".toml") else self.name

    @model_validator(mode="after")
    def _in_folder(self, info: ValidationInfo) -> Self:
        if info.context:
            self._folder = info.context["folder"]
        return self


class GateSettings(Section):
    """[gates]: what must hold; 0 means: the board's own limit, or none"""

    min_accuracy: Fraction = Field(
        0.0,
        description="Of the int8 model on the test split. 0: no limit, since what is good enough "
        "depends on the task; the report's heading says so.",
    )
    min_auc: Fraction = Field(
        0.0,
        description="Anomaly detection: area under the ROC curve on the test split; 0: no limit.",
    )
    max_error: float = Field(
        0.0,
        ge=0,
        description="Regression: mean absolute error of the int8 model on the test split, in "
        "data.unit; 0: no limit.",
    )
    max_accuracy_loss: Fraction = Field(1.0, description="From float to int8; 1: no limit.")
    max_latency_ms: float = Field(
        0.0, ge=0, description="One window, samples to decision; 0: the window's own length."
    )
    max_flash_bytes: int = Field(0, ge=0, description="Of the image; 0: what the board has.")
    max_ram_bytes: int = Field(0, ge=0, description="Of the image; 0: what the board has.")
    max_stack_bytes: int = Field(0, ge=0, description="0: the stack reserved in the image.")


class Configuration(Section):
    """All of coincell.toml."""

    project: ProjectSettings
    data: DataSettings
    intended: IntendedSettings = IntendedSettings()
    card: CardSettings = CardSettings()
    synthesis: SynthesisSettings = SynthesisSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    features: FeatureSettings = MelSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    mitigation: MitigationSettings = MitigationSettings()
    pruning: PruningSettings = PruningSettings()
    quantization: QuantizationSettings = QuantizationSettings()
    decision: DecisionSettings = DecisionSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    board: BoardSettings = BoardSettings()
    gates: GateSettings = GateSettings()
    audit: AuditSettings = AuditSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    tune: TuneSettings = TuneSettings()

    @property
    def goal(self) -> Goal:
        """What the model answers: which class, how strange, or how much."""
        return goal_of(self.project.task)

    @property
    def detector(self) -> str:
        """What gives the score of normality: "k-means" ..., "reconstruction"; "" of other goals."""
        if self.goal != "normality":
            return ""
        fitted = not self.model.file and self.model.architecture in FITTED_DETECTORS
        return self.model.architecture if fitted else "reconstruction"

    @property
    def classical(self) -> str:
        """A model that scikit-learn fits: "logistic-regression" ...; "" of networks, detectors."""
        fitted = not self.model.file and self.model.architecture in CLASSICAL_MODELS
        return self.model.architecture if fitted else ""

    @property
    def has_trees(self) -> bool:
        """Whether tables of thresholds stand where else a network's .tflite does."""
        return self.classical in TREE_MODELS

    @property
    def has_model(self) -> bool:
        """Whether a network or trees give the device's scores; a fitted detector needs neither."""
        return self.detector in ("", "reconstruction")

    @property
    def has_network(self) -> bool:
        """Whether the device runs a network, a linear model's one layer among them."""
        return self.has_model and not self.has_trees

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each number of the device's answer stands for: labels, or the quantity's name."""
        if self.goal == "classes":
            return self.data.labels
        return (self.data.target,) if self.goal == "quantity" else ("normal", "anomaly")

    @model_validator(mode="before")
    @classmethod
    def _log_mel_unless_told(cls, table: Any) -> Any:
        """[features] without `block` is log-mel's."""
        features = table.get("features") if isinstance(table, dict) else None
        if isinstance(features, dict) and "block" not in features:
            return table | {"features": features | {"block": "log-mel"}}
        return table

    @model_validator(mode="before")
    @classmethod
    def _mixture_unless_told(cls, table: Any) -> Any:
        """[model] of anomaly detection without `architecture` is a Gaussian mixture."""
        project = table.get("project") if isinstance(table, dict) else None
        if not isinstance(project, dict) or project.get("task") != "anomaly-detection":
            return table
        model = table.get("model", {})
        if not isinstance(model, dict) or "architecture" in model:
            return table
        return table | {"model": model | {"architecture": "gaussian-mixture"}}

    @model_validator(mode="after")
    def _model_fits_the_task(self) -> Self:
        name, task = self.model.architecture, self.project.task
        normality = name in NORMALITY_METHODS
        if self.model.file or normality == (self.goal == "normality"):
            return self
        if normality:
            raise ValueError(f"model.architecture {name!r} is of anomaly-detection, not of {task}")
        raise ValueError(
            f"model.architecture must be one of {', '.join(NORMALITY_METHODS)} for {task}; "
            f"received {name!r}"
        )

    @model_validator(mode="after")
    def _fitted_models_fit_the_task(self) -> Self:
        name, task = self.classical, self.project.task
        for goal, names in (("classes", OF_CLASSES), ("quantity", OF_QUANTITIES)):
            if name in names and self.goal != goal:
                what = "classes" if goal == "classes" else "a number"
                raise ValueError(f"model.architecture {name!r} tells {what}; the task is {task}")
        return self

    @model_validator(mode="after")
    def _mitigation_has_training(self) -> Self:
        told = self.mitigation
        if told.wanted and (self.model.file.endswith(".tflite") or self.goal == "normality"):
            what = self.model.file or "normality, which is learned from normal windows alone"
            raise ValueError(f"mitigation is of a model that is trained here; received {what!r}")
        if told.batches != "none" and self.classical:
            raise ValueError(
                f"mitigation.batches is of networks; {self.classical!r} is fitted to all samples "
                'at once: mitigation.weights = "reweigh" serves it'
            )
        if self.goal == "quantity" and (told.weights != "none" or told.copies):
            raise ValueError(
                "mitigation.weights and mitigation.copies even out classes; a number has none: "
                'batches = "balanced" evens out groups'
            )
        return self

    @model_validator(mode="after")
    def _pruning_has_a_network(self) -> Self:
        if self.pruning.wanted and (not self.has_network or self.model.file.endswith(".tflite")):
            raise ValueError(
                "pruning needs a network that is trained here; received "
                f"model {self.model.file or self.model.architecture!r}"
            )
        return self

    @model_validator(mode="after")
    def _data_fit_the_task(self) -> Self:
        task, data = self.project.task, self.data
        if self.goal == "classes" and len(data.labels) < 2:
            raise ValueError(
                f"data.labels needs at least 2 labels for {task}; received {list(data.labels)}"
            )
        if self.goal == "normality" and data.normal_label not in data.labels:
            raise ValueError(
                f"data.labels must hold data.normal_label ({data.normal_label!r}) for {task}; "
                f"received {list(data.labels)}"
            )
        if self.goal == "quantity":
            if data.labels:
                raise ValueError(f"data.labels must be empty for {task}: it predicts a number")
            if not (data.target and data.unit):
                raise ValueError(f"data.target and data.unit must name the number for {task}")
        elif data.target or data.unit:
            raise ValueError(f"data.target and data.unit belong to regression; the task is {task}")
        return self

    @model_validator(mode="after")
    def _pictures_for_mobilenets(self) -> Self:
        model, features = self.model, self.features
        if not model.architecture.startswith("mobilenet"):
            if model.weights or model.alpha:
                raise ValueError(
                    "model.weights and model.alpha belong to mobilenet-v1 and mobilenet-v2; "
                    f"model.architecture is {model.architecture!r}"
                )
        elif not model.file and not isinstance(features, PictureSettings):
            raise ValueError(
                f"model.architecture {model.architecture!r} takes features.block = 'picture'; "
                f"received {features.block!r}"
            )
        elif model.weights and model.file:
            raise ValueError("model.weights and model.file exclude each other")
        elif model.weights and getattr(features, "values", "") != "centred":
            raise ValueError("model.weights need features.values = 'centred', as they were trained")
        return self

    @model_validator(mode="after")
    def _features_fit_the_data(self) -> Self:
        if isinstance(self.features, MelSettings):
            self._check_mel(self.features)
        return self

    def _check_mel(self, features: MelSettings) -> None:
        if self.data.sense != "sound":
            raise ValueError(
                f"features.block = {features.block!r} is of sound; data.sense is "
                f"{self.data.sense!r}: take raw, statistics, spectral, spectrogram or picture"
            )
        rate = self.data.sample_rate_hz
        frame = round(features.frame_ms * rate / 1000)
        if frame > features.fft_size:
            raise ValueError(
                f"features.fft_size must be at least the frame's {frame} samples; "
                f"received {features.fft_size}"
            )
        if features.high_hz > rate / 2:
            raise ValueError(
                f"features.high_hz must not exceed half the sample rate ({rate / 2:g}); "
                f"received {features.high_hz:g}"
            )
        if features.frame_ms > self.data.window_ms:
            raise ValueError("features.frame_ms must not exceed data.window_ms")
