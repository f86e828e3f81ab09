"""The lowering, as one list: every pass between the reader and the memory planner, in order."""

from __future__ import annotations

from collections.abc import Callable

from coincell.compiler.ir import Graph
from coincell.compiler.passes import (
    DROP_CONSTANT_CHANNELS,
    DROP_DEAD_OPS,
    DROP_SHAPE_OPERANDS,
    FOLD_CONSTANTS,
    FOLD_KNOWN_VALUES,
    FOLD_PADDING,
    FOLD_SPACE_BATCHES,
    FUSE_CLAMPS,
    FUSE_RESIDUAL_ADD,
    LIFT_SEQUENCES,
    MERGE_EQUAL_CHANNELS,
    MERGE_EQUAL_OPS,
    MERGE_LOOKUPS,
    MERGE_RESHAPES,
    MERGE_TRANSPOSES,
    POOL_MAXIMA,
    Pass,
)
from coincell.compiler.verify import verify
from coincell.errors import InternalError, ModelError

PASSES: tuple[Pass, ...] = (
    FOLD_CONSTANTS,
    DROP_SHAPE_OPERANDS,
    LIFT_SEQUENCES,
    MERGE_TRANSPOSES,
    MERGE_RESHAPES,
    MERGE_EQUAL_OPS,
    FUSE_CLAMPS,
    FOLD_SPACE_BATCHES,
    POOL_MAXIMA,
    FOLD_PADDING,
    MERGE_LOOKUPS,
    FOLD_KNOWN_VALUES,
    DROP_CONSTANT_CHANNELS,
    MERGE_EQUAL_CHANNELS,
    DROP_DEAD_OPS,
    FUSE_RESIDUAL_ADD,
)


_COMPUTES_WHAT_THE_FILE_LEFT_OPEN = ("fold-constants", "drop-shape-operands")
"""Passes that put in values a model computes at run time, shapes above all: what is illegal after
them was so in the file."""


def lower(graph: Graph, trace: Callable[[str, Graph], None] | None = None) -> Graph:
    """Run all passes; the graph is verified before the first and after each.

    Args:
        graph: as read.
        trace: called with each pass's name and the graph after it.

    Raises:
        ModelError: the graph given is not legal, or its shapes turn out to contradict each other.
        InternalError: a pass made an illegal graph.
    """
    verify(graph)
    for step in PASSES:
        made = step.run(graph)
        graph = graph if made == graph else made  # the same object: what is known of it stays known
        try:
            verify(graph)
        except ModelError as error:
            if step.name in _COMPUTES_WHAT_THE_FILE_LEFT_OPEN:
                raise ModelError(f"The model contradicts itself: {error.message}") from error
            raise InternalError(f"After the pass {step.name}: {error.message}") from error
        if trace is not None:
            trace(step.name, graph)
    return graph
