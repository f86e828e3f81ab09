"""Fast kernels for Armv7E-M: which ops they compute, and how their constants are packed.

Each function here takes an op, its graph and what to optimize for, and returns the calls that
compute the op exactly, or None where it cannot prove that they would: then the next one is asked,
and in the end the portable kernel runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coincell.compiler.dsp.add import weighted_sum
from coincell.compiler.dsp.copies import KINDS as _COPIED
from coincell.compiler.dsp.copies import fixed_copies
from coincell.compiler.dsp.depthwise import depthwise_3x3, dilated_3x3
from coincell.compiler.dsp.depthwise_general import depthwise, in_groups
from coincell.compiler.dsp.fully_connected import dense
from coincell.compiler.dsp.int16 import convolution_int16, dense_int16, depthwise_int16
from coincell.compiler.dsp.lstm import lstm_blocks
from coincell.compiler.dsp.mul import product
from coincell.compiler.dsp.pool_2d import pool, reduction
from coincell.compiler.dsp.prelu import prelu
from coincell.compiler.dsp.residual_add import convolution_and_add
from coincell.compiler.dsp.resize_bilinear import bilinear
from coincell.compiler.dsp.strip_convolution import strip_convolution
from coincell.compiler.dsp.svdf import svdf_blocks
from coincell.compiler.dsp.tables import table
from coincell.compiler.dsp.transpose_conv import spread_convolution
from coincell.compiler.ir import Graph, KernelCall, Op

Candidate = Callable[[Op, Graph, str], tuple[KernelCall, ...] | None]

DSP_KERNELS: Mapping[str, tuple[Candidate, ...]] = {
    **dict.fromkeys(_COPIED, (fixed_copies,)),
    "add": (weighted_sum,),
    "average_pool_2d": (pool,),
    "conv_2d": (convolution_int16, strip_convolution),
    "conv_2d_add": (convolution_and_add,),
    "depthwise_conv_2d": (depthwise_int16, in_groups, depthwise_3x3, dilated_3x3, depthwise),
    "fully_connected": (dense_int16, dense),
    "lstm": (lstm_blocks,),
    "max_pool_2d": (pool,),
    "mean": (reduction,),
    "mul": (product,),
    "prelu": (prelu,),
    "reduce_max": (reduction,),
    "requantize": (table,),
    "resize_bilinear": (bilinear,),
    "sub": (weighted_sum,),
    "svdf": (svdf_blocks,),
    "transpose_conv": (spread_convolution,),
    "sum": (reduction,),
}
"""Kind of op -> what may compute it, the best first."""

__all__ = ["DSP_KERNELS", "Candidate"]
