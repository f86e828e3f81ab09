"""The application: features, network and decision as one C program, for host and board alike."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Protocol

from coincell.errors import InternalError, ModelError
from coincell.features import FeatureBlock, InputQuantization
from coincell.firmware.channels import Channels
from coincell.firmware.telemetry import Counting, counting_lines
from coincell.project import DecisionSettings, Goal, WindowForm
from coincell.runtime import LEVEL_BITS, ScoreUnit, c_sources, decision_threshold


class ModelTensor(Protocol):
    """An input or output of a compiled network."""

    @property
    def shape(self) -> Sequence[int]:
        """With a leading batch of 1, if any."""

    @property
    def dtype(self) -> Any:
        """Something whose text is "int8" for int8."""

    @property
    def scale(self) -> float:
        """value = (q - zero_point) * scale."""

    @property
    def zero_point(self) -> int:
        """The q that means 0."""


class ModelLayer(Protocol):
    """A layer of a compiled network: one function that is not inlined."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def symbol(self) -> str:
        """The C function."""

    @property
    def ops(self) -> tuple[str, ...]:
        """Kinds of the operators that it computes, such as "conv_2d"; more than one where fused."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""


class NetworkCode(Protocol):
    """A compiled network: what `coincell.compiler.compile_model` returns."""

    @property
    def name(self) -> str:
        """Prefix of its C functions."""

    @property
    def sources(self) -> Mapping[str, str]:
        """NAME.h, NAME.c and the kernels; relative path -> text."""

    @property
    def layers(self) -> Sequence[ModelLayer]:
        """In the order in which they run."""

    @property
    def inputs(self) -> Sequence[ModelTensor]:
        """One, for an application."""

    @property
    def outputs(self) -> Sequence[ModelTensor]:
        """One, for an application."""


class DetectorCode(Protocol):
    """What says how strange a window is: a detector of `coincell.anomaly`."""

    @property
    def threshold(self) -> int:
        """The least score that is strange."""

    def c_sources(self, name: str) -> Mapping[str, str]:
        """NAME_detector.{h,c} with NAME_score, and the runtime's files; relative path -> text."""


_INT32_BYTES = 4
_NEVER = 2**31 - 1
"""A threshold that no smoothed number reaches."""


@dataclass(frozen=True)
class Application:
    """What an image does: samples -> features -> network or detector -> smoothing, threshold.

    Attributes:
        model: the compiled network; None where a detector needs none.
        features: the feature block, whose output is the network's input.
        quantization: of that output.
        decision: smoothing and threshold.
        labels: the classes in the order of the network's output; of normality, what is normal and
            what is not; of a quantity its name alone.
        manifest: versions and hashes that the image carries and tells when asked.
        quiet_labels: the labels that stand for nothing heard; the board's light stays off.
        goal: what is answered.
        detector: of normality.
        c_name: prefix of the C functions where there is no network.
        channels: of motion, so that a board's own sensor can give them.
        counting: what is counted of a stream, and told; None for nothing.

    Raises:
        ModelError: the network does not take what the block gives, or does not give one int8
            score a label.
    """

    model: NetworkCode | None
    features: FeatureBlock
    quantization: InputQuantization
    decision: DecisionSettings
    labels: tuple[str, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    quiet_labels: tuple[str, ...] = ("silence", "unknown")
    goal: Goal = "classes"
    detector: DetectorCode | None = None
    c_name: str = ""
    channels: Channels | None = None
    counting: Counting | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.name):
            raise InternalError(f"A network's C name must be an identifier; got {self.name!r}.")
        if (self.detector is not None) != (self.goal == "normality"):
            raise InternalError("A detector is what normality needs, and nothing else.")
        if self.model is not None:
            self._check_network(self.model)
        elif self.detector is None:
            raise InternalError("Without a network there must be a detector.")

    def _check_network(self, model: NetworkCode) -> None:
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ModelError(
                "An application needs a network with one input and one output. Received: "
                f"{len(model.inputs)} and {len(model.outputs)}."
            )
        given, wanted = math.prod(self.features.shape), model.inputs[0]
        if str(wanted.dtype) != "int8" or math.prod(wanted.shape) != given:
            raise ModelError(
                f"The features are {given} int8 values; the network takes {wanted.dtype} "
                f"{list(wanted.shape)}.",
                hint="Change [features], or train the model on these features.",
            )
        out = model.outputs[0]
        scores = given if self.goal == "normality" else len(self.labels)
        if str(out.dtype) != "int8" or math.prod(out.shape) != scores:
            if self.goal == "normality":
                raise ModelError(f"An autoencoder gives {given} int8 values, as many as it takes.")
            raise ModelError(
                f"There are {len(self.labels)} labels; the network gives {out.dtype} "
                f"{list(out.shape)}, and one int8 score a label is needed."
            )

    @property
    def name(self) -> str:
        """Prefix of the C functions."""
        return self.model.name if self.model is not None else self.c_name

    @property
    def form(self) -> WindowForm:
        """Of what one window consists."""
        return self.features.form

    @property
    def step_values(self) -> int:
        """Values of one step in time; of a picture all."""
        return self.form.values if self.form.sense == "picture" else self.form.channels

    @property
    def sample_rate_hz(self) -> int:
        """Steps in time a second; 0 of pictures."""
        return self.form.rate_hz

    @property
    def score_bytes(self) -> int:
        """Of what the board tells of the window processed last: int8 scores, or one int32."""
        return _INT32_BYTES if self.goal == "normality" else len(self.labels)

    @property
    def threshold(self) -> int:
        """The decision's threshold in its fixed point, exactly as Python decides."""
        if self.detector is not None:
            return self.detector.threshold
        if self.goal == "quantity" or self.model is None:
            return _NEVER
        out = self.model.outputs[0]
        return decision_threshold(self.decision.threshold, out.scale, out.zero_point)

    @property
    def release(self) -> int:
        """What a label once told must keep, in the same fixed point: hysteresis below it."""
        below = self.decision.hysteresis
        if self.detector is not None:
            return self.threshold - round(abs(self.threshold) * below)
        if self.goal == "quantity" or self.model is None:
            return _NEVER
        out = self.model.outputs[0]
        share = max(0.0, self.decision.threshold - below)
        return min(self.threshold, decision_threshold(share, out.scale, out.zero_point))

    @property
    def level_bits(self) -> int:
        """Binary places of a smoothed number; the score of what is strange has none."""
        return LEVEL_BITS if self.goal == "quantity" else 0

    @property
    def score_unit(self) -> ScoreUnit | None:
        """What the score of a decision for a class stands for: `score_unit.share(event.score)` is
        0 to 1; None where there are no classes."""
        if self.goal != "classes" or self.model is None:
            return None
        out = self.model.outputs[0]
        return ScoreUnit(float(out.scale), int(out.zero_point))

    @property
    def events(self) -> tuple[bool, ...]:
        """Of each label whether it stands for something: a keyword, or what is strange."""
        if self.goal == "classes":
            return tuple(label not in self.quiet_labels for label in self.labels)
        return tuple(self.goal == "normality" and place == 1 for place in range(len(self.labels)))

    @property
    def hop_samples(self) -> int:
        """From one decision of a stream to the next: whole rows of features, at least one; or the
        next picture."""
        row = self.features.frame[1]
        if not self.sample_rate_hz:
            return row
        wanted = self.decision.hop_ms * self.sample_rate_hz / 1000
        return row * max(1, round(wanted / row))

    @property
    def wake_level(self) -> int:
        """The least size of a sample for which the network of a stream runs; 0: it always does."""
        decibels = self.decision.wake_dbfs
        return 0 if decibels <= -100 else max(1, round(32768 * 10 ** (decibels / 20)))

    @property
    def description(self) -> bytes:
        """The JSON that the image carries."""
        form, unit = self.form, self.score_unit
        content = {
            "name": self.name,
            "labels": list(self.labels),
            "goal": self.goal,
            "sense": form.sense,
            "channels": form.channels,
            **({"units": self.channels.unit_of} if self.channels else {}),
            "rate_hz": form.rate_hz,
            **({"score": unit.to_json()} if unit else {}),
            **({"reference": self.counting.reference.hex()} if self.counting else {}),
            **self.manifest,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def application_sources(application: Application) -> dict[str, str]:
    """All C of the chain, the same for host and board; relative path -> text."""
    groups: tuple[Mapping[str, str], ...] = (
        device_sources("application"),
        c_sources("decision"),
        application.features.c_sources(application.name, application.quantization),
        application.model.sources if application.model else {},
        application.detector.c_sources(application.name) if application.detector else {},
        _counting_sources(application.counting),
        {
            "application/chain.h": _chain_header(application),
            "application/description.c": _description(application),
        },
    )
    merged: dict[str, str] = {}
    for group in groups:
        for path, text in group.items():
            if merged.setdefault(path, text) != text:
                raise InternalError(f"Two parts of the application bring their own {path!r}.")
    return merged


def _counting_sources(counting: Counting | None) -> Mapping[str, str]:
    if counting is None:
        return {}
    return device_sources("telemetry") | counting.plan.c_sources(counting.reference)


def device_sources(*groups: str) -> dict[str, str]:
    """C of this package by folder: "application", "firmware", "telemetry", and so on."""
    sources: dict[str, str] = {}
    folder = resources.files(__package__) / "device"
    for group in groups:
        for entry in sorted((folder / group).iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith((".c", ".h")):
                sources[f"{group}/{entry.name}"] = entry.read_text(encoding="utf-8")
    return sources


def _chain_header(application: Application) -> str:
    name = application.name
    form, step = application.form, application.step_values
    keywords = ", ".join(str(int(told)) for told in application.events)
    network = f'#include "{name}.h"\n' if application.model else ""
    detector = f'#include "{name}_detector.h"\n' if application.detector else ""
    return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: the sizes and the functions of this application's chain.
 */
#ifndef COINCELL_CHAIN_H
#define COINCELL_CHAIN_H

#include <stdint.h>

{network}{detector}#include "{name}_features.h"

#define CHAIN(function) {name}_##function

#define SENSE_SOUND 1
#define SENSE_MOTION 2
#define SENSE_PICTURE 3
#define APPLICATION_SENSE SENSE_{form.sense.upper()}

#define GOAL_CLASSES 1
#define GOAL_NORMALITY 2
#define GOAL_QUANTITY 3
#define APPLICATION_GOAL GOAL_{application.goal.upper()}

/* One value of a window; the channels of a step, or a pixel, stand side by side. */
typedef {form.dtype}_t application_sample;

#define APPLICATION_WINDOW_VALUES {form.values}
#define APPLICATION_CHANNELS {form.channels}
#define APPLICATION_STEP_VALUES {step}
#define APPLICATION_WIDTH {form.width}
#define APPLICATION_HEIGHT {form.height}
#define APPLICATION_SAMPLE_RATE_HZ {form.rate_hz}
#define APPLICATION_HOP_VALUES {application.hop_samples * step}
#define APPLICATION_WAKE_LEVEL {application.wake_level}
#define APPLICATION_BY_ROW {int(application.features.by_row)}
#define APPLICATION_FRAMES {application.features.shape[0]}
#define APPLICATION_FRAME_VALUES {application.features.frame[0] * step}
#define APPLICATION_FRAME_HOP_VALUES {application.features.frame[1] * step}
#define APPLICATION_FEATURES {math.prod(application.features.shape)}
#define APPLICATION_NETWORK {int(application.model is not None)}
#define APPLICATION_CLASSES {len(application.labels)}
#define APPLICATION_SCORES {application.score_bytes}
#define APPLICATION_WINDOWS {application.decision.smoothing_windows}
#define APPLICATION_THRESHOLD ({application.threshold})
#define APPLICATION_RELEASE ({application.release})
#define APPLICATION_REFRACTORY {application.decision.refractory_windows}
#define APPLICATION_REFRACTORY_ANY {int(application.decision.refractory_of == "any")}
#define APPLICATION_LEVEL_BITS {application.level_bits}

{counting_lines(application.counting, form, application.decision.hop_ms)}

/* uint8 each: 1 for a label that stands for something heard. */
#define APPLICATION_KEYWORDS {{{keywords}}}

#endif
"""


def _description(application: Application) -> str:
    data = application.description
    rows = [data[begin : begin + 16] for begin in range(0, len(data), 16)]
    lines = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    return f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated: what the image tells of itself, JSON in UTF-8.
 */
#include "application/application.h"

const uint32_t application_description_bytes = {len(data)};
const uint8_t application_description[{len(data)}] = {{
{lines}
}};
"""
