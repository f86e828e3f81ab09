"""The acquisition format that collecting tools exchange: JSON or CBOR, signed or not.

    {"protected": {"ver": "v1", "alg": "HS256" or "none", "iat": seconds},
     "signature": 64 hexadecimal digits, zeros if none,
     "payload": {"device_name", "device_type", "interval_ms",
                 "sensors": [{"name", "units"}, ...], "values": [[...], ...]}}

The signature is HMAC-SHA256 over the file as it is with 64 zeros in the signature's place.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coincell.errors import DataError, MissingExtraError

MAX_VALUES = 1 << 25
_MAX_SENSORS = 64
_NO_SIGNATURE = "0" * 64
_CBOR_MAPS = (*range(0xA1, 0xB8), 0xB8, 0xB9, 0xBA, 0xBF)
_SHAPE = "It holds protected, signature and payload, as docs/collecting.md shows."

Form = Literal["json", "cbor"]


@dataclass(frozen=True)
class Acquisition:
    """One recording.

    Attributes:
        names: of the channels.
        units: of the channels.
        values: float64 [n, channels].
        interval_ms: between readings.
        device_name: which device took it.
        device_type: of which kind.
        kind: "acquisition JSON" or "acquisition CBOR".
        verified: whether its signature was checked, and is right.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float64]
    interval_ms: float
    device_name: str = ""
    device_type: str = ""
    kind: str = ""
    verified: bool = False


def is_acquisition(content: bytes) -> bool:
    """Whether a file can be one: a JSON object, or a map of CBOR."""
    return content[:64].lstrip()[:1] == b"{" or (content[:1] != b"" and content[0] in _CBOR_MAPS)


def read_acquisition(content: bytes, name: str, key: bytes | None = None) -> Acquisition:
    """A file -> a recording; with a key, its signature must be right.

    Raises:
        DataError: it is no acquisition, a value is no number, or the signature is wrong.
        MissingExtraError: it is CBOR, and the extra "acquisition" is not installed.
    """
    is_json = content[:64].lstrip()[:1] == b"{"
    whole = _of_json(content, name) if is_json else _of_cbor(content, name)
    payload = whole.get("payload") if isinstance(whole, dict) else None
    if not isinstance(payload, dict):
        raise DataError(f"{name}: not an acquisition: it has no payload.", _SHAPE)
    if key is not None:
        _check_signature(content, whole, key, name)
    names, units = _sensors(payload, name)
    interval = _number(payload.get("interval_ms"))
    if not 1e-4 <= interval <= 1e8:
        raise DataError(
            f"{name}: interval_ms is a positive number of milliseconds; received "
            f"{_told(payload.get('interval_ms'))}.",
            _SHAPE,
        )
    return Acquisition(
        names,
        units,
        _values(payload.get("values"), len(names), name),
        interval,
        _text(payload.get("device_name")),
        _text(payload.get("device_type")),
        "acquisition JSON" if is_json else "acquisition CBOR",
        key is not None,
    )


def write_acquisition(
    recording: Acquisition, form: Form, key: bytes | None = None, made_at: int = 0
) -> bytes:
    """A recording -> a file, signed if there is a key; the same one gives the same bytes.

    Raises:
        MissingExtraError: CBOR is wanted, and the extra "acquisition" is not installed.
    """
    values = recording.values.tolist()
    if not np.mod(recording.values, 1).any():
        values = recording.values.astype(np.int64).tolist()
    whole = {
        "protected": {"ver": "v1", "alg": "none" if key is None else "HS256", "iat": made_at},
        "signature": _NO_SIGNATURE,
        "payload": {
            "device_name": recording.device_name,
            "device_type": recording.device_type,
            "interval_ms": recording.interval_ms,
            "sensors": [
                {"name": name, "units": unit}
                for name, unit in zip(recording.names, recording.units, strict=True)
            ],
            "values": values,
        },
    }
    if form == "json":
        content = json.dumps(whole, allow_nan=False, ensure_ascii=False).encode()
    else:
        content = bytes(_cbor().dumps(whole))
    if key is None:
        return content
    signature = hmac.new(key, content, hashlib.sha256).hexdigest()
    return content.replace(_NO_SIGNATURE.encode(), signature.encode(), 1)


def _check_signature(content: bytes, whole: dict[str, Any], key: bytes, name: str) -> None:
    protected = whole.get("protected")
    algorithm = protected.get("alg") if isinstance(protected, dict) else None
    given = whole.get("signature")
    if algorithm != "HS256" or not isinstance(given, str) or len(given) != 64:
        raise DataError(
            f"{name}: with a key, an acquisition must be signed with HS256; received "
            f"{str(algorithm)[:40]!r}.",
            "Take the key away to import what is not signed.",
        )
    told = given.encode("ascii", "replace")
    right = ""
    if content.count(told) == 1:
        blank = content.replace(told, _NO_SIGNATURE.encode())
        right = hmac.new(key, blank, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), told.lower()):
        raise DataError(
            f"{name}: its signature is wrong: it was changed, or signed with another key.",
            "Get the file again from where it was recorded.",
        )


def _of_json(content: bytes, name: str) -> Any:
    def refuse(text: str) -> float:
        raise DataError(f"{name}: a value is no number: {text}.", "Mend or delete that reading.")

    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: not readable JSON: {str(error)[:120]}.", _SHAPE) from error


def _of_cbor(content: bytes, name: str) -> Any:
    package = _cbor()
    try:
        return package.loads(content)
    except (ValueError, TypeError, EOFError, RecursionError, OverflowError, MemoryError,
            ArithmeticError, LookupError, package.CBORError) as error:  # fmt: skip
        raise DataError(f"{name}: not readable CBOR: {str(error)[:120]}.", _SHAPE) from error


def _cbor() -> Any:
    try:
        import cbor2
    except ImportError as error:
        raise MissingExtraError("acquisition", "cbor2", "CBOR") from error
    return cbor2


def _sensors(payload: dict[str, Any], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sensors = payload.get("sensors")
    good = isinstance(sensors, list) and 0 < len(sensors) <= _MAX_SENSORS
    if not good or not all(
        isinstance(sensor, dict)
        and isinstance(sensor.get("name"), str)
        and isinstance(sensor.get("units", ""), str)
        for sensor in sensors or ()
    ):
        raise DataError(
            f"{name}: sensors is a list of 1 to {_MAX_SENSORS}, each with name and units.", _SHAPE
        )
    assert isinstance(sensors, list)
    return (
        tuple(sensor["name"] for sensor in sensors),
        tuple(sensor.get("units", "") for sensor in sensors),
    )


def _values(values: Any, sensors: int, name: str) -> NDArray[np.float64]:
    """A list of readings, or with one sensor of numbers -> float64 [n, sensors]."""
    if isinstance(values, list) and values and isinstance(values[0], str):
        raise DataError(
            f"{name}: its values refer to a file that is not in it ({values[0][:40]!r}).",
            "Export the recordings with their values.",
        )
    if not isinstance(values, list) or not values or len(values) * sensors > MAX_VALUES:
        raise DataError(f"{name}: values is a list of readings, at most {MAX_VALUES} numbers.")
    rows = np.empty((len(values), sensors))
    for place, reading in enumerate(values):
        numbers = reading if isinstance(reading, list) else [reading]
        if len(numbers) != sensors:
            raise DataError(
                f"{name}: reading {place} has {len(numbers)} numbers; there are {sensors} sensors.",
                "Record it again, or delete that reading.",
            )
        for column, value in enumerate(numbers):
            rows[place, column] = number = _number(value)
            if not math.isfinite(number):
                raise DataError(
                    f"{name}: reading {place} is no number: {_told(value)}.",
                    "Mend or delete that reading.",
                )
    return rows


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _told(value: Any) -> str:
    """A value in a message: short, whatever it is; Python writes no integer of 4301 digits."""
    if isinstance(value, int) and value.bit_length() > 100:
        return "a very large number"
    return repr(value)[:40] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _number(value: Any) -> float:
    """A finite number as float; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
