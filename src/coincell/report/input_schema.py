"""Of report.json: the data set that a run learned from, and the features made of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from coincell.project import Sense
from coincell.report.part import Count, Part, Scalar

# --- data set -------------------------------------------------------------------------------------


class Split(Part):
    """One side of the data set: "train", "validation" or "test"."""

    name: str
    samples: Count
    duration_s: float | None = None
    speakers: Count | None = None
    counts: dict[str, Count] = Field(description="Samples a label.")


class Channel(Part):
    """One reading of each step of a window."""

    name: str
    unit: str
    full_scale: float = Field(description="The reading that 16 bits end at, in its unit.")


class Camera(Part):
    """The picture that windows are made of."""

    width: Count
    height: Count
    color: Literal["gray", "rgb"]


class Quantity(Part):
    """A number to predict, and between what bounds it lies in the training split."""

    target: str
    unit: str
    low: float | None = None
    high: float | None = None


class DatasetPart(Part):
    """What the run learned from and was judged by."""

    source: str = Field(description="In words: imported from where, or synthesized how.")
    synthetic: bool = Field(description="True: no person spoke; the report says so.")
    samples: Count
    duration_s: float | None = None
    labels: tuple[str, ...]
    sense: Sense = "sound"
    sample_rate_hz: Count = Field(description="0 of pictures.")
    window_samples: Count
    window_ms: float = Field(description="0 of pictures.")
    channels: tuple[Channel, ...] = Field((), description="Of motion: what each step holds.")
    camera: Camera | None = Field(None, description="Of pictures: what the device's camera gives.")
    quantity: Quantity | None = Field(None, description="The number that is learned, if one is.")
    split_by: str | None = Field(description="Column that no split crosses; null: by clip.")
    splits: tuple[Split, ...]
    groups: dict[str, Count] = Field(
        default_factory=dict, description="Group column -> how many values it has."
    )
    notes: dict[str, Count] = Field(
        default_factory=dict, description="What was mended on import: resampled, padded, cropped."
    )


# --- features -------------------------------------------------------------------------------------


FeatureForm = Literal["bands", "channels", "columns", "picture"]
"""How features are drawn. bands: time to the right, the lowest band below. channels: time to the
right, the first channel on top. columns: a bar each. picture: pixels as they are."""


class FeatureExample(Part):
    """The int8 features of one window, [rows, columns]; the form tells what they are.

    Rows are frames, and columns bands (the lowest first) or channels; or one row of columns; or
    rows of a picture, whose pixels have `colors` values side by side.
    """

    label: str
    file: str
    form: FeatureForm = "bands"
    colors: Literal[1, 3] = 1
    values: tuple[tuple[Annotated[int, Field(ge=-128, le=127)], ...], ...]

    @model_validator(mode="after")
    def _rectangular(self) -> FeatureExample:
        if not self.values or len({len(row) for row in self.values}) != 1 or not self.values[0]:
            raise ValueError("values must be [rows, columns], all rows alike and none empty")
        if len(self.values[0]) % self.colors:
            raise ValueError(f"a row of {len(self.values[0])} values is not of {self.colors} each")
        return self


class FeatureError(Part):
    """Distance of the integer features from the float64 reference, in int8 steps."""

    median_lsb: float
    p99_lsb: float
    max_lsb: float | None = None
    reference: str


class FeaturesPart(Part):
    """The features: computed by the same C in training and on the device."""

    block: str
    shape: tuple[int, ...]
    settings: dict[str, Scalar] = Field(default_factory=dict)
    scale: float
    zero_point: int
    hop_ms: float | None = None
    low_hz: float | None = None
    high_hz: float | None = None
    columns: tuple[str, ...] = Field((), description="Names of the columns, where they have any.")
    error: FeatureError | None = None
    examples: tuple[FeatureExample, ...] = ()
