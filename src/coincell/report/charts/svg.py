"""What pictures that are drawn without a library share: text, colours, and a frame.

They stand in pages and, by themselves, in README files: colours come from classes whose meaning
changes with the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
.p-text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1c2127 }
.p-soft { fill: #5a6470; font-size: 12px } .p-title { font-weight: 600 } .p-end { text-anchor: end }
.p-middle { text-anchor: middle }
.p-paper { fill: #fdfcf9 } .p-lane { fill: #eceae3 } .p-line { stroke: #8a939d; fill: none }
.p-blue { fill: #0072b2 } .p-orange { fill: #d55e00 } .p-green { fill: #009e73 }
.p-purple { fill: #b0649a } .p-sky { fill: #56b4e9 } .p-red { fill: #8c3b3b }
.p-yellow { fill: #d6a400 } .p-grey { fill: #8a939d } .p-faint { fill: #c9c6bd }
@media (prefers-color-scheme: dark) {
  .p-text { fill: #e8e9ea } .p-soft { fill: #a2abb5 } .p-paper { fill: #14171b }
  .p-lane { fill: #272d34 } .p-blue { fill: #4aa8e0 } .p-orange { fill: #ff9147 }
  .p-green { fill: #35c99b } .p-purple { fill: #d793c2 } .p-yellow { fill: #f0cd4f }
  .p-red { fill: #e08484 } .p-faint { fill: #4a525b }
}
"""


def text(x: float, y: float, words: str, classes: str = "") -> str:
    """Words at a place; `classes` without their prefix, by spaces."""
    names = " ".join(["p-text", *(f"p-{name}" for name in classes.split())])
    return f'<text class="{names}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def bar(
    x: float, y: float, width: float, height: float, colour: str, told: str = "", share: float = 1.0
) -> str:
    """A box; `told` is its tooltip, `share` how dense its colour is."""
    dense = "" if share >= 1 else f' fill-opacity="{max(share, 0.12):.2f}"'
    title = f"<title>{escape(told)}</title>" if told else ""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.6):.1f}" height="{height:.1f}"'
    return f'<rect class="p-{colour}" {place}{dense}>{title}</rect>'


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    """A thin line."""
    return f'<path class="p-line" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def picture(width: int, height: int, title: str, body: Iterable[str]) -> str:
    """A whole SVG, as wide as its place allows."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">\n<title>{escape(title)}'
        f'</title>\n<style>{_STYLE}</style>\n<rect class="p-paper" width="{width}" '
        f'height="{height}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )
