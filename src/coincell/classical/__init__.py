"""Models that are no networks: fitted by scikit-learn, integers on the device."""

from coincell.classical.fitting import EstimatorFit, Fitted, Lessons, LinearFit, fit_classical
from coincell.classical.float_forest import FloatForest, float_forest, float_forest_from_json
from coincell.classical.forest import (
    CompiledTrees,
    IntegerForest,
    forest_from_json,
    integer_forest,
)
from coincell.classical.methods import METHODS, Method, find_methods, methods_of

__all__ = [
    "METHODS",
    "CompiledTrees",
    "EstimatorFit",
    "Fitted",
    "FloatForest",
    "IntegerForest",
    "Lessons",
    "LinearFit",
    "Method",
    "find_methods",
    "fit_classical",
    "float_forest",
    "float_forest_from_json",
    "forest_from_json",
    "integer_forest",
    "methods_of",
]
