"""docs/deviations.md, as far as a file shows it."""

from __future__ import annotations

from pathlib import Path

from coincell.compiler import deviations
from compiler.networks import Network

DEPARTS = {"relu6_alone_rescale"}


def test_a_relu6_that_rescales_is_named() -> None:
    network = Network(seed=1)
    x = network.input((1, 8))
    network.tensors[x].scale = 0.05
    rescaling = network.elementwise(x, 21)
    kept = network.elementwise(rescaling, 21, same=True)
    assert deviations(network.tflite(kept)) == ("Operator 0 (RELU6)",)


def test_space_to_batch_departs_where_it_pads() -> None:
    found = []
    for zero_point, padding in ((3, 2), (3, 0), (0, 2)):
        network = Network(seed=2)
        x = network.input((1, 4, 4, 2))
        network.tensors[x].zero_point = zero_point
        blocks = network.constant([2, 2], "int32")
        amounts = network.constant([[0, padding], [0, 0]], "int32")
        y = network.like(x, (4, (4 + padding) // 2, 2, 2))
        network.operator(38, [x, blocks, amounts], y)
        found.append(deviations(network.tflite(y)))
    departs = ("Operator 0 (SPACE_TO_BATCH_ND)",)
    assert found == [departs, (), departs]


def test_of_the_zoo_one_model_departs(zoo: Path) -> None:
    assert {path.stem for path in zoo.glob("*.tflite") if deviations(path.read_bytes())} == DEPARTS
