"""Calls of C kernels: what an op becomes once its kernel is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from coincell.compiler.ir.tensors import Values

ALIGNMENT = 8
"""Every tensor, and all working memory, begins at a multiple of this many bytes."""


def aligned(size: int) -> int:
    """`size` bytes, rounded up to `ALIGNMENT`."""
    return -(-size // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Scratch:
    """Working memory of one kernel call: so many bytes of the arena, free again after it."""

    bytes: int


@dataclass(frozen=True)
class Copied:
    """A constant that is copied into working memory before the call, where loads do not wait."""

    role: str
    values: Values

    @property
    def bytes(self) -> int:
        """Of the copy."""
        return self.values.nbytes


KernelArgument = str | tuple[str, Values] | Scratch | Copied | None


EXACTLY_IN_PLACE = -1
"""In `KernelCall.overlaps`: the input and the output may begin at one address, and at no others."""


@dataclass(frozen=True)
class KernelCall:
    """A call of `coincell_<kernel>(&parameters, arguments...)`.

    Attributes:
        kernel: the C file's name under runtime/kernels, such as "conv_2d" or "dsp/conv"; the
            function is called after its last part.
        parameters: the fields of `coincell_<kernel>_parameters`, in the order of the struct.
        arguments: after the parameters: a tensor's name (its place in memory), an array that
            becomes a constant of the layer under its key, working memory, or None (a null pointer).
        specialised: the kernel is an inline function; a copy of it is compiled for these
            parameters, as constants, and shared by all calls with equal ones.
        overlaps: the input tensors that may share memory with the output, and how: the call is
            right wherever address(input) >= address(output) + so many bytes, or, at
            `EXACTLY_IN_PLACE`, where they are equal. Without an entry they never share memory.
        rereads: whether constants are read many times, so that a copy in RAM saves time.
        rescaling: the form, proved exact, in which sums become outputs, for people; "" where the
            kernel has none of its own.
    """

    kernel: str
    parameters: Mapping[str, int]
    arguments: tuple[KernelArgument, ...]
    specialised: bool = False
    overlaps: Mapping[str, int] = field(default_factory=dict)
    rereads: bool = False
    rescaling: str = ""

    @property
    def function_stem(self) -> str:
        """The kernel's C name without its prefix: "conv" of "dsp/conv"."""
        return self.kernel.rpartition("/")[2]

    @property
    def scratch_bytes(self) -> int:
        """Working memory of the call, each piece aligned."""
        pieces = (item for item in self.arguments if isinstance(item, Scratch | Copied))
        return sum(aligned(item.bytes) for item in pieces)

    def with_constants_in_ram(self) -> KernelCall:
        """The same call, all its constants copied into RAM before."""
        arguments = (Copied(*item) if isinstance(item, tuple) else item for item in self.arguments)
        return replace(self, arguments=tuple(arguments))
