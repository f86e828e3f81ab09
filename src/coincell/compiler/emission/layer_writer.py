"""Steps -> C: constants, one function a layer, and copies of kernels made for their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

from coincell.compiler.emission.literals import numbers
from coincell.compiler.ir import (
    Copied,
    DType,
    Graph,
    KernelCall,
    Op,
    Scratch,
    Values,
    aligned,
)
from coincell.compiler.layers import layer_symbol, shapes_text
from coincell.compiler.memory import Plan
from coincell.compiler.selection import Kernels
from coincell.compiler.streaming import RowOp, RowTotal


class LayerWriter:
    """Writes layers, collecting what they need; what is equal is written once.

    Attributes:
        constants: C arrays.
        constant_bytes: bytes of all of them.
        instances: functions that hold a specialised kernel.
    """

    def __init__(self, graph: Graph, plan: Plan, name: str) -> None:
        self.graph = graph
        self.plan = plan
        self.name = name
        self.constants: list[str] = []
        self.constant_bytes = 0
        self.instances: list[str] = []
        self._known_constants: dict[tuple[str, bytes], str] = {}
        self._known_instances: dict[tuple[object, ...], str] = {}

    def layer(self, number: int, kernels: Kernels, scratch: int) -> str:
        """The C function of one layer, on whole tensors.

        Args:
            number: of the layer.
            kernels: what computes it.
            scratch: where its working memory begins in the arena.
        """
        return self._function(number, kernels, scratch, "void", {})

    def row_layer(self, number: int, item: RowOp, kernels: Kernels, scratch: int) -> str:
        """The C function of some rows of a layer: from the rows that it reads, in `item.reads`."""
        reads = {name: f"input_{index}" for index, name in enumerate(item.reads)}
        declared = [f"const int8_t *{symbol}" for symbol in reads.values()]
        arguments = ", ".join((*declared, "int8_t *output"))
        places = {
            name: symbol if self.graph.tensor(name).dtype is DType.INT8 else f"(void *){symbol}"
            for name, symbol in {**reads, item.op.output: "output"}.items()
        }
        return self._function(number, kernels, scratch, arguments, places)

    def total_layer(self, number: int, item: RowTotal, sums: int) -> str:
        """The C function that adds rows to a total; `sums` is where these lie in the arena."""
        what = f"adds rows of {shapes_text(item.op, self.graph)}"
        return "\n".join(
            (
                f"/* {item.op.place or item.op.kind}: {what} */",
                f"static NOINLINE void {layer_symbol(self.name, number, item.op)}(",
                "    const int8_t *input_0, int32_t row, int32_t rows, int8_t *output)",
                "{",
                _parameters(item.call).rstrip("\n"),
                "    coincell_row_sums(&parameters, input_0, row, rows,",
                f"                      (int32_t *)(void *)(arena + {sums}), output);",
                "}",
                "",
            )
        )

    def _function(
        self,
        number: int,
        kernels: Kernels,
        scratch: int,
        arguments: str,
        places: Mapping[str, str],
    ) -> str:
        blocks = [self._call(number, kernels.op, call, scratch, places) for call in kernels.calls]
        if len(blocks) > 1:
            blocks = [f"    {{\n{indent(block, '    ')}\n    }}" for block in blocks]
        op = kernels.op
        rows = "by rows, " if places else ""
        return "\n".join(
            (
                f"/* {op.place or op.kind}: {rows}{shapes_text(op, self.graph)} */",
                f"static NOINLINE void {layer_symbol(self.name, number, op)}({arguments})",
                "{",
                *blocks,
                "}",
                "",
            )
        )

    def _call(
        self, number: int, op: Op, call: KernelCall, scratch: int, places: Mapping[str, str]
    ) -> str:
        """One call of a kernel, with its parameters."""
        arguments: list[str] = []
        copies = ""
        for argument in call.arguments:
            if argument is None:
                arguments.append("0")
            elif isinstance(argument, str):
                arguments.append(places.get(argument) or self.place(argument))
            elif isinstance(argument, Scratch):
                arguments.append(f"(void *)(arena + {scratch})")
                scratch += aligned(argument.bytes)
            elif isinstance(argument, Copied):
                place = f"(void *)(arena + {scratch})"
                kept = self.constant(f"{self.name}_{number:02d}", argument.role, argument.values)
                copies += f"    memcpy({place}, {kept}, {argument.bytes});\n"
                arguments.append(place)
                scratch += aligned(argument.bytes)
            else:
                arguments.append(self.constant(f"{self.name}_{number:02d}", *argument))
        if call.specialised:
            given = [text for text, what in zip(arguments, call.arguments, strict=True)
                     if what is not None]  # fmt: skip
            joined = ",\n        ".join(given)
            return f"{copies}    {self._instance(op, call)}(\n        {joined});"
        joined = ",\n        ".join(("&parameters", *arguments))
        return f"{_parameters(call)}{copies}    coincell_{call.function_stem}(\n        {joined});"

    def _instance(self, op: Op, call: KernelCall) -> str:
        """The function that holds `call`'s kernel for its parameters."""
        types = tuple(_pointer(argument, op) for argument in call.arguments)
        key = (call.kernel, *call.parameters.items(), types)
        if key not in self._known_instances:
            symbol = f"{self.name}_kernel_{len(self._known_instances):02d}_{call.function_stem}"
            self._known_instances[key] = symbol
            names = [f"argument_{i}" if kind else "0" for i, kind in enumerate(types)]
            declared = [f"{kind}{name}" for kind, name in zip(types, names, strict=True) if kind]
            joined = ",\n        ".join(("&parameters", *names))
            self.instances.append(
                f"static APART void {symbol}(\n    {', '.join(declared)})\n{{\n"
                f"{_parameters(call)}    coincell_{call.function_stem}(\n        {joined});\n}}\n"
            )
        return self._known_instances[key]

    def place(self, tensor: str) -> str:
        """A tensor's place in the arena, or its constant array."""
        described = self.graph.tensor(tensor)
        if described.is_constant:
            return self.constant(f"{self.name}_constant", tensor, described.array)
        place = f"arena + {self.plan.offsets[tensor]}"
        return place if described.dtype is DType.INT8 else f"(void *)({place})"

    def constant(self, prefix: str, role: str, values: Values) -> str:
        """The array that holds `values`."""
        c_type = "float" if values.dtype.kind == "f" else f"{values.dtype.name}_t"
        key = (c_type, values.tobytes())
        if key not in self._known_constants:
            symbol = f"{prefix}_{role}"
            alignment = max(4, values.itemsize)
            self._known_constants[key] = symbol
            self.constant_bytes += values.nbytes
            self.constants.append(
                f"static const _Alignas({alignment}) {c_type} {symbol}[{values.size}] = {{\n"
                f"{numbers(values)}\n}};\n"
            )
        return self._known_constants[key]


def _pointer(argument: object, op: Op) -> str:
    """The C type of an argument of an instance; "" for a null pointer."""
    if argument is None:
        return ""
    written = isinstance(argument, Scratch) or argument in op.outputs
    return "void *" if written else "const void *"


def _parameters(call: KernelCall) -> str:
    fields = (f"        .{field} = {value},\n" for field, value in call.parameters.items())
    kind = f"coincell_{call.function_stem}_parameters"
    return f"    static const {kind} parameters = {{\n{''.join(fields)}    }};\n"
