"""Row streaming: chains of image ops computed row by row, so that no whole image is in memory.

`choice`, which decides what is streamed, needs kernel selection and planning, which need what is
here: it is imported by itself.
"""

from coincell.compiler.streaming.region import (
    Needs,
    Region,
    RowWindow,
    Streamed,
    stream_region,
)
from coincell.compiler.streaming.rows import RowAccess, RowOp, row_access, row_bytes, row_op
from coincell.compiler.streaming.totals import RowTotal, row_total

__all__ = [
    "Needs",
    "Region",
    "RowAccess",
    "RowOp",
    "RowTotal",
    "RowWindow",
    "Streamed",
    "row_access",
    "row_bytes",
    "row_op",
    "row_total",
    "stream_region",
]
