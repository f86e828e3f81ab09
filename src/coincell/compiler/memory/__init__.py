"""Where values lie in RAM, and in which order ops run so that little is needed."""

from coincell.compiler.memory.copying import with_all_copies, with_copies_that_fit
from coincell.compiler.memory.ordering import reordered
from coincell.compiler.memory.plan import Plan, busiest_steps, plan_memory
from coincell.compiler.memory.states import copies_in_order

__all__ = [
    "Plan",
    "busiest_steps",
    "copies_in_order",
    "plan_memory",
    "reordered",
    "with_all_copies",
    "with_copies_that_fit",
]
