"""Reading FlatBuffers tables from untrusted bytes: every offset is checked before it is followed.

The layout is that of the FlatBuffers documentation ("FlatBuffers Internals"): a table begins with a
signed 32-bit distance back to its vtable; a vtable is a list of 16-bit field offsets, the first two
being its own size and the table's. The generated readers of the flatbuffers package trust all of
these, so a damaged file can make them read anything; this one raises ModelError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ModelError

_HINT = "The file is cut short or damaged; make or fetch it again."


def _damaged(position: int, what: str) -> NoReturn:
    raise ModelError(f"The .tflite file is damaged: {what} (at byte {position}).", _HINT)


def _unpack(data: bytes, position: int, form: str, what: str) -> Any:
    """One number at `position`, in struct's notation `form`."""
    size = struct.calcsize(form)
    if position < 0 or position + size > len(data):
        _damaged(position, f"{what} lies outside the file of {len(data)} bytes")
    return struct.unpack_from(form, data, position)[0]


@dataclass(frozen=True)
class Table:
    """A table somewhere in a file.

    Attributes:
        data: the whole file.
        position: where the table begins.
    """

    data: bytes
    position: int

    def _field(self, slot: int) -> int | None:
        """Where field number `slot` is, or None if it has its default."""
        back = _unpack(self.data, self.position, "<i", "a table")
        vtable = self.position - back
        size = _unpack(self.data, vtable, "<H", "a vtable")
        entry = 4 + 2 * slot
        if entry + 2 > size:
            return None
        offset = _unpack(self.data, vtable + entry, "<H", "a vtable's entry")
        return self.position + offset if offset else None

    def scalar(self, slot: int, form: str, default: Any = 0) -> Any:
        """A number, in struct's notation `form` ("<i" is int32)."""
        place = self._field(slot)
        return default if place is None else _unpack(self.data, place, form, "a field")

    def _target(self, slot: int) -> int | None:
        """Where the offset in field `slot` leads."""
        place = self._field(slot)
        if place is None:
            return None
        return place + int(_unpack(self.data, place, "<I", "an offset"))

    def table(self, slot: int) -> Table | None:
        """A table that this one refers to."""
        place = self._target(slot)
        return None if place is None else Table(self.data, place)

    def _vector(self, slot: int, item_size: int, limit: int, what: str) -> tuple[int, int]:
        """(number of items, where the first is) of a vector; an absent one is empty."""
        place = self._target(slot)
        if place is None:
            return 0, 0
        count = int(_unpack(self.data, place, "<I", what))
        first = place + 4
        if first + count * item_size > len(self.data):
            _damaged(place, f"{what} with {count} items runs past the file's end")
        if count > limit:
            _damaged(place, f"{what} has {count} items; at most {limit} are allowed")
        return count, first

    def numbers(self, slot: int, dtype: str, limit: int, what: str) -> NDArray[Any]:
        """A vector of numbers of NumPy type `dtype` ("<i4"), at most `limit` of them."""
        count, first = self._vector(slot, np.dtype(dtype).itemsize, limit, what)
        return np.frombuffer(self.data, dtype, count, first)

    def raw(self, slot: int, what: str) -> memoryview:
        """A vector of bytes, as a view into the file."""
        count, first = self._vector(slot, 1, len(self.data), what)
        return memoryview(self.data)[first : first + count]

    def text(self, slot: int, what: str, limit: int = 4096) -> str:
        """A string; what is not UTF-8 is replaced."""
        count, first = self._vector(slot, 1, limit, what)
        return self.data[first : first + count].decode("utf-8", "replace")

    def tables(self, slot: int, limit: int, what: str) -> list[Table]:
        """A vector of tables, at most `limit` of them."""
        count, first = self._vector(slot, 4, limit, what)
        places = (first + 4 * index for index in range(count))
        return [Table(self.data, at + int(_unpack(self.data, at, "<I", what))) for at in places]


def root_table(data: bytes, identifier: bytes) -> Table:
    """The root of a file that bears `identifier` in its bytes 4 to 7."""
    if len(data) < 8:
        raise ModelError(
            f"The .tflite file has {len(data)} bytes; a model has more.",
            hint="An empty or cut file: make or fetch it again.",
        )
    if data[4:8] != identifier:
        raise ModelError(
            f"This is no .tflite file: bytes 4 to 7 are {data[4:8]!r}, not {identifier!r}.",
            hint="Give a TensorFlow Lite model (.tflite), for instance from TFLiteConverter.",
        )
    return Table(data, int(_unpack(data, 0, "<I", "the root")))
