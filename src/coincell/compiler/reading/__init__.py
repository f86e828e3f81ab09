""".tflite -> Graph: files that are hostile until checked.

Bytes become tables (`flatbuffer`), tables become records (`schema`), and `reader` translates the
records: each operator by its own small function (`operator_readers/`), variables, open batches
and shapes that are computed by the files of these names.
"""

from coincell.compiler.reading.known_shapes import wrong_shapes
from coincell.compiler.reading.reader import load_model_bytes, read_model
from coincell.compiler.reading.schema import (
    GraphRecord,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
    read_records,
)

__all__ = [
    "GraphRecord",
    "ModelRecord",
    "OperatorRecord",
    "TensorRecord",
    "load_model_bytes",
    "read_model",
    "read_records",
    "wrong_shapes",
]
