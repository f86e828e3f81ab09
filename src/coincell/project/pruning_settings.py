"""[pruning]: what a trained network is made smaller to, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from coincell.project.section import Section
from coincell.project.tune_settings import Cost

Pruned = Cost | Literal["network_cycles", "channels"]
Share = Annotated[float, Field(gt=0, le=1)]


class PruningSettings(Section):
    """[pruning]: whole channels taken out of the trained network, step by step, until it fits"""

    limits: Mapping[Pruned, float] = Field(
        {},
        description="What may be taken at most, such as { latency_ms = 60, ram_bytes = 40000 }, "
        "measured on the virtual board as in [tune] limits; network_cycles are those without the "
        "features', channels those that could go. Empty, and `shares` too: nothing is pruned.",
    )
    shares: Mapping[Pruned, Share] = Field(
        {},
        description="The same as shares of what is taken before pruning, such as "
        "{ network_cycles = 0.5 }.",
    )
    steps: int = Field(
        4,
        ge=1,
        le=50,
        description="From the whole network to the limits; after each, what is left is trained, "
        "since what a channel is worth changes with the others.",
    )
    epochs: int = Field(3, ge=1, le=1000, description="Passes over the data after each step.")
    recovery_epochs: int = Field(
        15, ge=1, le=10000, description="Most passes after the last step, watched by validation."
    )
    learning_rate: float = Field(
        0.001, gt=0, lt=1, description="At the start of each; about half of the first training's."
    )

    teacher: Literal["unpruned", "training", "none"] = Field(
        "unpruned",
        description="Whom the smaller network learns from beside the labels: the network before "
        "it was pruned, the one of training.distillation, or nobody. Temperature and weight are "
        "those of training.distillation.",
    )

    @property
    def wanted(self) -> bool:
        """Whether anything is to be pruned."""
        return bool(self.limits or self.shares)
