"""The table of operators says what the tests try: not more, and not less."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from coincell.compiler import OPERATOR_TABLE
from coincell.compiler.reading.known_shapes import OF_SHAPES_ALONE
from coincell.compiler.reading.operator_readers import READERS
from coincell.compiler.reading.schema import read_records
from coincell.compiler.reading.variables import RESOURCE_OPERATORS
from compiler import random_int16, test_exactness, test_states, test_svdf
from compiler.movement_networks import MOVEMENTS, WITHOUT_TFLM
from compiler.networks import Network

_SEEDS = 40
_DATA_OPERAND = {"ASSIGN_VARIABLE": 1, "SPLIT": 1, "TRANSPOSE_CONV": 2}
"""Which input is the data, where it is not the first."""
_MADE = {"FILL", "READ_VARIABLE"}
"""Operators whose data is the output."""


def _types(tflite: bytes) -> Iterator[tuple[str, str]]:
    """(operator, element type of its data) of each operator of a file."""
    record = read_records(tflite)
    for operator in record.operators:
        if operator.name in ("CALL_ONCE", "VAR_HANDLE"):
            yield operator.name, "int8"  # they have no data; the models that use them are int8
            continue
        name = operator.name.removeprefix("custom ").strip("'")
        made = name in _MADE
        operands = operator.outputs if made else operator.inputs
        index = operands[0 if made else _DATA_OPERAND.get(name, 0)]
        yield name, record.tensors[index].type_name


def _compared_with_tflm(zoo: Path) -> Iterator[bytes]:
    """The models of test_exactness, test_movement, test_int16, test_states and test_svdf."""
    for seed in range(_SEEDS):
        for make in test_exactness.OPERATORS.values():
            network = Network(seed)
            yield network.tflite(make(network))
        for movement, types in MOVEMENTS.values():
            network = Network(seed)
            yield network.tflite(*movement(network, types[seed % len(types)]))
        for make in random_int16.OPERATORS.values():
            wide = random_int16.Int16Network(seed)
            yield wide.tflite(make(wide))
    for made in test_states.MODELS:
        yield made(test_states.Streaming(0), initialised=True)
    yield test_svdf.svdf(Network(0))
    for path in sorted(zoo.glob("*.tflite")):
        if path.stem not in test_exactness.LATER:
            yield path.read_bytes()


def _compared_with_litert() -> Iterator[bytes]:
    """The models of what TFLM lacks or has wrong."""
    for seed in range(_SEEDS):
        for movement, types in WITHOUT_TFLM.values():
            network = Network(seed)
            yield network.tflite(*movement(network, types[seed % len(types)]))
        for make in test_exactness.WITHOUT_TFLM.values():
            network = Network(seed)
            yield network.tflite(make(network))


def _found(models: Iterator[bytes]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for data in models:
        for operator, dtype in _types(data):
            found[operator].add(dtype)
    return found


def _unlike(claimed: Mapping[str, Sequence[str]], found: Mapping[str, set[str]]) -> list[str]:
    """Where the table and the tests differ, in words."""
    return [
        f"{name}: the table has {sorted(claimed[name])}, the tests {sorted(found.get(name, ()))}"
        for name in claimed
        if set(claimed[name]) != found.get(name, set())
    ]


def test_every_operator_stands_in_the_table_once_and_in_order() -> None:
    assert set(OPERATOR_TABLE) == {
        *READERS,
        *RESOURCE_OPERATORS,
        *OF_SHAPES_ALONE,
        "CIRCULAR_BUFFER",
    }
    assert list(OPERATOR_TABLE) == sorted(OPERATOR_TABLE)
    assert all(row.tested_against for row in OPERATOR_TABLE.values())


def test_the_types_are_those_that_are_compared_with_tflm(zoo: Path) -> None:
    claimed = {name: row.types for name, row in OPERATOR_TABLE.items()}
    assert _unlike(claimed, _found(_compared_with_tflm(zoo))) == []


def test_the_reference_types_are_those_that_are_compared_with_litert() -> None:
    claimed = {name: row.reference_types for name, row in OPERATOR_TABLE.items()}
    assert _unlike(claimed, _found(_compared_with_litert())) == []
