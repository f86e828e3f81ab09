"""A streamed region -> C: one function, a loop over ticks in which each layer makes some rows."""

from __future__ import annotations

from textwrap import indent

from coincell.compiler.emission.layer_writer import LayerWriter
from coincell.compiler.layers import layer_symbol
from coincell.compiler.selection import Kernels, Step
from coincell.compiler.streaming import Region, RowOp, RowTotal, RowWindow, row_bytes
from coincell.errors import InternalError


def stream_symbol(name: str, step: Step) -> str:
    """The C function that computes a region."""
    return f"{name}_stream_{step.index:02d}"


def stream_functions(writer: LayerWriter, step: Step, number: int) -> str:
    """The layers of a region, and what calls them.

    Args:
        writer: of the model.
        step: has a region.
        number: of the region's first layer.
    """
    if step.region is None:
        raise InternalError("A step without a region is no stream.")
    return _StreamWriter(writer, step, step.region, number).text()


class _StreamWriter:
    def __init__(self, writer: LayerWriter, step: Step, region: Region, number: int) -> None:
        self._writer = writer
        self._step = step
        self._region = region
        self._symbol = stream_symbol(writer.name, step)
        self._base = writer.plan.scratch.get(step.index, 0)
        self._numbers = {item.op.output: number + i for i, item in enumerate(region.ops)}

    def text(self) -> str:
        region = self._region
        layers = [
            self._layer(item, kernels)
            for item, kernels in zip(region.ops, self._step.kernels, strict=True)
        ]
        return "\n".join((*layers, self._main()))

    def _layer(self, item: RowOp, kernels: Kernels) -> str:
        number = self._numbers[item.op.output]
        if isinstance(item, RowTotal):
            return self._writer.total_layer(number, item, self._base + self._region.sums_offset)
        scratch = self._base + self._region.scratch[item.op.output]
        return self._writer.row_layer(number, item, kernels, scratch)

    def _main(self) -> str:
        """The function that computes the region."""
        region = self._region
        windows = region.windows.values()
        fills = [
            f"    memset({self._place(window)}, {window.fill}, {window.kept_bytes});"
            for window in windows
            if window.read_outside and window.kept_bytes
        ]
        body: list[str] = []
        for item in region.ops:
            body += [self._copy(window) for window in self._copied_before(item)]
            body += self._make(item)
        body += [
            f"        coincell_rows_keep({self._place(window)}, {window.kept_bytes}, "
            f"{window.new_bytes});"
            for window in sorted(windows, key=lambda window: window.offset)
            if window.kept_bytes
        ]
        first, end = region.ticks
        return "\n".join(
            (
                f"/* By rows: {', '.join(region.sources)} -> {region.sink}. */",
                f"static NOINLINE void {self._symbol}(void)",
                "{",
                *fills,
                f"    for (int32_t tick = {first}; tick < {end}; ++tick) {{",
                *body,
                "    }",
                "}",
                "",
            )
        )

    def _copied_before(self, item: RowOp) -> list[RowWindow]:
        """The windows of sources that this op is the first to read."""
        region = self._region
        earlier = {name for other in region.ops[: region.ops.index(item)] for name in other.reads}
        return [
            region.windows[name]
            for name in item.reads
            if name in region.sources and name in region.windows and name not in earlier
        ]

    def _place(self, window: RowWindow, skipped: int = 0) -> str:
        return f"arena + {self._base + window.offset + skipped}"

    def _image(self, window: RowWindow) -> str:
        """Arguments that tell which rows of which image are new."""
        flow = window.flow
        rows = f"{_row(flow.rows, flow.ahead)}, {flow.rows}"
        return f"{rows}, {window.height}, {window.row_bytes}, {window.fill}"

    def _copy(self, window: RowWindow) -> str:
        source = self._writer.plan.offsets[window.tensor]
        return (
            f"        coincell_rows_copy({self._place(window, window.kept_bytes)}, "
            f"arena + {source},\n            {self._image(window)});"
        )

    def _make(self, item: RowOp) -> list[str]:
        """Statements that make rows of an op's output, and those outside the image."""
        name = item.op.output
        call = self._call(item)
        lines = self._several(item, call) if "row *" in call else self._once(item, call)
        window = self._region.windows.get(name)
        if window is not None and window.read_outside:
            place = self._place(window, window.kept_bytes)
            lines.append(f"        coincell_rows_outside({place},")
            lines.append(f"            {self._image(window)});")
        return lines

    def _once(self, item: RowOp, call: str) -> list[str]:
        """All rows of a tick in one call."""
        first, end = self._region.runs[item.op.output]
        tests = [f"tick >= {first}"] if first > self._region.ticks[0] else []
        tests += [f"tick < {end}"] if end < self._region.ticks[1] else []
        if not tests:
            return [indent(call, " " * 8)]
        return [f"        if ({' && '.join(tests)}) {{", indent(call, " " * 12), "        }"]

    def _several(self, item: RowOp, call: str) -> list[str]:
        """A call for every `item.rows` rows."""
        flow = self._region.flows[item.op.output]
        row, height = _row(flow.rows, flow.ahead), self._height(item.op.output)
        return [
            f"        for (int32_t row = 0; row < {flow.rows}; row += {item.rows}) {{",
            f"            if (coincell_rows_inside({row} + row, {item.rows}, {height})) {{",
            indent(call, " " * 16),
            "            }",
            "        }",
        ]

    def _call(self, item: RowOp) -> str:
        """The layer's call; where it is one of several, `row` counts them."""
        region, name = self._region, item.op.output
        arguments = [self._read(item, source) for source in item.reads]
        if isinstance(item, RowTotal):
            first = _row(item.rows, 0)
            arguments += [first, f"coincell_rows_left({first}, {item.rows}, {item.height})"]
            arguments.append(f"arena + {self._writer.plan.offsets[name]}")
        elif name == region.sink:
            size = self._row_bytes(name)
            offset = self._writer.plan.offsets[name]
            arguments.append(f"arena + {_row(item.rows * size, offset)}")
        else:
            window = region.windows[name]
            place = self._place(window, window.kept_bytes)
            arguments.append(place + self._further(item, window.row_bytes))
        symbol = layer_symbol(self._writer.name, self._numbers[name], item.op)
        return f"{symbol}(\n    " + ",\n    ".join(arguments) + ");"

    def _further(self, item: RowOp, row_bytes: int) -> str:
        """What the place of one of several calls is further on."""
        several = self._region.flows[item.op.output].rows > item.rows
        return f" + row * {row_bytes}" if several else ""

    def _height(self, name: str) -> int:
        return self._writer.graph.tensor(name).shape[1]

    def _row_bytes(self, name: str) -> int:
        return row_bytes(self._writer.graph.tensor(name))

    def _read(self, item: RowOp, name: str) -> str:
        """Where the rows begin that an op reads."""
        region = self._region
        first, flow = region.first_read(item, name), region.flows[name]
        further = self._further(item, item.reads[name].stride * self._row_bytes(name))
        window = region.windows.get(name)
        if window is not None:
            skipped = first - flow.ahead + flow.kept
            return self._place(window, skipped * window.row_bytes) + further
        size = self._row_bytes(name)
        offset = self._writer.plan.offsets[name] + first * size
        return f"arena + {_row(flow.rows * size, offset)}{further}"


def _row(each: int, first: int) -> str:
    """A number that grows by `each` in each tick."""
    return f"tick * {each} + {first}" if first >= 0 else f"tick * {each} - {-first}"
