"""Constants that are copied from flash to RAM before a layer runs, where loads do not wait.

A convolution reads its weights once for every few positions. On most microcontrollers a load from
flash waits some cycles and one from RAM does not, so one copy a layer saves most of the waiting.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from coincell.compiler.memory.plan import Plan, free_at, verify_plan
from coincell.compiler.selection import Kernels, Selection, Step


def with_all_copies(selection: Selection) -> Selection:
    """Every constant that is read many times is copied, whatever memory it takes."""
    return _with_copies(selection, _candidates(selection))


def with_copies_that_fit(selection: Selection, plan: Plan) -> tuple[Selection, Plan]:
    """Constants are copied where the arena has room for them while their layer runs.

    Working memory is needed at one step only, so each step is looked at by itself: everything else
    stays where `plan` has it.
    """
    chosen = []
    scratch = dict(plan.scratch)
    for index in _candidates(selection):
        needed = _with_copies(selection, (index,)).step(index).scratch_bytes
        place = free_at(selection.graph, plan, index, needed)
        if place is not None:
            chosen.append(index)
            scratch[index] = place
    copied = _with_copies(selection, chosen)
    moved = replace(plan, scratch=scratch)
    verify_plan(copied.graph, moved, copied.steps)
    return copied, moved


def _candidates(selection: Selection) -> list[int]:
    """Steps that gain from a copy; a streamed one would copy for every row."""
    return [
        step.index
        for step in selection.steps
        if step.region is None and any(call.rereads for call in step.calls)
    ]


def _with_copies(selection: Selection, indices: Collection[int]) -> Selection:
    steps = tuple(_copying(step) if step.index in indices else step for step in selection.steps)
    return replace(selection, steps=steps)


def _copying(step: Step) -> Step:
    kernels = tuple(
        Kernels(
            item.op,
            tuple(c.with_constants_in_ram() if c.rereads else c for c in item.calls),
        )
        for item in step.kernels
    )
    return replace(step, kernels=kernels)
