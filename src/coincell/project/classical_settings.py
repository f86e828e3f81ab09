"""[model.classical]: how models that are no networks are fitted."""

from __future__ import annotations

from pydantic import Field

from coincell.project.section import Section

LINEAR_MODELS = ("logistic-regression", "linear-svm", "ridge")
TREE_MODELS = ("random-forest", "gradient-boosting")
OF_CLASSES = ("logistic-regression", "linear-svm")
OF_QUANTITIES = ("ridge",)
CLASSICAL_MODELS = (*LINEAR_MODELS, *TREE_MODELS)
"""What model.architecture may be where no network is trained; all but normality's detectors."""


class ClassicalFitSettings(Section):
    """[model.classical]: for models that are no networks; docs/baselines.md compares them"""

    trees: int = Field(
        32,
        ge=1,
        le=512,
        description="Of random-forest; of gradient-boosting rounds, each of one tree a class "
        "(of two classes, or of a number, one).",
    )
    leaves: int = Field(
        64,
        ge=2,
        le=1024,
        description="Most leaves of a tree of random-forest: flash against detail.",
    )
    boosted_leaves: int = Field(
        8,
        ge=2,
        le=256,
        description="The same of gradient-boosting, whose trees are many and small.",
    )
    smallest_leaf: int = Field(3, ge=1, le=10_000, description="Fewest training windows of a leaf.")
    learning_rate: float = Field(
        0.1, gt=0, le=1, description="Of gradient-boosting: share of each tree that counts."
    )
    regularization: float = Field(
        0.1,
        gt=0,
        le=1000,
        description="Of linear models: weight of the squared coefficients, for each feature; more "
        "where windows are few.",
    )
    neighbours: int = Field(
        5, ge=1, le=100, description="Of k-nearest-neighbours in `coincell baselines`."
    )
