"""MUL on Armv7E-M: the exact product, and the cheapest proved requantization of it."""

from __future__ import annotations

from coincell.compiler.dsp.add import is_repeated
from coincell.compiler.dsp.requantization import choose_requantization
from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import Mul


def product(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_product; None where the requantization was not proved.

    Both inputs have the output's shape, or one has its last dimensions and is repeated.
    """
    del optimize
    attributes = op.attributes
    first, second, target = (graph.tensor(name) for name in (*op.inputs, op.output))
    if not isinstance(attributes, Mul) or target.quantization is None:
        return None
    if {tensor.dtype for tensor in (first, second, target)} != {DType.INT8}:
        return None
    if first.elements < second.elements:
        first, second = second, first
    if not is_repeated(first, second, target):
        return None
    corners = [
        (a - first.zero_point) * (b - second.zero_point) for a in (-128, 127) for b in (-128, 127)
    ]
    multiplier, shift = attributes.multiplier(op, graph)
    chosen = choose_requantization(
        multiplier, shift, target.zero_point, attributes.clamp, min(corners), max(corners), 0
    )
    if chosen is None:
        return None
    rows = target.elements // second.elements
    parameters = {
        "rows": rows,
        "count": second.elements,
        "first_zero_point": first.zero_point,
        "second_zero_point": second.zero_point,
        "left_shift": chosen.left_shift,
        "right_shift": chosen.right_shift,
        "bias": int(chosen.biases[0]),
        "multiplier": int(chosen.multipliers[0]),
        "offset": int(chosen.offsets[0]),
        "step": int(chosen.steps[0]),
        "clamp_min": attributes.clamp[0],
        "clamp_max": attributes.clamp[1],
    }
    in_place = (first, second) if rows == 1 else (first,)
    overlaps = {tensor.name: 0 for tensor in in_place if not tensor.is_constant}
    arguments = (first.name, second.name, target.name)
    form = chosen.form.name.lower()
    return (KernelCall("dsp/product", parameters, arguments, True, overlaps, rescaling=form),)
