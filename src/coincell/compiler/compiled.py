"""A compiled model, and what it is made with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coincell.compiler.apart import fused_outputs, taken_apart, taken_apart_at
from coincell.compiler.emission import emit_sources, kernel_sources
from coincell.compiler.interpret import sample_shape
from coincell.compiler.ir import Graph, Tensor
from coincell.compiler.layers import Layer, layers_of
from coincell.compiler.memory import (
    Plan,
    plan_memory,
    reordered,
    with_all_copies,
    with_copies_that_fit,
)
from coincell.compiler.pipeline import lower
from coincell.compiler.reading import read_model
from coincell.compiler.selection import KernelTable, Selection, Step, select
from coincell.compiler.streaming.choice import select_for_memory
from coincell.compiler.targets import GENERIC, Target
from coincell.errors import UserError

_C_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")

_MOST_TAKEN_APART = 4
"""Ops that are tried as two, one by one, where memory counts most; each takes another search."""


@dataclass(frozen=True)
class CompileOptions:
    """How C is made of a model.

    Attributes:
        target: which processor the C is made for.
        optimize: what matters most.
        arena: "static": the generated C holds its own memory; "caller": NAME_init(arena) takes it.
        keep_input: inputs keep what the caller wrote, so that they need no refill before each
            call; costs arena.
    """

    target: Target = GENERIC
    optimize: Literal["balanced", "speed", "size", "ram"] = "balanced"
    arena: Literal["static", "caller"] = "static"
    keep_input: bool = False


@dataclass(frozen=True)
class TensorInfo:
    """An input or output as a caller sees it.

    Attributes:
        name: what the model calls it.
        shape: with the batch, as in the model.
        sample_shape: without a leading batch of 1.
        dtype: as NumPy calls it.
        scale, zero_point: real = scale * (integer - zero_point); 1.0 and 0 for plain integers.
    """

    name: str
    shape: tuple[int, ...]
    sample_shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True)
class CompiledModel:
    """A model as C, and all that is known of it.

    Attributes:
        name: prefix of every symbol and file.
        graph: after all passes; its `interpret` is what the C computes.
        steps: what runs, in order: kernels, and what is streamed row by row.
        plan: where activations lie; step i of its lifetimes is steps' index i.
        options: what it was made with.
        sources: relative path -> text: NAME.h, NAME.c, and the kernels that they need; #include
            paths start at the tree's root.
        layers: in the order of execution.
        arena_bytes: RAM for activations, inputs and outputs included.
        keep_input_bytes: how much of it is there only because inputs are kept; where they are not,
            how much it would be.
        macs, parameters: of one inference; of the model.
        constant_bytes: flash that the constants take.
    """

    name: str
    graph: Graph
    steps: tuple[Step, ...]
    plan: Plan
    options: CompileOptions
    sources: Mapping[str, str]
    layers: tuple[Layer, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    arena_bytes: int
    keep_input_bytes: int
    macs: int
    parameters: int
    constant_bytes: int


def compile_model(tflite: bytes, name: str, options: CompileOptions | None = None) -> CompiledModel:
    """Make C of a .tflite model.

    Args:
        tflite: the file's bytes.
        name: a C identifier; prefix of all symbols, and the files' name.
        options: the defaults unless given.

    Raises:
        ModelError: the file is broken, or an operator is missing (named, with its place).
        UserError: the name is no C identifier.
    """
    return compile_graph(read_model(tflite, name), name, options)


def compile_graph(graph: Graph, name: str, options: CompileOptions | None = None) -> CompiledModel:
    """Make C of a graph that was read before; otherwise as `compile_model`."""
    return compile_lowered(lower(graph), name, options)


def compile_lowered(
    lowered: Graph, name: str, options: CompileOptions | None = None
) -> CompiledModel:
    """Make C of a graph that has been through all passes; otherwise as `compile_model`."""
    chosen = options or CompileOptions()
    if not _C_NAME.fullmatch(name):
        raise UserError(
            f"{name!r} cannot be the name of a compiled model.",
            hint="Use letters, digits and underscores, a letter first, at most 48 characters.",
        )
    arranged = _best_arrangement(lowered, chosen)
    lowered, selection, plan = arranged.graph, arranged.selection, arranged.plan
    kept_input_bytes = arranged.keep_input_bytes
    if chosen.optimize in ("balanced", "ram"):
        selection, plan = with_copies_that_fit(selection, plan)
    steps = selection.steps
    emitted = emit_sources(lowered, steps, plan, name, caller_arena=chosen.arena == "caller")
    sources = {**emitted.files, **kernel_sources(emitted.kernels)}
    return CompiledModel(
        name=name,
        graph=lowered,
        steps=steps,
        plan=plan,
        options=chosen,
        sources=sources,
        layers=layers_of(lowered, name),
        inputs=tuple(_info(lowered.tensor(tensor)) for tensor in lowered.inputs),
        outputs=tuple(_info(lowered.tensor(tensor)) for tensor in lowered.outputs),
        arena_bytes=plan.arena_bytes,
        keep_input_bytes=kept_input_bytes,
        macs=lowered.macs,
        parameters=lowered.parameters,
        constant_bytes=emitted.constant_bytes,
    )


@dataclass(frozen=True)
class _Arrangement:
    """An order of ops, what computes them, and where their tensors lie.

    Attributes:
        graph: in this order.
        selection: its steps.
        plan: as the options ask for.
        keep_input_bytes: what keeping the inputs costs.
    """

    graph: Graph
    selection: Selection
    plan: Plan
    keep_input_bytes: int


def _best_arrangement(graph: Graph, options: CompileOptions) -> _Arrangement:
    """With ops that are two in one, unless two need less memory: then some or all of these.

    One op is faster and shorter, and mostly needs less memory: what lies between is nowhere. But
    its working memory, rows of its inputs and rows of its output are there at once, which with
    rows kept for a later op may be more than either of two has.
    """
    best = _in_best_order(graph, options)
    fused = fused_outputs(graph)
    if not fused or options.optimize == "speed":
        return best
    apart: tuple[str, ...] = ()
    for output in fused[: -_MOST_TAKEN_APART - 1 : -1] if options.optimize == "ram" else ():
        tried = _in_best_order(taken_apart_at(graph, (*apart, output)), options)
        if tried.plan.arena_bytes < best.plan.arena_bytes:
            best, apart = tried, (*apart, output)
    if len(apart) < len(fused):
        tried = _in_best_order(taken_apart(graph), options)
        if tried.plan.arena_bytes < best.plan.arena_bytes:
            best = tried
    return best


def _in_best_order(graph: Graph, options: CompileOptions) -> _Arrangement:
    """In the order of the file, or in the one that keeps least alive where that needs less."""
    table = KernelTable(graph, options.target, options.optimize)
    best = _arrangement(table, options)
    other = reordered(graph)
    if other is not graph:
        tried = _arrangement(table.in_order_of(other), options)
        if tried.plan.arena_bytes < best.plan.arena_bytes:
            return tried
    return best


def _arrangement(table: KernelTable, options: CompileOptions) -> _Arrangement:
    """Streamed where memory counts most; all weights copied to RAM where speed does."""
    if options.optimize == "ram":
        selection = select_for_memory(table, options.keep_input)
    else:
        selection = select(table)
    if options.optimize == "speed":
        selection = with_all_copies(selection)
    plain = plan_memory(selection.graph, steps=selection.steps)
    keeping = plan_memory(selection.graph, keep_input=True, steps=selection.steps)
    cost = max(0, keeping.arena_bytes - plain.arena_bytes)
    return _Arrangement(table.graph, selection, keeping if options.keep_input else plain, cost)


def _info(tensor: Tensor) -> TensorInfo:
    quantization = tensor.quantization
    return TensorInfo(
        name=tensor.source_name or tensor.name,
        shape=tensor.shape,
        sample_shape=sample_shape(tensor),
        dtype=tensor.dtype.value,
        scale=quantization.scale if quantization else 1.0,
        zero_point=quantization.zero_point if quantization else 0,
    )
