"""The files that exports are made of: Jinja templates, kept as data beside this module."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jinja2 import Environment


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("coincell.firmware.export"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - C, TOML and Markdown; what goes in was checked before
    )
    made.filters["decimal"] = decimal
    made.filters["uuid_parts"] = uuid_parts
    return made


def decimal(value: float | str) -> str:
    """A number as C writes a float64, with a point or an exponent."""
    return repr(float(value))


def uuid_parts(text: str) -> str:
    """A UUID's five parts as numbers in C, separated by commas."""
    return ", ".join(f"0x{part}" for part in text.split("-"))


def render(template: str, values: dict[str, Any]) -> str:
    """The template at `template`, a path below templates/, filled with `values`."""
    return _environment().get_template(template).render(values)


def source(path: str) -> str:
    """The file at `path` below templates/, as it is."""
    entry = resources.files(__package__) / "templates" / path
    return entry.read_text(encoding="utf-8")


def licence() -> str:
    """The text of the Apache License 2.0."""
    return source("LICENSE")


def number_rows(values: Iterable[int] | np.ndarray[Any, Any], width: int = 96) -> str:
    """Integers as the inside of a C initializer, in lines of at most `width` characters."""
    rows, row = [], "   "
    for value in np.asarray(values).ravel().tolist():
        word = f" {value},"
        if len(row) + len(word) > width:
            rows.append(row)
            row = "   "
        row += word
    return "\n".join([*rows, row])


def string_rows(text: str, width: int = 80) -> str:
    """ASCII text as adjacent C string literals of at most `width` characters each, no trigraphs."""
    pieces = [text[begin : begin + width] for begin in range(0, len(text), width)]
    escaped = (re.sub(r'[\\"?]', r"\\\g<0>", piece) for piece in pieces)
    return "\n".join(f'    "{piece}"' for piece in escaped)
