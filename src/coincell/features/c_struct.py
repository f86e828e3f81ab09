"""A block's constants and working memory, once: as a ctypes struct and as C text."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.runtime import c_values

_DTYPES: Mapping[str, np.dtype[Any]] = {
    "int16_t": np.dtype(np.int16),
    "int32_t": np.dtype(np.int32),
    "uint64_t": np.dtype(np.uint64),
    "coincell_complex": np.dtype([("re", np.int32), ("im", np.int32)]),
    "coincell_biquad_state": np.dtype(
        [(name, np.int32) for name in ("x1", "x2", "y1", "y2", "rest")]
    ),
}


@dataclass(frozen=True)
class CArray:
    """A constant array: [n] of numbers, or [n, k] of structs of k numbers.

    Attributes:
        note: what it is, the comment above it.
        c_type: of an element.
        values: of the element's width.
    """

    note: str
    c_type: str
    values: NDArray[Any]

    def definition(self, name: str) -> str:
        """static const ... NAME[n] = {...};"""
        suffix = "u" if self.values.dtype == np.uint32 else ""
        if self.values.ndim == 2:
            words = ["{" + ", ".join(map(str, row)) + "}" for row in self.values.tolist()]
        else:
            words = [f"{value}{suffix}" for value in self.values.tolist()]
        body = c_values(words)
        head = f"static const {self.c_type} {name}[{len(words)}]"
        return f"/* {self.note} */\n{head} = {{\n{body}\n}};\n"


@dataclass(frozen=True)
class CStruct:
    """A constant struct.

    Attributes:
        c_type: its name in C.
        fields: name -> a number (int32_t), an array (a pointer to it), or a struct within; in the
            order of the C declaration.
    """

    c_type: str
    fields: Mapping[str, int | CArray | CStruct]

    def arrays(self) -> Iterator[tuple[str, CArray]]:
        """Every array, with its field's name, those of structs within included."""
        for name, value in self.fields.items():
            if isinstance(value, CArray):
                yield name, value
            elif isinstance(value, CStruct):
                yield from value.arrays()

    @property
    def array_bytes(self) -> int:
        """Of all arrays."""
        return sum(array.values.nbytes for _, array in self.arrays())

    def initializer(self, indent: str = "") -> str:
        """{.field = value, ...}, one field a line."""
        lines = [f"{indent}    .{name} = {self._text(name, indent)}," for name in self.fields]
        return "{\n" + "\n".join(lines) + f"\n{indent}}}"

    def _text(self, name: str, indent: str) -> str:
        value = self.fields[name]
        if isinstance(value, CStruct):
            return value.initializer(indent + "    ")
        return name if isinstance(value, CArray) else str(value)

    def memory(self) -> ctypes.Structure:
        """The struct for a call; its arrays live as long as it does."""
        kept = {
            name: np.ascontiguousarray(value.values)
            for name, value in self.fields.items()
            if isinstance(value, CArray)
        }
        within = {n: v.memory() for n, v in self.fields.items() if isinstance(v, CStruct)}
        kinds = {
            name: ctypes.c_void_p
            if name in kept
            else type(within[name])
            if name in within
            else ctypes.c_int32
            for name in self.fields
        }
        values = {
            name: kept[name].ctypes.data if name in kept else within.get(name, value)
            for name, value in self.fields.items()
        }
        return _structure(list(kinds.items()), values, (kept, within))


@dataclass(frozen=True)
class Scratch:
    """Working memory: name -> (type of an element, how many), as the C struct has them."""

    c_type: str
    arrays: Mapping[str, tuple[str, int]]

    @property
    def bytes(self) -> int:
        """Of all arrays."""
        return sum(count * _dtype(kind).itemsize for kind, count in self.arrays.values())

    def definitions(self) -> str:
        """The arrays as static variables, and the struct that points to them."""
        if not self.arrays:
            return ""
        lines = [f"static {kind} {name}[{count}];" for name, (kind, count) in self.arrays.items()]
        names = c_values(self.arrays)
        return "\n".join(lines) + f"\n\nstatic const {self.c_type} scratch = {{\n{names}\n}};\n"

    def memory(self) -> ctypes.Structure:
        """The struct for a call, on arrays that live as long as it does."""
        kept = {name: np.zeros(count, _dtype(kind)) for name, (kind, count) in self.arrays.items()}
        fields = [(name, ctypes.c_void_p) for name in kept]
        return _structure(fields, {name: array.ctypes.data for name, array in kept.items()}, kept)


def _structure(
    fields: list[tuple[str, Any]], values: Mapping[str, Any], kept: object
) -> ctypes.Structure:
    """A struct of `fields` with `values`, which holds on to what it points to."""
    made: ctypes.Structure = type("_Struct", (ctypes.Structure,), {"_fields_": fields})(**values)
    made.kept = kept
    return made


def _dtype(kind: str) -> np.dtype[Any]:
    return _DTYPES[kind]
