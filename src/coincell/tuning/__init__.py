"""A search over settings: its space, its study and the front of what it found; needs the extra
`tune`. What a candidate is worth, pipeline/tune.py says."""

from coincell.tuning.pareto import BETTER_HIGH, front
from coincell.tuning.space import Branch, Space, learning_space, searched, space_of
from coincell.tuning.study import (
    Candidate,
    Plan,
    Study,
    Tried,
    Verdict,
    binding,
    kept_plan,
)

__all__ = [
    "BETTER_HIGH",
    "Branch",
    "Candidate",
    "Plan",
    "Space",
    "Study",
    "Tried",
    "Verdict",
    "binding",
    "front",
    "kept_plan",
    "learning_space",
    "searched",
    "space_of",
]
