"""Models converted with an open batch: the images that a file does not mention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coincell.compiler import deviations, interpret, read_model
from coincell.errors import ModelError
from compiler.litert import needs_litert, run_litert
from compiler.networks import VALID, Network


def _dilated(seed: int, block: tuple[int, ...], flat: bool) -> tuple[Network, int]:
    """A convolution among divided images; `flat`: of signals, which become images for it alone."""
    network = Network(seed)
    pixels = int(np.prod(block))
    sizes = (1, *((12,) if flat else (8, 12)), 3)
    x = network.input(sizes)
    blocks = network.constant(block, "int32")
    nothing = network.constant(np.zeros((len(block), 2)), "int32")
    inner = [size // by for size, by in zip(sizes[1:], block, strict=False)]
    divided = network.like(x, (pixels, *inner, 3))
    network.operator(38, [x, blocks, nothing], divided)
    image = network.reshape(divided, (pixels, 1, *inner, 3)) if flat else divided
    made = network.conv_2d(image, 4, (1 if flat else 3, 3), padding=VALID)
    shape = network.shape(made)
    if flat:
        made = network.reshape(made, (pixels, *shape[2:]))
    inner = [size * by for size, by in zip(network.shape(made)[1:], block, strict=False)]
    woven = network.like(made, (1, *inner, 4))
    network.operator(37, [made, blocks, nothing], woven)
    return network, network.elementwise(woven, 19)


def _left_open(network: Network) -> None:
    """As the converter writes an open batch: 1 everywhere, with a signature of -1."""
    network.tensors = [
        tensor
        if tensor.data is not None
        else replace(tensor, shape=(1, *tensor.shape[1:]), signature=(-1, *tensor.shape[1:]))
        for tensor in network.tensors
    ]


@pytest.mark.parametrize(("block", "flat"), [((2, 2), False), ((1, 3), False), ((3,), True)])
def test_images_come_back(block: tuple[int, ...], flat: bool) -> None:
    network, y = _dilated(1, block, flat)
    true = network.tflite(y)
    samples = network.samples(8)
    _left_open(network)
    left_open = network.tflite(y)
    wanted, made = (interpret(read_model(tflite), samples)[0] for tflite in (true, left_open))
    assert wanted.tobytes() == made.tobytes()
    assert deviations(true) == ()
    assert deviations(left_open)[0] == "Operator 0 (SPACE_TO_BATCH_ND)"


@needs_litert
@pytest.mark.parametrize("flat", [False, True])
def test_as_litert_computes_them(flat: bool) -> None:
    network, y = _dilated(2, (2,) if flat else (2, 2), flat)
    _left_open(network)
    tflite, samples = network.tflite(y), network.samples(8)
    assert (
        interpret(read_model(tflite), samples)[0].tobytes()
        == run_litert(tflite, samples)[0].tobytes()
    )


def test_a_batch_that_is_not_open_is_believed() -> None:
    network, y = _dilated(3, (2, 2), flat=False)
    divided = network.operators[0].outputs[0]
    network.tensors[divided].shape = (1, 4, 6, 3)
    with pytest.raises(ModelError, match=r"Operator 0 \(SPACE_TO_BATCH_ND\)"):
        read_model(network.tflite(y))


@pytest.mark.parametrize("block", [(0, 2), (-1, 2), (2**30, 2**30)])
def test_blocks_that_are_none_are_refused(block: tuple[int, ...]) -> None:
    network, y = _dilated(4, (2, 2), flat=False)
    _left_open(network)
    network.tensors[network.operators[0].inputs[1]].data = np.array(block, np.int32)
    with pytest.raises(ModelError):
        read_model(network.tflite(y))
