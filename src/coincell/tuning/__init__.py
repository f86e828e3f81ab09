"""A search over settings: its space, its study and the front of what it found; needs the extra
`tune`. What a candidate is worth, pipeline/tune.py says."""

from coincell.tuning.pareto import BETTER_HIGH, front
from coincell.tuning.space import space_of
from coincell.tuning.study import Candidate, Plan, Study, Tried, Verdict, binding

__all__ = [
    "BETTER_HIGH",
    "Candidate",
    "Plan",
    "Study",
    "Tried",
    "Verdict",
    "binding",
    "front",
    "space_of",
]
