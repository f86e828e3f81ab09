""".tflite -> Graph: files that are hostile until checked.

Bytes become tables (`flatbuffer`), tables become records (`schema`), and `reader` translates the
records: each operator by its own small function (`operator_readers/`), variables and open batches
by the files of these names.
"""

from coincell.compiler.reading.open_batches import wrong_batches
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
    "wrong_batches",
]
