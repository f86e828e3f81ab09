"""Every setting of coincell.toml: its type, its default, and the reason for the default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Range = Annotated[tuple[float, float], Field(strict=False)]
WholeRange = Annotated[tuple[int, int], Field(strict=False)]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.+-]*$")]
Words = Annotated[tuple[Word, ...], Field(strict=False)]
"""Not strict about being a tuple: TOML gives a list. What is in it is checked strictly."""


class _Section(BaseModel):
    # Strict: "30" is no number and true is no 1, so that a slip of the pen is told, not guessed at.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _ordered(name: str, pair: Range) -> None:
    if pair[0] > pair[1]:
        raise ValueError(f"{name} must be [low, high] with low <= high; received {list(pair)}")


class ProjectSettings(_Section):
    """[project]"""

    name: Word = Field(description="The project's name; also names the C functions.")
    task: Literal["keyword-spotting"] = Field(
        "keyword-spotting", description="What kind of model this is."
    )
    seed: int = Field(
        1, ge=0, lt=2**31, description="Seeds every random choice: split, augmentation, training."
    )


class SplitSettings(_Section):
    """[data.split]"""

    validation: Fraction = Field(0.15, description="Share of speakers (or clips) for validation.")
    test: Fraction = Field(0.2, description="Share held out for the figures in the report.")
    by: str = Field(
        "speaker",
        description="Column whose values never cross a split; without the column: by clip.",
    )

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.validation + self.test >= 1.0:
            raise ValueError("validation + test must leave room for training (be below 1.0)")
        return self


class DataSettings(_Section):
    """[data]"""

    labels: Words = Field(
        min_length=2, description="The classes, in the order of the network's outputs."
    )
    sample_rate_hz: int = Field(
        16000, ge=4000, le=48000, description="Rate of the device's microphone."
    )
    window_ms: int = Field(1000, ge=100, le=4000, description="Length of one network input.")
    silence_label: str = Field(
        "silence", description='Class of no speech; "" when there is none. Needs no recordings.'
    )
    unknown_label: str = Field(
        "unknown", description='Class of other words; "" when there is none.'
    )
    split: SplitSettings = SplitSettings()

    @model_validator(mode="after")
    def _labels_unique(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must be unique; received {list(self.labels)}")
        if self.silence_label and self.silence_label == self.unknown_label:
            raise ValueError(
                f"silence_label and unknown_label must differ; received {self.silence_label!r}"
            )
        return self

    @property
    def window_samples(self) -> int:
        """Samples in one window."""
        return self.sample_rate_hz * self.window_ms // 1000


class SynthesisSettings(_Section):
    """[synthesis]: what `coincell data synthesize` makes"""

    words: Words = Field(
        (), description="Words to speak; empty: the labels that are neither silence nor unknown."
    )
    unknown_words: Words = Field(
        ("happy", "house", "seven", "tree", "wow", "bird", "sheila", "cat", "learn", "visual"),
        description="Words of the unknown class.",
    )
    voices: int = Field(32, ge=3, le=40, description="How many espeak-ng voice variants speak.")
    accents: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp"),
        min_length=1,
        description="espeak-ng language codes; a voice has one accent.",
    )
    clips_per_word_and_voice: int = Field(
        5, ge=1, le=50, description="Takes a voice speaks of each word, with other rate and pitch."
    )
    rate_wpm: WholeRange = Field((130, 210), description="Speaking rate, words a minute.")
    pitch: WholeRange = Field((30, 70), description="espeak-ng pitch, 0 to 99.")
    unknown_clips_per_voice: int = Field(
        0,
        ge=0,
        le=1000,
        description="Other words a voice speaks; 0: three times the takes of a word.",
    )
    silence_clips: int = Field(0, ge=0, description="Clips without speech; 0: as many as a word.")
    noise_snr_db: Range = Field(
        (10.0, 40.0), description="Background noise mixed under each clip, decibels of SNR."
    )

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        _ordered("rate_wpm", self.rate_wpm)
        _ordered("pitch", self.pitch)
        _ordered("noise_snr_db", self.noise_snr_db)
        return self


class AugmentationSettings(_Section):
    """[augmentation]: of training clips only"""

    copies: int = Field(
        4, ge=0, le=64, description="Altered copies of each training clip beside the clip itself."
    )
    shift_ms: float = Field(100.0, ge=0, description="Largest shift in time, either way.")
    gain_db: Range = Field((-12.0, 6.0), description="Loudness change, decibels.")
    noise_probability: Fraction = Field(0.8, description="Share of copies with noise mixed in.")
    noise_snr_db: Range = Field((3.0, 30.0), description="Signal-to-noise ratio of that noise.")
    time_masks: int = Field(1, ge=0, le=8, description="SpecAugment: masks along time.")
    time_mask_frames: int = Field(6, ge=0, description="SpecAugment: longest such mask.")
    frequency_masks: int = Field(1, ge=0, le=8, description="SpecAugment: masks along frequency.")
    frequency_mask_bands: int = Field(4, ge=0, description="SpecAugment: widest such mask.")

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        _ordered("gain_db", self.gain_db)
        _ordered("noise_snr_db", self.noise_snr_db)
        return self


class FeatureSettings(_Section):
    """[features]"""

    block: Literal["log-mel", "mfcc"] = Field(
        "log-mel",
        description="log-mel: logarithms of band energies; mfcc: their cosine transform (DCT-II "
        "times sqrt(2 / bands), as HTK and TensorFlow have it).",
    )
    frame_ms: float = Field(30.0, gt=0, le=256, description="Length of one analysis frame.")
    hop_ms: float = Field(20.0, gt=0, le=256, description="Step from frame to frame.")
    fft_size: int = Field(
        512, description="Points of the transform, a power of two from 64 to 2048, >= the frame."
    )
    bands: int = Field(
        40, ge=4, le=128, description="Mel bands: triangles, even on HTK's mel scale."
    )
    low_hz: float = Field(20.0, ge=0, description="Lower edge of the lowest band.")
    high_hz: float = Field(4000.0, gt=0, description="Upper edge of the highest band.")
    coefficients: int = Field(10, ge=1, le=128, description="mfcc: coefficients kept.")
    spectrum: Literal["power", "magnitude"] = Field(
        "power", description="What the bands sum; magnitude costs a square root a bin."
    )
    level: Literal["absolute", "peak"] = Field(
        "absolute",
        description="absolute: relative to full scale; peak: relative to the window's peak.",
    )
    floor: float = Field(
        1e-6,
        ge=1e-12,
        lt=1,
        description="Added to a band's power or magnitude before the logarithm, relative to the "
        "level; 1e-6 of power lies just above what 16-bit samples resolve.",
    )
    normalization: Literal["none", "mean"] = Field(
        "none", description="mean: subtract each band's mean over the window."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        size = self.fft_size
        if size < 64 or size > 2048 or size & (size - 1):
            raise ValueError(f"fft_size must be a power of two from 64 to 2048; received {size}")
        if self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz must be below high_hz; received {self.low_hz}, {self.high_hz}"
            )
        if self.block == "mfcc" and self.coefficients > self.bands:
            raise ValueError(f"coefficients must not exceed bands ({self.bands})")
        return self


class ModelSettings(_Section):
    """[model]"""

    architecture: Literal["tiny-conv", "ds-cnn-small", "ds-cnn-medium", "fully-connected"] = Field(
        "ds-cnn-small", description="The network; fully-connected is the yardstick."
    )
    file: str = Field(
        "", description="A .keras file to train, or a .tflite to use as it is, in its place."
    )
    dropout: Fraction = Field(
        0.2, description="Dropped before the last layer while training; small sets overfit less."
    )
    yardstick: bool = Field(
        True, description="Also train a plain fully connected network of like size, to compare."
    )


class TrainingSettings(_Section):
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


class QuantizationSettings(_Section):
    """[quantization]"""

    mode: Literal["ptq"] = Field("ptq", description="ptq: int8 after training.")
    calibration_samples: int = Field(
        256,
        ge=1,
        description="Training samples that set the activations' ranges; some hundred reach the "
        "extremes.",
    )


class DecisionSettings(_Section):
    """[decision]: from scores to a decision, on the device"""

    smoothing_windows: int = Field(
        3, ge=1, le=32, description="Scores are averaged over this many windows."
    )
    threshold: Fraction = Field(
        0.5, description="Average score a word must reach; below it: no decision."
    )
    hop_ms: int = Field(
        250,
        ge=10,
        le=4000,
        description="How often the listening board decides; rounded to whole frames. Half as often "
        "halves the processor's share, and a word may be noticed that much later.",
    )
    wake_dbfs: float = Field(
        -100.0,
        ge=-100,
        le=0,
        description="The listening board runs the network only while a sample of the last window "
        "was as loud as this, in decibels of full scale; -100: always.",
    )


class EvaluationSettings(_Section):
    """[evaluation]"""

    bootstrap_rounds: int = Field(
        1000,
        ge=100,
        le=100000,
        description="Rounds of the bootstrap; with 1000 an interval's end moves by a few percent "
        "of its width.",
    )


class BoardSettings(_Section):
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


class GateSettings(_Section):
    """[gates]: what must hold; 0 means: the board's own limit, or none"""

    min_accuracy: Fraction = Field(
        0.0,
        description="Of the int8 model on the test split. 0: no limit, since what is good enough "
        "depends on the task; the report's heading says so.",
    )
    max_accuracy_loss: Fraction = Field(1.0, description="From float to int8; 1: no limit.")
    max_latency_ms: float = Field(
        0.0, ge=0, description="One window, samples to decision; 0: the window's own length."
    )
    max_flash_bytes: int = Field(0, ge=0, description="Of the image; 0: what the board has.")
    max_ram_bytes: int = Field(0, ge=0, description="Of the image; 0: what the board has.")
    max_stack_bytes: int = Field(0, ge=0, description="0: the stack reserved in the image.")


class Configuration(_Section):
    """All of coincell.toml."""

    project: ProjectSettings
    data: DataSettings
    synthesis: SynthesisSettings = SynthesisSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    features: FeatureSettings = FeatureSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()
    quantization: QuantizationSettings = QuantizationSettings()
    decision: DecisionSettings = DecisionSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    board: BoardSettings = BoardSettings()
    gates: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _features_fit_the_data(self) -> Self:
        rate = self.data.sample_rate_hz
        frame = round(self.features.frame_ms * rate / 1000)
        if frame > self.features.fft_size:
            raise ValueError(
                f"features.fft_size must be at least the frame's {frame} samples; "
                f"received {self.features.fft_size}"
            )
        if self.features.high_hz > rate / 2:
            raise ValueError(
                f"features.high_hz must not exceed half the sample rate ({rate / 2:g}); "
                f"received {self.features.high_hz:g}"
            )
        if self.features.frame_ms > self.data.window_ms:
            raise ValueError("features.frame_ms must not exceed data.window_ms")
        return self
