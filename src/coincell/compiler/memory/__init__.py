"""Where values lie in RAM, and in which order ops run so that little is needed."""

from coincell.compiler.memory.copying import with_all_copies, with_copies_that_fit
from coincell.compiler.memory.ordering import reordered
from coincell.compiler.memory.plan import Plan, least_memory, plan_memory
from coincell.compiler.memory.states import copies_in_order

__all__ = [
    "Plan",
    "copies_in_order",
    "least_memory",
    "plan_memory",
    "reordered",
    "with_all_copies",
    "with_copies_that_fit",
]
