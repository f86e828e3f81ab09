"""[quantization]: how a trained network becomes int8."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from coincell.project.section import Fraction, Section


class QuantizationSettings(Section):
    """[quantization]"""

    mode: Literal["ptq", "qat", "auto"] = Field(
        "ptq",
        description="ptq: int8 after training. qat: the trained network learns on with int8's "
        "rounding in it. auto: both, and qat where it is better on validation beyond chance.",
    )
    activations: Literal["int8", "int16"] = Field(
        "int8",
        description="int16 where a layer's outputs lose too much in int8 (coincell quantize "
        "--debug): twice the RAM, more time, kernels stay int8; of ptq with min-max alone.",
    )
    epochs: int = Field(10, ge=1, le=1000, description="Of qat: most passes over the data.")
    learning_rate: float = Field(
        0.0002, gt=0, lt=1, description="Of qat, at the start; low, since little is left to learn."
    )
    float_teacher: Fraction = Field(
        1.0,
        description="Of qat: share of the loss that is the distance from what the float network "
        "says, the labels have the rest; not where training.distillation names a teacher.",
    )
    calibration: Literal["min-max", "percentile", "squared-error"] = Field(
        "min-max",
        description="How the activations' ranges follow from samples: all values, all but "
        "clipped_share of them, or what rounding and clipping together lose least by.",
    )
    clipped_share: Fraction = Field(
        0.0001, description="Of percentile: share of the values that is cut off."
    )
    equalize: bool = Field(
        False,
        description="Even the kernels' channels of neighbouring layers before they are rounded.",
    )
    correct_bias: bool = Field(
        False, description="Of ptq: take what rounding adds to layers' means back in their biases."
    )
    calibration_samples: int = Field(
        256,
        ge=1,
        description="Training samples that set the activations' ranges; some hundred reach the "
        "extremes.",
    )

    @model_validator(mode="after")
    def _wide_is_plain(self) -> Self:
        asked = self.mode != "ptq" or self.calibration != "min-max"
        if self.activations == "int16" and (asked or self.equalize or self.correct_bias):
            raise ValueError(
                "activations = 'int16' takes mode = 'ptq', calibration = 'min-max', and neither "
                "equalize nor correct_bias: their grids are of int8"
            )
        return self
