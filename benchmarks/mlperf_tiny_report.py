"""What benchmarks/mlperf_tiny.py has measured, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

Result = dict[str, Any]

OURS = "Coincell"
CORES = ("Cortex-M4", "Cortex-M33")


def rows_of(key: str, results: Sequence[Result], others: dict[str, Any]) -> list[Result]:
    """All runtimes on the rig for one model: stack, ours, instructions, cycles, flash, RAM."""
    rows = [
        {
            "stack": f"{OURS}, {result['optimize']}, {result['compiler_name']}",
            "ours": True,
            "instructions": result["instructions"],
            "cycles": result["cycles"],
            "flash_bytes": result["image_flash_bytes"],
            "ram_bytes": result["image_ram_without_stack_bytes"],
            "stack_bytes": result["stack_bytes"],
        }
        for result in results
        if result["key"] == key
    ]
    names = ("instructions", "cycles", "flash_bytes", "ram_bytes", "stack_bytes")
    rows += [
        {"stack": stack["stack"], "ours": False, **{name: stack[name].get(key) for name in names}}
        for stack in others["rig"]["stacks"]
        if key in stack["cycles"]
    ]
    return sorted(rows, key=lambda row: row["cycles"])


def records(key: str, others: dict[str, Any]) -> list[dict[str, Any]]:
    """The fewest cycles published on each core: stack, round, part, core, cycles."""
    found = []
    for core in CORES:
        entries = [
            {**entry, "cycles": round(1000 * entry["ms"][key] * entry["mhz"])}
            for entry in others["published"]["results"]
            if entry["core"] == core and key in entry["ms"]
        ]
        if entries:
            found.append(min(entries, key=lambda entry: entry["cycles"]))
    return found


def table(results: Sequence[Result], others: dict[str, Any]) -> str:
    """Text: for each model the runtimes on the rig by cycles, then the published records."""
    parts = []
    for key, model in others["models"].items():
        rows = rows_of(key, results, others)
        ours = [row for row in rows if row["ours"]]
        if not ours:
            continue
        best = ours[0]["cycles"]
        parts.append(f"\n{model['title']}, {model['macs']:,} MACs")
        widths = {"instructions": 14, "cycles": 14, "x": 7, "flash": 10, "RAM": 9, "stack": 7}
        parts.append(" " * 44 + "".join(f"{name:>{width}}" for name, width in widths.items()))
        parts += [f"  {_row(row, best)}" for row in rows]
        for entry in records(key, others):
            what = f"{entry['stack']} ({entry['round']}, {entry['part']})"
            parts.append(
                f"  {what[:55]:56}{entry['cycles']:14,}{entry['cycles'] / best:7.2f}"
                f"  {entry['core']}, {entry['ms'][key]} ms at {entry['mhz']} MHz"
            )
    parts.append("\nExactness, and what one inference takes on the board:")
    parts += [f"  {_exactness(result)}" for result in results]
    parts += ["", *(f"{others[part]['source']}" for part in ("rig", "published"))]
    return "\n".join(parts)


def _row(row: Result, best: int) -> str:
    def number(name: str, width: int) -> str:
        value = row[name]
        return f"{'-' if value is None else format(value, ','):>{width}}"

    return (
        f"{row['stack'][:41]:42}{number('instructions', 14)}{number('cycles', 14)}"
        f"{row['cycles'] / best:7.2f}{number('flash_bytes', 10)}{number('ram_bytes', 9)}"
        f"{number('stack_bytes', 7)}"
    )


def _exactness(result: Result) -> str:
    words = {True: "every byte equal", False: "NOT EQUAL", None: "no oracle"}[result["exact"]]
    low, high = result["latency_range_ms"]
    return (
        f"{result['model']:30}{result['optimize']:>9} {result['compiler_name']:4}"
        f"{words} on {result['samples']} inputs ({result['inputs']}); "
        f"{result['latency_ms']:.2f} ms ({low:.2f} to {high:.2f}); "
        f"{result['energy_uj']:.0f} uJ at zero wait states, {result['energy_flash_uj']:.0f} with "
        "those of flash; "
        f"library {result['flash_bytes']:,} B flash, {result['ram_bytes']:,} B RAM; "
        f"compiled in {result['compile_seconds']:.1f} s"
    )


_WIDTH, _LEFT, _RIGHT = 880, 300, 110
_BAR, _STEP, _HEAD = 16, 22, 44
_STYLE = """
text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 15px } .ours { fill: #0072b2 } .other { fill: #b9bec4 }
.record { fill: #e69f00 } .value { font-variant-numeric: tabular-nums } .own { font-weight: 600 }
.paper { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .paper { fill: #16181b } .other { fill: #5b626b } .ours { fill: #56b4e9 }
}
"""


def chart(results: Sequence[Result], others: dict[str, Any]) -> str:
    """An SVG picture: bars of cycles, one panel a model, ours and the records in colours."""
    body: list[str] = []
    top = 8
    for key, model in others["models"].items():
        rows = rows_of(key, results, others)
        if not any(row["ours"] for row in rows):
            continue
        bars = [(row["stack"], row["cycles"], "ours" if row["ours"] else "other") for row in rows]
        bars += [
            (
                f"{entry['stack']}, {entry['core'].removeprefix('Cortex-')}",
                entry["cycles"],
                "record",
            )
            for entry in records(key, others)
        ]
        body += _panel(model["title"], sorted(bars, key=lambda bar: bar[1]), top)
        top += _HEAD + _STEP * len(bars)
    lines = (
        "Cycles of one inference; less is better. Blue and grey: a Cortex-M4 at zero wait states,",
        "by one model of the core. Orange: the fewest published for an M4 and an M33, on hardware.",
    )
    for number, line in enumerate(lines):
        body.append(f'<text x="8" y="{top + 16 + 18 * number}">{escape(line)}</text>')
    height = top + 48
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img">\n'
        f"<title>Cycles of the MLPerf Tiny models</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="paper" width="{_WIDTH}" height="{height}"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _panel(title: str, bars: Sequence[tuple[str, int, str]], top: int) -> list[str]:
    """One model's bars, from the fewest cycles on."""
    most = max(cycles for _, cycles, _ in bars)
    room = _WIDTH - _LEFT - _RIGHT
    lines = [f'<text class="title" x="8" y="{top + 22}">{escape(title)}</text>']
    for number, (name, cycles, kind) in enumerate(bars):
        y = top + 32 + _STEP * number
        length = max(1.0, room * cycles / most)
        own = ' class="own"' if kind == "ours" else ""
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end"{own}>{escape(name)}</text>',
            f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}"/>',
        ]
        end, amount = _LEFT + length + 6, f"{cycles / 1e6:.3g} M"
        lines.append(f'<text class="value" x="{end:.1f}" y="{y + 13}">{amount}</text>')
    return lines
