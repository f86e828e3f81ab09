"""What a page of figures says: cells of tables, paths of charts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from playwright.sync_api import Page


def figure(page: Page, group: str, place: str, metric: str) -> str:
    """The first words of a cell, without its interval: "93.1 %"."""
    row = page.locator(f'#slices tr[data-group="{group}"][data-place="{place}"]')
    return row.locator(f'[data-metric="{metric}"]').inner_text().split("\n")[0].strip()


def count(page: Page, group: str, place: str, name: str) -> int:
    """A count of confusion: tp, fp, fn or tn."""
    row = page.locator(f'#slices tr[data-group="{group}"][data-place="{place}"]')
    return int(row.locator(f'[data-count="{name}"]').inner_text().replace(",", ""))


def percent(value: float) -> str:
    """As pages write a rate."""
    return f"{100 * value:.1f} %"


def points(page: Page, chart: int, name: str) -> NDArray[np.float64]:
    """Pairs of rates that a curve's path goes through, [n, 2]; of even axes."""
    drawn = page.locator("#curves svg.plane").nth(chart)
    left, top, right, bottom = map(float, (drawn.get_attribute("data-frame") or "").split())
    path = drawn.locator(f'path[data-name="{name}"]').get_attribute("d") or ""
    pairs = np.array(re.findall(r"[\d.]+", path), float).reshape(-1, 2)
    return np.stack(
        [(pairs[:, 0] - left) / (right - left), (bottom - pairs[:, 1]) / (bottom - top)], axis=1
    )


def settled(page: Page) -> None:
    """Forget that figures were shown anew, before a change is made."""
    page.evaluate("delete document.documentElement.dataset.took")


def shown(page: Page) -> None:
    """Wait until figures were shown anew."""
    page.locator("html[data-took]").wait_for()
