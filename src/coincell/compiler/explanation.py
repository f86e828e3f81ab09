"""What the compiler did with a model: pass by pass, layer by layer, byte by byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coincell.compiler.compiled import CompiledModel, CompileOptions, compile_lowered
from coincell.compiler.ir import Copied, Graph, KernelCall
from coincell.compiler.layers import shapes_text
from coincell.compiler.memory import Plan
from coincell.compiler.pipeline import PASSES, lower
from coincell.compiler.selection import Kernels, Step


@dataclass(frozen=True)
class GraphSize:
    """How large a graph is.

    Attributes:
        ops: operations.
        macs: multiply-accumulates of one inference.
        parameters: constants that it computes with.
    """

    ops: int
    macs: int
    parameters: int


@dataclass(frozen=True)
class PassEffect:
    """One pass.

    Attributes:
        name: of the pass.
        purpose: what it does, in a line.
        changed: whether the graph is another one after it.
        after: the graph's size after it.
    """

    name: str
    purpose: str
    changed: bool
    after: GraphSize


@dataclass(frozen=True)
class LayerNote:
    """One layer and how it is computed.

    Attributes:
        name: as in the C.
        place: the operator of the file.
        shapes: "[1, 8, 8, 3] -> [1, 8, 8, 4]".
        kernels: the C kernels; "dsp/" ones use the instructions of Armv7E-M.
        rescaling: how sums become outputs: the forms that were proved, "as TFLM" for a portable
            kernel's two roundings, "" where nothing is rescaled.
        streamed: whether it is computed row by row, in one region with its neighbours.
        macs, constant_bytes, scratch_bytes: of the layer.
    """

    name: str
    place: str
    shapes: str
    kernels: tuple[str, ...]
    rescaling: str
    streamed: bool
    macs: int
    constant_bytes: int
    scratch_bytes: int


@dataclass(frozen=True)
class MemoryNote:
    """Something in the arena.

    Attributes:
        what: tensors, or working memory.
        kind: "input", "output", "activation", "state" or "working memory".
        start, bytes: where it lies.
        first, last: the steps during which it is needed; -1 is the time before the first.
    """

    what: str
    kind: str
    start: int
    bytes: int
    first: int
    last: int


@dataclass(frozen=True)
class Explanation:
    """All of it.

    Attributes:
        compiled: the result.
        read: the graph as it stood in the file.
        passes: in order.
        layers: in the order of execution.
        memory: in the order of the steps, and by address.
        steps: what happens at step 0, 1, ...
    """

    compiled: CompiledModel
    read: GraphSize
    passes: tuple[PassEffect, ...]
    layers: tuple[LayerNote, ...]
    memory: tuple[MemoryNote, ...]
    steps: tuple[str, ...]


def explain(graph: Graph, name: str, options: CompileOptions | None = None) -> Explanation:
    """Compile a graph, and keep what each part of the compiler did.

    Raises:
        ModelError: as `compile_model`.
    """
    effects: list[PassEffect] = []
    purposes = {step.name: step.gives for step in PASSES}
    before = graph

    def note(pass_name: str, after: Graph) -> None:
        nonlocal before
        effects.append(PassEffect(pass_name, purposes[pass_name], after != before, _size(after)))
        before = after

    lowered = lower(graph, trace=note)
    compiled = compile_lowered(lowered, name, options)
    return Explanation(
        compiled=compiled,
        read=_size(graph),
        passes=tuple(effects),
        layers=_layers(compiled),
        memory=_memory(compiled),
        steps=_step_names(compiled),
    )


def _size(graph: Graph) -> GraphSize:
    return GraphSize(len(graph.ops), graph.macs, graph.parameters)


def _layers(compiled: CompiledModel) -> tuple[LayerNote, ...]:
    kernels = [(step, item) for step in compiled.steps for item in step.kernels]
    return tuple(
        LayerNote(
            name=layer.name,
            place=layer.place,
            shapes=shapes_text(item.op, compiled.graph),
            kernels=tuple(dict.fromkeys(call.kernel for call in item.calls)),
            rescaling=_rescaling(item),
            streamed=step.region is not None,
            macs=layer.macs,
            constant_bytes=_constant_bytes(item),
            scratch_bytes=item.scratch_bytes,
        )
        for layer, (step, item) in zip(compiled.layers, kernels, strict=True)
    )


def _rescaling(item: Kernels) -> str:
    """The forms of an op's calls, one after another."""
    return ", ".join(dict.fromkeys(form for form in map(_form, item.calls) if form))


def _form(call: KernelCall) -> str:
    roles = (argument[0] for argument in call.arguments if isinstance(argument, tuple))
    scaled = any("multiplier" in name for name in (*call.parameters, *roles))
    return call.rescaling or ("as TFLM" if scaled and not call.kernel.startswith("dsp/") else "")


def _constant_bytes(item: Kernels) -> int:
    arrays = {}
    for argument in (argument for call in item.calls for argument in call.arguments):
        if isinstance(argument, Copied):
            argument = (argument.role, argument.values)
        if isinstance(argument, tuple):
            arrays[argument[0], argument[1].tobytes()] = argument[1].nbytes
    return sum(arrays.values())


def _step_names(compiled: CompiledModel) -> tuple[str, ...]:
    """What happens at each step of the plan, up to the last that computes something."""
    count = 1 + max((step.index for step in compiled.steps), default=-1)
    names = ["rename"] * count
    number = 0
    for step in compiled.steps:
        last = number + len(step.kernels) - 1
        names[step.index] = (
            f"{compiled.layers[number].name} to {compiled.layers[last].name}, by rows"
            if step.region
            else compiled.layers[number].name
        )
        number = last + 1
    return tuple(names)


def _memory(compiled: CompiledModel) -> tuple[MemoryNote, ...]:
    plan, graph = compiled.plan, compiled.graph
    shared: dict[tuple[int, int, int], list[str]] = {}
    for name, offset in plan.offsets.items():
        time = plan.lifetimes[name]
        shared.setdefault((offset, time.first, time.last), []).append(name)
    notes = [
        MemoryNote(
            _called(compiled, names),
            _kind(graph, names),
            start,
            max(graph.tensor(name).size_bytes for name in names),
            first,
            last,
        )
        for (start, first, last), names in shared.items()
    ]
    notes += _working_memory(compiled.steps, plan)
    return tuple(sorted(notes, key=lambda note: (note.first, note.start, note.what)))


def _called(compiled: CompiledModel, names: Sequence[str]) -> str:
    """Tensors by the layers that make them; inputs and states by their own names."""
    makers = {layer.output: layer.name for layer in compiled.layers}
    told = [
        f"output of {makers[name]}"
        if name in makers
        else compiled.graph.tensor(name).source_name or name
        for name in names
    ]
    return ", ".join(told)


def _kind(graph: Graph, names: Sequence[str]) -> str:
    for kind, edge in (("input", graph.inputs), ("output", graph.outputs)):
        if set(names) & set(edge):
            return kind
    states = {name for state in graph.states for name in (state.before, state.after)}
    return "state" if set(names) & states else "activation"


def _working_memory(steps: Sequence[Step], plan: Plan) -> list[MemoryNote]:
    notes = []
    for step in steps:
        if not step.scratch_bytes:
            continue
        what = "row windows and scratch" if step.region else "scratch"
        start = plan.scratch[step.index]
        notes.append(
            MemoryNote(
                f"{what} of step {step.index}", "working memory", start, step.scratch_bytes,
                step.index, step.index,
            )
        )  # fmt: skip
    return notes
