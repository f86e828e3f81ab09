"""Graph and plan -> C11: one header that tells a user all, one file with constants and layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent

from coincell.compiler.emit_header import EdgeTensors, header_text
from coincell.compiler.ir import Graph, KernelCall, Op, Values
from coincell.compiler.layers import layer_symbol, running_ops
from coincell.compiler.plan import Plan


@dataclass(frozen=True)
class EmittedSources:
    """What emission gives.

    Attributes:
        files: NAME.h and NAME.c.
        kernels: names of the kernels called.
        constant_bytes: bytes of all constant arrays.
    """

    files: Mapping[str, str]
    kernels: tuple[str, ...]
    constant_bytes: int


def emit_sources(graph: Graph, plan: Plan, name: str, caller_arena: bool) -> EmittedSources:
    """The C of a lowered graph.

    Args:
        graph: lowered; every op that runs has a kernel.
        plan: of this graph.
        name: prefix of all symbols.
        caller_arena: the caller gives the memory to NAME_init.

    Raises:
        ModelError: an op has no kernel; it is named with its place.
    """
    writer = _Writer(graph, plan, name)
    calls = [(op, op.attributes.kernel_calls(op, graph)) for op in running_ops(graph)]
    layers = [writer.layer(number, op, made) for number, (op, made) in enumerate(calls)]
    kernels = tuple(sorted({call.kernel for _, made in calls for call in made}))
    edges = EdgeTensors(
        tuple(graph.tensor(tensor) for tensor in graph.inputs),
        tuple(graph.tensor(tensor) for tensor in graph.outputs),
    )
    body = "\n".join(
        (
            _preamble(name, kernels),
            _arena(name, caller_arena),
            *writer.constants,
            *layers,
            _interface(graph, plan, name, edges, caller_arena),
        )
    )
    files = {f"{name}.h": header_text(graph, plan, name, edges, caller_arena), f"{name}.c": body}
    return EmittedSources(files, kernels, writer.constant_bytes)


class _Writer:
    """Writes layers, collecting the constants that they need; equal constants are written once."""

    def __init__(self, graph: Graph, plan: Plan, name: str) -> None:
        self.graph = graph
        self.plan = plan
        self.name = name
        self.constants: list[str] = []
        self.constant_bytes = 0
        self._known: dict[tuple[str, bytes], str] = {}

    def layer(self, number: int, op: Op, calls: tuple[KernelCall, ...]) -> str:
        """The C function of one layer."""
        blocks = [self._call(number, call) for call in calls]
        if len(blocks) > 1:
            blocks = [f"    {{\n{indent(block, '    ')}\n    }}" for block in blocks]
        return "\n".join(
            (
                f"/* {op.place or op.kind}: {_shapes(self.graph, op)} */",
                f"static NOINLINE void {layer_symbol(self.name, number, op)}(void)",
                "{",
                *blocks,
                "}",
                "",
            )
        )

    def _call(self, number: int, call: KernelCall) -> str:
        """One call of a kernel, with its parameters."""
        arguments = ["&parameters"]
        for argument in call.arguments:
            if argument is None:
                arguments.append("0")
            elif isinstance(argument, str):
                arguments.append(self._place(argument))
            else:
                arguments.append(self._constant(f"{self.name}_{number:02d}", *argument))
        fields = (f"        .{field} = {value},\n" for field, value in call.parameters.items())
        joined = ",\n        ".join(arguments)
        return (
            f"    static const coincell_{call.kernel}_parameters parameters = {{\n"
            f"{''.join(fields)}    }};\n"
            f"    coincell_{call.kernel}(\n        {joined});"
        )

    def _place(self, tensor: str) -> str:
        """A tensor's place in the arena, or its constant array."""
        described = self.graph.tensor(tensor)
        if described.is_constant:
            return self._constant(f"{self.name}_constant", tensor, described.array)
        return f"arena + {self.plan.offsets[tensor]}"

    def _constant(self, prefix: str, role: str, values: Values) -> str:
        """The array that holds `values`."""
        c_type = f"{values.dtype.name}_t"
        key = (c_type, values.tobytes())
        if key not in self._known:
            symbol = f"{prefix}_{role}"
            self._known[key] = symbol
            self.constant_bytes += values.nbytes
            size = values.size
            self.constants.append(
                f"static const {c_type} {symbol}[{size}] = {{\n{_numbers(values)}\n}};\n"
            )
        return self._known[key]


def _numbers(values: Values) -> str:
    """Comma-separated integers, as many a line as surely fit."""
    per_line = 16 if values.itemsize == 1 else 8
    flat = values.reshape(-1).tolist()
    rows = (flat[start : start + per_line] for start in range(0, len(flat), per_line))
    return "\n".join(f"    {', '.join(map(str, row))}," for row in rows)


def _shapes(graph: Graph, op: Op) -> str:
    """ "[1, 49, 10, 1] -> [1, 25, 5, 64]"."""
    read = " and ".join(
        str(list(graph.tensor(name).shape))
        for name in op.inputs
        if not graph.tensor(name).is_constant
    )
    made = " and ".join(str(list(graph.tensor(name).shape)) for name in op.outputs)
    return f"{read} -> {made}"


def _preamble(name: str, kernels: tuple[str, ...]) -> str:
    includes = "\n".join(f'#include "kernels/{kernel}.h"' for kernel in kernels)
    return f"""\
/* Generated by Coincell; do not edit. See {name}.h for how to use it. */
#include "{name}.h"

{includes}

#if defined(__GNUC__) || defined(__clang__)
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif
"""


def _arena(name: str, caller_arena: bool) -> str:
    upper = name.upper()
    if caller_arena:
        return "/* All activations; the caller's memory. */\nstatic int8_t *arena;\n"
    return (
        "/* All activations, input and output included. */\n"
        f"static _Alignas({upper}_ARENA_ALIGNMENT) int8_t arena[{upper}_ARENA_BYTES];\n"
    )


def _interface(graph: Graph, plan: Plan, name: str, edges: EdgeTensors, caller_arena: bool) -> str:
    """init, invoke, input and output."""
    upper = name.upper()
    calls = "\n".join(
        f"    {layer_symbol(name, number, op)}();" for number, op in enumerate(running_ops(graph))
    )
    if caller_arena:
        init = f"""\
int {name}_init(void *memory)
{{
    arena = 0;
    if (!memory || (uintptr_t)memory % {upper}_ARENA_ALIGNMENT != 0) {{
        return {upper}_ERROR_ARENA;
    }}
    arena = memory;
    return 0;
}}
"""
        guard = f"    if (!arena) {{\n        return {upper}_ERROR_ARENA;\n    }}\n"
    else:
        init = f"int {name}_init(void)\n{{\n    return 0;\n}}\n"
        guard = ""
    return "\n".join(
        (
            init,
            f"int {name}_invoke(void)\n{{\n{guard}{calls}\n    return 0;\n}}\n",
            _accessor(
                f"{edges.input_type} *{name}_input(int index)",
                [plan.offsets[tensor] for tensor in graph.inputs],
                edges.input_type,
                caller_arena,
            ),
            _accessor(
                f"const {edges.output_type} *{name}_output(int index)",
                [plan.offsets[tensor] for tensor in graph.outputs],
                f"const {edges.output_type}",
                caller_arena,
            ),
        )
    )


def _accessor(signature: str, offsets: list[int], c_type: str, caller_arena: bool) -> str:
    """A function that gives the address of input or output `index`."""
    table = ", ".join(str(offset) for offset in offsets)
    known = "arena && " if caller_arena else ""
    return f"""\
{signature}
{{
    static const uint32_t offsets[{len(offsets)}] = {{{table}}};
    return {known}index >= 0 && index < {len(offsets)} ? ({c_type} *)(arena + offsets[index]) : 0;
}}
"""
