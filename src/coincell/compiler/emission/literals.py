"""Numbers as C literals."""

from __future__ import annotations

import numpy as np

from coincell.compiler.ir import Values


def float_literal(value: float) -> str:
    """A C literal that reads back as the same float32: nine significant digits."""
    digits = f"{np.float32(value):.9g}"
    return f"{digits}f" if "." in digits or "e" in digits else f"{digits}.0f"


def numbers(values: Values) -> str:
    """Comma-separated numbers, as many a line as surely fit."""
    per_line = 16 if values.itemsize == 1 else 8
    flat = values.reshape(-1).tolist()
    rows = (flat[start : start + per_line] for start in range(0, len(flat), per_line))
    return "\n".join(f"    {', '.join(map(_number, row))}," for row in rows)


def _number(value: object) -> str:
    """As C reads it back exactly: the smallest int32 has no literal of its own."""
    if isinstance(value, float):
        return float_literal(value)
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)
