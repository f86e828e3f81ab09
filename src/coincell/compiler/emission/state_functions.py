"""The C that resets states and carries them over to the next inference."""

from __future__ import annotations

import numpy as np

from coincell.compiler.emission.layer_writer import LayerWriter
from coincell.compiler.ir import State
from coincell.compiler.memory import copies_in_order


def state_functions(writer: LayerWriter) -> str:
    """NAME_reset_states and NAME_update_states; the empty string for a graph without states."""
    graph, plan, name = writer.graph, writer.plan, writer.name
    if not graph.states:
        return ""
    resets = "\n".join(_reset(state, writer) for state in graph.states)
    updates = "".join(
        f"    memcpy({_place(state, writer)}, {writer.place(state.after)}, {len(state.initial)});\n"
        for state in copies_in_order(graph, plan.offsets)
    )
    return f"""\
/* What one inference leaves to the next: its first values. */
static void {name}_reset_states(void)
{{
{resets}
}}

/* New values that are not in their place yet. */
static void {name}_update_states(void)
{{
{updates}}}
"""


def _place(state: State, writer: LayerWriter) -> str:
    return f"arena + {writer.plan.offsets[state.before]}"


def _reset(state: State, writer: LayerWriter) -> str:
    """The statement that gives a state what it begins with."""
    place, size = _place(state, writer), len(state.initial)
    if len(set(state.initial)) == 1:
        return f"    memset({place}, {state.initial[0]}, {size});"
    values = np.frombuffer(state.initial, np.int8)
    initial = writer.constant(f"{writer.name}_initial", state.before, values)
    return f"    memcpy({place}, {initial}, {size});"
