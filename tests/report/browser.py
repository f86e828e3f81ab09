"""A page as headless Chromium sees it: the drawn charts, and what went wrong."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

_SVG = "{http://www.w3.org/2000/svg}"
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)


@dataclass(frozen=True)
class Seen:
    """problems: what the page told of itself, and every line of the browser's console.

    charts: marks by kind.
    """

    problems: str
    drawn: int
    charts: dict[str, Counter[str]]
    dom: str


def look(page: str, folder: Path) -> Seen:
    """Open `page` in headless Chromium with no network; skips where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium, which is not installed")
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [chromium, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    root = re.search(r"<html[^>]*>", done.stdout)
    assert root, done.stderr
    told = _attribute(root[0], "data-problems")
    return Seen(
        problems="\n".join([told, *re.findall(r"CONSOLE.*", done.stderr)]).strip(),
        drawn=int(_attribute(root[0], "data-charts") or 0),
        charts=_charts(done.stdout),
        dom=done.stdout,
    )


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def _charts(dom: str) -> dict[str, Counter[str]]:
    pattern = r'data-chart="([\w-]+)"[^>]*>(<svg .*?</svg>)'
    return {key: _marks(svg) for key, svg in re.findall(pattern, dom, re.DOTALL)}


def _marks(svg: str) -> Counter[str]:
    """How many elements of each kind of mark (not of axes or legends) a drawing has."""
    marks: Counter[str] = Counter()
    for group in ET.fromstring(svg).iter(f"{_SVG}g"):
        if found := re.match(r"mark-(\w+) role-mark", group.get("class", "")):
            marks[found[1]] += sum(1 for _ in group)
    return marks
