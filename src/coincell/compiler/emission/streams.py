"""A streamed region -> C: a function a tensor, which makes its rows as far as they are needed."""

from __future__ import annotations

from coincell.compiler.emission.layer_writer import LayerWriter
from coincell.compiler.ir import aligned
from coincell.compiler.layers import layer_symbol
from coincell.compiler.selection import Kernels, Step
from coincell.compiler.streaming import Region, RowOp, RowTotal, RowWindow
from coincell.errors import InternalError


def stream_symbol(name: str, step: Step) -> str:
    """The C function that computes a region."""
    return f"{name}_stream_{step.index:02d}"


def stream_functions(writer: LayerWriter, step: Step, number: int) -> str:
    """The layers of a region, and what calls them row by row.

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
        self._base = writer.plan.scratch[step.index]
        self._numbers = {item.op.output: number + i for i, item in enumerate(region.ops)}
        self._makers = {item.op.output: item for item in region.ops}
        self._slots = {name: index for index, name in enumerate(region.windows)}

    def text(self) -> str:
        region = self._region
        scratch = self._base + aligned(region.window_bytes)
        layers = [
            self._layer(item, kernels, scratch)
            for item, kernels in zip(region.ops, self._step.kernels, strict=True)
        ]
        makers = self._makers
        ordered = sorted(region.windows.values(), key=lambda w: self._numbers.get(w.tensor, -1))
        fills = [self._fill(window, makers.get(window.tensor)) for window in ordered]
        count = len(region.windows)
        state = (
            f"/* Which rows of each tensor are in memory, in {self._symbol}. */\n"
            f"static coincell_row_window {self._symbol}_windows[{count}];\n"
        )
        return "\n".join((*layers, state, *fills, self._main(makers[region.sink])))

    def _layer(self, item: RowOp, kernels: Kernels, scratch: int) -> str:
        number = self._numbers[item.op.output]
        if isinstance(item, RowTotal):
            return self._writer.total_layer(number, item, self._base + self._region.sums_offset)
        return self._writer.row_layer(number, item, kernels, scratch)

    def _window(self, name: str) -> str:
        return f"{self._symbol}_windows[{self._slots[name]}]"

    def _rows(self, window: RowWindow) -> str:
        return f"arena + {self._base + window.offset}, {window.row_bytes}"

    def _fill(self, window: RowWindow, maker: RowOp | None) -> str:
        """The function that makes rows of one tensor up to the row `end`."""
        name = window.tensor
        if maker is None:
            start = self._writer.plan.offsets[name]
            source = f"arena + {start} + row * {window.row_bytes}"
            make = f"        memcpy(place, {source}, {window.row_bytes});"
        else:
            make = self._make(maker, "place")
        outside = (
            f"        if (row < 0 || row >= {window.height}) {{\n"
            f"            memset(place, {window.fill}, {window.row_bytes});\n"
            "            continue;\n"
            "        }\n"
        )
        return f"""\
/* Rows of {name} up to row end - 1. */
static NOINLINE void {self._symbol}_rows_{self._slots[name]}(int32_t end)
{{
    while ({self._window(name)}.end < end) {{
        const int32_t row = {self._window(name)}.end;
        int8_t *place = coincell_row_window_push(
            &{self._window(name)}, {self._rows(window)}, {window.capacity});
{outside if window.read_outside else ""}{make}
    }}
}}
"""

    def _make(self, item: RowOp, place: str) -> str:
        """Statements that make row `row` of an op's output at `place`."""
        in_place = self._region.in_place
        lines, reads = [], []
        for name, access in item.reads.items():
            if name in in_place:
                reads.append(f"            {place},")
                continue
            first = f"row * {access.stride} - {access.above}"
            lines.append(
                f"        {self._symbol}_rows_{self._slots[name]}({first} + {access.taps});"
            )
            window = self._region.windows[name]
            reads.append(
                f"            coincell_row_window_at("
                f"&{self._window(name)}, {self._rows(window)}, {first}),"
            )
        lines += [
            self._make(self._makers[name], place) for name in in_place.intersection(item.reads)
        ]
        symbol = layer_symbol(self._writer.name, self._numbers[item.op.output], item.op)
        return "\n".join((*lines, f"        {symbol}(", *reads, f"            {place});"))

    def _main(self, item: RowOp) -> str:
        """The function that computes the region."""
        region = self._region
        start = self._writer.plan.offsets[region.sink]
        if region.total:
            height, place = region.total.rows, f"row, arena + {start}"
        else:
            tensor = self._writer.graph.tensor(region.sink)
            height = tensor.shape[1]
            place = f"arena + {start} + row * {tensor.size_bytes // height}"
        resets = "\n".join(
            f"    {self._window(name)} = (coincell_row_window){{{w.first_row}, {w.first_row}}};"
            for name, w in region.windows.items()
        )
        return f"""\
/* Row by row from {", ".join(region.sources)} to {region.sink}: no tensor between is ever whole. */
static NOINLINE void {self._symbol}(void)
{{
{resets}
    for (int32_t row = 0; row < {height}; ++row) {{
{self._make(item, place)}
    }}
}}
"""
