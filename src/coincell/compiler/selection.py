"""Which kernels compute each op, for a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coincell.compiler.dsp import DSP_KERNELS
from coincell.compiler.ir import Graph, KernelCall, Op
from coincell.compiler.targets import Target


@dataclass(frozen=True)
class Step:
    """One op that runs, and its kernels.

    Attributes:
        index: of the op in the graph.
        op: what is computed.
        calls: in the order in which they run.
    """

    index: int
    op: Op
    calls: tuple[KernelCall, ...]

    @property
    def scratch_bytes(self) -> int:
        """Working memory: calls run one after another and share it."""
        return max((call.scratch_bytes for call in self.calls), default=0)

    @property
    def overlaps(self) -> Mapping[str, int]:
        """Inputs that may share memory with the output; see `KernelCall.overlaps`.

        Only where one call does all: a second one might read what the first has overwritten.
        """
        return self.calls[0].overlaps if len(self.calls) == 1 and len(self.op.outputs) == 1 else {}


def select(graph: Graph, target: Target, optimize: str) -> tuple[Step, ...]:
    """The steps of a lowered graph; ops that only rename bytes have none.

    Raises:
        ModelError: an op has no kernel; it is named with its place.
    """
    return tuple(
        Step(index, op, _calls(op, graph, target, optimize))
        for index, op in enumerate(graph.ops)
        if not op.attributes.aliases_input
    )


def _calls(op: Op, graph: Graph, target: Target, optimize: str) -> tuple[KernelCall, ...]:
    if target.dsp:
        for candidate in DSP_KERNELS.get(op.kind, ()):
            calls = candidate(op, graph, optimize)
            if calls is not None:
                return calls
    return op.attributes.kernel_calls(op, graph)
