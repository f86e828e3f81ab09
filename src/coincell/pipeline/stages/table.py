"""The pipeline, top to bottom."""

from __future__ import annotations

from coincell.pipeline.stage import Stage
from coincell.pipeline.stages import (
    audit,
    compile,  # noqa: A004 - the stage's name
    dataset,
    evaluate,
    features,
    firmware,
    gallery,
    measure,
    prove,
    prune,
    quantize,
    reference,
    train,
    yardstick,
)

STAGES: tuple[Stage, ...] = (
    dataset.STAGE,
    features.STAGE,
    train.STAGE,
    yardstick.STAGE,
    prune.STAGE,
    quantize.STAGE,
    evaluate.STAGE,
    audit.STAGE,
    reference.STAGE,
    compile.STAGE,
    firmware.STAGE,
    measure.STAGE,
    prove.STAGE,
    gallery.STAGE,
)
