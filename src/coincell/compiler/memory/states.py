"""Where states live: in place where that is safe, otherwise copied after each inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coincell.compiler.ir import Graph, State
from coincell.errors import ModelError


def updated_in_place(state: State, graph: Graph, groups: Mapping[str, Sequence[str]]) -> bool:
    """Whether `after` may be written straight to the place of `before`.

    So it is where an op makes `after` when nobody will read `before` any more; that op itself may
    still read it, if its kernel may write over it.

    Args:
        state: of `graph`.
        graph: a legal graph.
        groups: tensor name -> the tensors that share its bytes, those made first coming first.
    """
    after, before = groups.get(state.after), groups[state.before]
    if after is None or after is before or after[0] not in graph.producers:
        return False
    if any(name in graph.kept for name in before):
        return False
    maker = graph.producers[after[0]]
    step = graph.ops.index(maker)
    for index, op in enumerate(graph.ops):
        read = [i for i, name in enumerate(op.inputs) if name in before]
        if index > step and read:
            return False
        if index == step and read:
            over = maker.attributes.updates.get(maker.outputs.index(after[0]))
            if read != [over]:
                return False
    return True


def copies_in_order(graph: Graph, offsets: Mapping[str, int]) -> tuple[State, ...]:
    """The states whose new value is copied when all ops have run, in an order that is safe.

    A state whose old value is another's new one is overwritten after it was copied.

    Args:
        graph: a legal graph.
        offsets: the place of each activation.

    Raises:
        ModelError: states exchange their values among each other.
    """
    waiting = [s for s in graph.states if offsets.get(s.after, -1) != offsets[s.before]]
    ordered: list[State] = []
    while waiting:
        sources = {state.before: offsets.get(state.after, -1) for state in waiting}
        ready = [
            state
            for state in waiting
            if all(
                source != offsets[state.before]
                for name, source in sources.items()
                if name != state.before
            )
        ]
        if not ready:
            names = ", ".join(repr(graph.tensor(s.before).source_name) for s in waiting)
            raise ModelError(f"The states {names} exchange their values, which is not supported.")
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return tuple(ordered)
