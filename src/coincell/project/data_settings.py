"""[data]: what a window is made of, and what is to be learned from it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coincell.project.section import Fraction, Section, Words
from coincell.project.window import Sense, WindowForm


class SplitSettings(Section):
    """[data.split]"""

    validation: Fraction = Field(0.15, description="Share of speakers (or clips) for validation.")
    test: Fraction = Field(0.2, description="Share held out for the figures in the report.")
    by: str = Field(
        "speaker",
        description="Column whose values never cross a split; without the column: by clip.",
    )
    strange_validation: Fraction = Field(
        0.0,
        description="Anomaly detection: share of what is strange that goes to validation, which "
        "`coincell tune` judges by; 0: all of it tests. Takes effect as recordings come in.",
    )

    @model_validator(mode="after")
    def _room_for_training(self) -> Self:
        if self.validation + self.test >= 1.0:
            raise ValueError("validation + test must leave room for training (be below 1.0)")
        return self


class CameraSettings(Section):
    """[data.camera]: the picture that the device's camera gives"""

    width: int = Field(160, ge=8, le=640, description="Pixels a row.")
    height: int = Field(120, ge=8, le=480, description="Rows.")
    color: Literal["gray", "rgb"] = Field("gray", description="One value a pixel, or three.")


Positive = Annotated[float, Field(gt=0, le=1e9)]
Unit = Annotated[str, Field(min_length=1, max_length=24, pattern=r"^[^\x00-\x1f\x7f,;]+$")]


class DataSettings(Section):
    """[data]"""

    sense: Sense = Field(
        "sound",
        description="What is recorded: sound (one channel), motion (any readings over time: "
        "acceleration, vibration, currents; one or more channels), or pictures.",
    )
    labels: Words = Field(
        (),
        description="The classes, in the order of the network's outputs; at least two. Of anomaly "
        "detection: every label that recordings may have. Of regression: none.",
    )
    normal_label: str = Field(
        "normal", description="Anomaly detection: the label of what is learned; others are strange."
    )
    target: str = Field("", description="Regression: what the number is, such as speed.")
    unit: str = Field("", description="Regression: the unit of that number, such as rpm.")
    sample_rate_hz: int = Field(
        16000, ge=1, le=48000, description="Rate of the device's microphone or sensor."
    )
    window_ms: int = Field(1000, ge=10, le=60000, description="Length of one network input.")
    window_step_ms: int = Field(
        0,
        ge=0,
        le=600000,
        description="Recordings longer than a window: 0 takes one window of each, the loudest "
        "stretch of a sound, the middle of other readings; else windows so far apart.",
    )
    channels: Words = Field(
        (), max_length=16, description="Motion: the channels' names, in their order, such as aX."
    )
    units: Annotated[tuple[Unit, ...], Field(strict=False)] = Field(
        (), description="Motion: the unit of each channel, such as g or deg/s."
    )
    full_scale: Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        (),
        description="Motion: of each channel, the reading that 16 bits end at, in its unit; the "
        "sensor's range, such as 4.0 for plus and minus 4 g.",
    )
    silence_label: str = Field(
        "silence",
        description='Class of no speech, or of rest; "" when there is none. Sound needs no '
        "recordings of it.",
    )
    unknown_label: str = Field(
        "unknown", description='Class of other words; "" when there is none.'
    )
    camera: CameraSettings = CameraSettings()
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

    @model_validator(mode="after")
    def _channels_described(self) -> Self:
        if self.sense != "motion":
            given = [name for name in ("channels", "units", "full_scale") if getattr(self, name)]
            if given:
                raise ValueError(f"{given[0]} belongs to sense = 'motion'; it is {self.sense!r}")
            return self
        count = len(self.channels)
        if not count or len(set(self.channels)) != count:
            raise ValueError("channels must name each channel of the readings, all unlike")
        for name in ("units", "full_scale"):
            if len(getattr(self, name)) != count:
                raise ValueError(
                    f"{name} needs one value a channel ({count}); "
                    f"received {len(getattr(self, name))}"
                )
        return self

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.sense == "sound" and self.sample_rate_hz < MIN_SOUND_RATE_HZ:
            raise ValueError(
                f"sample_rate_hz of sound must be at least {MIN_SOUND_RATE_HZ}; "
                f"received {self.sample_rate_hz}"
            )
        if self.sense == "sound" and not 100 <= self.window_ms <= 4000:
            raise ValueError(f"window_ms of sound must be 100 to 4000; received {self.window_ms}")
        if self.sense != "picture" and self.window_samples < 1:
            raise ValueError(f"window_ms holds no sample at {self.sample_rate_hz} Hz")
        return self

    @property
    def window_samples(self) -> int:
        """Samples (steps in time) in one window; of a picture 1."""
        return self.form.samples

    @property
    def form(self) -> WindowForm:
        """Of what numbers one window consists."""
        if self.sense == "picture":
            camera = self.camera
            channels = 1 if camera.color == "gray" else 3
            return WindowForm("picture", 1, channels, 0, camera.width, camera.height)
        samples = self.sample_rate_hz * self.window_ms // 1000
        channels = len(self.channels) if self.sense == "motion" else 1
        return WindowForm(self.sense, samples, channels, self.sample_rate_hz)


MIN_SOUND_RATE_HZ = 4000
