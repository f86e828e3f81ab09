"""report.json: what a run found out, typed and frozen. What was not reached is null.

`Report` is the whole; the other classes are its parts, in the order of the flow. A figure has one
meaning, told in docs/glossary.md under the same key (a test holds the two together).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from coincell.report.audit_schema import FairnessPart
from coincell.report.energy_schema import EnergyPart
from coincell.report.goal_schema import NormalityPart, QuantityPart
from coincell.report.input_schema import DatasetPart, FeaturesPart
from coincell.report.part import Count, Metric, Part, RocCurve

SCHEMA_VERSION: Literal[1] = 1


# --- model ----------------------------------------------------------------------------------------


class History(Part):
    """Training curves, one entry an epoch."""

    loss: tuple[float, ...]
    validation_loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    best_epoch: Count | None = Field(None, description="Counted from 1: whose weights were kept.")
    stopped_early: bool = False
    remark: str | None = Field(None, description="A word when training and validation part.")


class Yardstick(Part):
    """A fully connected network of like size, trained alike, to compare with."""

    architecture: str
    parameters: Count
    macs: Count | None = None
    accuracy: Metric


class LayerLoss(Part):
    """What one layer's output loses to int8, on samples of the training split."""

    name: str
    kind: str
    range_low: float = Field(description="Least value of its int8 grid.")
    range_high: float = Field(description="Greatest value of its int8 grid.")
    clipped: float = Field(description="Share of its values outside the grid.")
    bulk: float = Field(description="Share of the grid that 99.9 % of its values fill.")
    rounding_db: float = Field(description="Signal to noise, its float output alone rounded.")
    kernel_db: float | None = Field(None, description="Signal to noise of its rounded kernel.")
    kernel_spread: float | None = Field(
        None, description="Largest over smallest reach of its kernel's output channels."
    )
    total_db: float = Field(description="Signal to noise of the int8 network up to here.")
    close: float | None = Field(
        None,
        description="Of what softmax reads: share of samples whose two largest values are less "
        "than one step apart.",
    )
    turned: float | None = Field(
        None, description="Likewise: share of samples whose largest value is another than in float."
    )
    advice: str = ""


class QuantizationPart(Part):
    """How the int8 network came from the float one."""

    mode: Literal["ptq", "qat"]
    reason: str = Field("", description="Why this one, where both were tried.")
    difference: Metric | None = Field(
        None, description="Mean loss on validation of qat less that of ptq, where both were tried."
    )
    history: History | None = Field(None, description="Of training aware of int8.")
    layer_losses: tuple[LayerLoss, ...] = ()


class DistillationPart(Part):
    """What the network learned from another one, and how good both are on validation."""

    teacher: str
    teacher_parameters: Count
    temperature: float
    weight: float = Field(description="Share of the loss that is the distance to the teacher.")
    teacher_validation_loss: float | None = None
    teacher_validation_accuracy: float | None = None
    student_validation_loss: float | None = None
    student_validation_accuracy: float | None = None


class PruningStep(Part):
    """A network on the way to its limits."""

    figures: dict[str, float] = Field(description="What it takes on the board, by name.")
    parameters: Count
    validation_loss: float | None = None
    validation_accuracy: float | None = None


class PruningPart(Part):
    """How channels were taken out of the trained network."""

    limits: dict[str, float] = Field(description="The most that the network may take, by name.")
    before: PruningStep
    steps: tuple[PruningStep, ...] = Field(
        (), description="Each after its training; none where the network was within limits before."
    )
    history: History | None = Field(None, description="Of the training after the last step.")
    teacher: str = Field("none", description="Whom the smaller network learned from.")

    @property
    def after(self) -> PruningStep:
        """The network that went on."""
        return self.steps[-1] if self.steps else self.before


class ModelPart(Part):
    """The network."""

    architecture: str
    parameters: Count
    tflite_bytes: Count | None = None
    macs: Count | None = None
    tflite_sha256: str | None = None
    operators: dict[str, Count] = Field(
        default_factory=dict, description="Kind of operator -> how often the compiled graph has it."
    )
    history: History | None = None
    distillation: DistillationPart | None = None
    pruning: PruningPart | None = None
    quantization: QuantizationPart | None = None
    yardstick: Yardstick | None = None


# --- evaluation -----------------------------------------------------------------------------------


class ClassMetrics(Part):
    """One class against the rest."""

    label: str
    samples: Count
    precision: Metric
    recall: Metric
    f1: Metric
    fpr: Metric
    fnr: Metric
    auc: Metric | None = None


class EvaluationPart(Part):
    """How good a model is on the held-out test split: of classes, normality or a quantity."""

    samples: Count
    accuracy: Metric | None = None
    precision_macro: Metric | None = None
    recall_macro: Metric | None = None
    f1_macro: Metric | None = None
    fpr_macro: Metric | None = None
    fnr_macro: Metric | None = None
    auc_macro: Metric | None = None
    per_class: tuple[ClassMetrics, ...] = ()
    confusion: tuple[tuple[Count, ...], ...] = Field(
        (), description="[true class][predicted class] -> clips, classes as dataset.labels."
    )
    roc: tuple[RocCurve, ...] = ()
    normality: NormalityPart | None = None
    quantity: QuantityPart | None = None
    intervals: str | None = Field(None, description="In words: how ci95 was computed.")

    @model_validator(mode="after")
    def _square(self) -> EvaluationPart:
        if any(len(row) != len(self.confusion) for row in self.confusion):
            raise ValueError("confusion must be square: [true class][predicted class]")
        return self


# --- board ----------------------------------------------------------------------------------------

Stage = Literal["features", "network", "decision", "other"]


class Layer(Part):
    """The cost of one step of the chain, a window; all layers and "other" sum to the total."""

    name: str
    operator: str
    stage: Stage = "network"
    symbol: str | None = None
    instructions: Count
    cycles: Count | None = None
    flash_loads: Count | None = None
    cycles_flash: Count | None = None
    macs: Count | None = None
    weight_bytes: Count | None = None


class Contributor(Part):
    """What one symbol takes of flash or RAM."""

    symbol: str
    section: str
    bytes: Count


class MemoryRegion(Part):
    """A named stretch of a bank; "bootloader" and "free" are regions too."""

    name: str
    bytes: Count
    address: Count | None = None


class MemoryBank(Part):
    """Flash or RAM, lowest address first; the regions fill it."""

    name: Literal["flash", "ram"]
    bytes: Count
    regions: tuple[MemoryRegion, ...]


class CycleModel(Part):
    """Where `cycles` come from and how far to trust them."""

    source: str
    error: str


class TelemetryPart(Part):
    """What the image counts and tells after deployment, and what its log wears."""

    reference_identity: str
    interval_s: Count
    counter_bytes: Count
    log_bytes: Count
    erases_a_year: float
    erases_endured: Count


class BoardPart(Part):
    """The image on the (virtual) board; after the link only sizes are known, the rest is null."""

    name: str
    title: str | None = None
    virtual: bool = True
    core: str | None = None
    clock_hz: Count
    image_flash_bytes: Count | None = None
    flash_limit_bytes: Count | None = None
    image_ram_bytes: Count | None = None
    ram_limit_bytes: Count | None = None
    stack_bytes: Count | None = None
    stack_reserved_bytes: Count | None = None
    arena_bytes: Count | None = None
    instructions: Count | None = None
    cycles: Count | None = None
    flash_loads: Count | None = None
    cycles_flash: Count | None = None
    latency_ms: float | None = None
    latency_range_ms: tuple[float, float] | None = None
    inferences_per_second: float | None = None
    energy_uj: float | None = None
    energy_flash_uj: float | None = None
    average_mw: float | None = None
    average_mw_range: tuple[float, float] | None = None
    battery_days: float | None = None
    battery_days_range: tuple[float, float] | None = None
    energy: EnergyPart | None = None
    cycle_model: CycleModel | None = None
    layers: tuple[Layer, ...] = ()
    contributors: tuple[Contributor, ...] = Field((), description="Largest first.")
    memory_map: tuple[MemoryBank, ...] = ()
    telemetry: TelemetryPart | None = None


# --- proof ----------------------------------------------------------------------------------------


class ExactPart(Part):
    """Are the bytes the same in Python, in the compiled C on the host, and on the board?"""

    clips: Count = Field(description="Test clips compared between Python and the host library.")
    clips_on_board: Count
    mismatches: Count = Field(description="Clips of which at least one byte differs.")
    oracle: str
    compared: tuple[str, ...] = ("features", "scores", "decision")
    first_mismatch: str | None = None


class Gate(Part):
    """A limit that must hold; `passed` is null when the run did not get there."""

    name: str
    limit: float | None
    value: float | None
    passed: bool | None
    bound: Literal["at most", "at least"] = "at most"
    unit: str = ""
    reason: str = ""


class Promise(Part):
    """One promise of Coincell; `kept` is null when this run cannot tell."""

    title: str
    kept: bool | None
    evidence: str


class Stop(Part):
    """Why the run ended early."""

    stage: str
    reason: str
    hint: str = ""


class Tool(Part):
    """A compiler, package or emulator that took part."""

    name: str
    version: str
    detail: str = ""


class StageRun(Part):
    """One stage of the pipeline."""

    name: str
    key: str
    seconds: float | None = None
    reused: bool = False


class Provenance(Part):
    """All that is needed to repeat the run."""

    coincell: str
    command: str
    seed: int
    python: str
    platform: str
    processor: str = ""
    tools: tuple[Tool, ...] = ()
    packages: dict[str, str] = Field(default_factory=dict)
    hashes: dict[str, str] = Field(
        default_factory=dict, description="Artefact -> SHA-256 of its bytes."
    )
    stages: tuple[StageRun, ...] = ()
    configuration: str = Field("", description="coincell.toml as it was read, whole.")


class Report(Part):
    """report.json. `float` and `int8` are the keys; in Python: `float_` and `int8`."""

    version: Literal[1] = SCHEMA_VERSION
    project: str
    task: str
    created: str | None = Field(None, description="ISO 8601, UTC.")
    dataset: DatasetPart
    features: FeaturesPart | None = None
    model: ModelPart | None = None
    float_: EvaluationPart | None = Field(None, alias="float")
    int8: EvaluationPart | None = None
    metrics: dict[str, Metric] = Field(
        default_factory=dict, description="Of the int8 model, by name, whatever the task."
    )
    fairness: FairnessPart | None = Field(None, description="Groups of people compared.")
    board: BoardPart | None = None
    exact: ExactPart | None = None
    test_openings: Count | None = Field(
        None, description="How often the project's test split was looked at, this run included."
    )
    gates: tuple[Gate, ...] = ()
    promises: tuple[Promise, ...] = ()
    warnings: tuple[str, ...] = ()
    stopped: Stop | None = None
    provenance: Provenance

    @model_validator(mode="after")
    def _confusion_fits_the_labels(self) -> Report:
        for part in (self.float_, self.int8):
            if part and part.confusion and len(part.confusion) != len(self.dataset.labels):
                raise ValueError(
                    f"confusion must have a row for each of the {len(self.dataset.labels)} labels; "
                    f"received {len(part.confusion)}"
                )
        return self

    def to_json(self) -> str:
        """The text of report.json: every key, what was not reached as null."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """The report that `to_json` wrote; raises pydantic.ValidationError when it is none."""
        return cls.model_validate_json(text)
