"""Tensors of a graph: element types, quantization, shapes, and the values of constants."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
"""The values of one tensor for n samples at once: [n, *shape]; constants come as [1, *shape]."""


class DType(Enum):
    """Element types, by the name that NumPy gives them."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The NumPy type, little-endian."""
        return np.dtype(self.value).newbyteorder("<")

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def c_name(self) -> str:
        """The C type that holds one element."""
        return {"float32": "float", "bool": "uint8_t"}.get(self.value, f"{self.value}_t")


@dataclass(frozen=True)
class Quantization:
    """real = scale * (integer - zero_point), one scale a tensor or one a slice along `axis`.

    Attributes:
        scales: float32 values, held exactly as Python floats.
        zero_points: as many as scales.
        axis: the dimension that the scales belong to; 0 where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        """The scale of a tensor that has one."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that has one."""
        return self.zero_points[0]

    @property
    def per_channel(self) -> bool:
        """Whether each slice has a scale of its own."""
        return len(self.scales) > 1


@dataclass(frozen=True)
class Tensor:
    """A value of the graph: an activation, or a constant where `data` is given.

    Attributes:
        name: unique in its graph, fit for the text form and for C.
        shape: sizes, all positive; () is a scalar.
        quantization: None for plain integers (shapes, axes) and floats.
        data: the constant's bytes, little-endian, row by row.
        source_name: what the model's file calls it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: bytes | None = field(default=None, repr=False)
    source_name: str = ""

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that the values take."""
        return self.elements * self.dtype.size

    @property
    def is_constant(self) -> bool:
        """Whether the values are known."""
        return self.data is not None

    @cached_property
    def array(self) -> Values:
        """The constant's values, read-only, in `shape`."""
        if self.data is None:
            raise ValueError(f"Tensor {self.name} is not a constant.")
        return np.frombuffer(self.data, self.dtype.numpy).reshape(self.shape)

    @property
    def scale(self) -> float:
        """The scale of a tensor quantized as a whole."""
        return self._quantization.scale

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor quantized as a whole."""
        return self._quantization.zero_point

    @property
    def _quantization(self) -> Quantization:
        if self.quantization is None:
            raise ValueError(f"Tensor {self.name} is not quantized.")
        return self.quantization
