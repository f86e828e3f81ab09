"""[training.distillation]: what a network learns from another, larger one."""

from __future__ import annotations

from pydantic import Field

from coincell.project.section import Fraction, Section


class DistillationSettings(Section):
    """[training.distillation]: a teacher beside the labels (Hinton et al. 2015)"""

    teacher: str = Field(
        "",
        description="A trained .keras file in the project's folder, for the same features and "
        "labels, in their order; empty: none.",
    )
    temperature: float = Field(
        4.0,
        gt=0,
        le=100,
        description="Scores of both are softened by it, so that what the teacher takes for likely "
        "beside the right class counts too; 1 does not soften. Of a number it means nothing.",
    )
    weight: Fraction = Field(
        0.5, description="Share of the loss that is the distance to the teacher; the labels' rest."
    )
