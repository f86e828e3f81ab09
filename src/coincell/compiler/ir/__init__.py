"""The compiler's intermediate representation: small, typed, frozen, printable.

A `Graph` is a list of `Op`s in the order of execution over named `Tensor`s. What an op does stands
in its attribute class (one a kind, in `operators/`), which knows how to check, interpret and emit
itself: a `KernelCall` is what an op becomes in C. Nothing is ever changed in place: passes make new
graphs.
"""

from coincell.compiler.ir.graph import Attributes, Graph, Op, SeveralOutputs, State
from coincell.compiler.ir.kernel_call import (
    ALIGNMENT,
    EXACTLY_IN_PLACE,
    Copied,
    KernelArgument,
    KernelCall,
    Scratch,
    aligned,
)
from coincell.compiler.ir.tensors import DType, Quantization, Tensor, Values

__all__ = [
    "ALIGNMENT",
    "EXACTLY_IN_PLACE",
    "Attributes",
    "Copied",
    "DType",
    "Graph",
    "KernelArgument",
    "KernelCall",
    "Op",
    "Quantization",
    "Scratch",
    "SeveralOutputs",
    "State",
    "Tensor",
    "Values",
    "aligned",
]
