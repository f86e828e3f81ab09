"""What a .tflite costs on a target, and whether it is exact: the figures of `coincell bench`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from coincell.board.comparison import Difference, first_difference
from coincell.board.energy import InferenceEnergy, inference_energy
from coincell.board.measurement import Measurement
from coincell.board.model import ModelBoard
from coincell.board.samples import Arrays
from coincell.compiler import (
    CompiledModel,
    CompileOptions,
    Graph,
    HostModel,
    OracleError,
    OracleProcess,
    Target,
    compile_graph,
    deviations,
    load_model_bytes,
    oracle_available,
    oracle_version,
    read_model,
)
from coincell.errors import ModelError
from coincell.firmware import (
    MODELLED_CORE,
    Board,
    LibrarySizes,
    build_model_image,
    library_sizes,
    roomy_board,
)
from coincell.toolchain import Compiler, find_cross_compiler

_EMULATED = "cortex-m"


@dataclass(frozen=True)
class BenchTarget:
    """What to measure for.

    Attributes:
        name: as the user typed it: a board's, or a processor's.
        processor: whose code is made.
        board: its memory and clock; None for a processor alone, which has no clock.
        prefer: "gcc" or "zig" to insist on a compiler; "" for the first that is there.
    """

    name: str
    processor: Target
    board: Board | None = None
    prefer: str = ""

    @property
    def emulated(self) -> bool:
        """Whether the virtual board runs its code."""
        return self.processor.core.startswith(_EMULATED)

    def compiler(self) -> Compiler | None:
        """The cross compiler; None where none is needed."""
        if self.processor.core in ("", "host"):
            return None
        return find_cross_compiler(self.processor.core, self.prefer)


@dataclass(frozen=True)
class BenchModel:
    """A model file: its name, its bytes, and what they mean."""

    name: str
    tflite: bytes
    graph: Graph

    @classmethod
    def read(cls, path: Path) -> Self:
        """The model in a file; raises as `read_model`."""
        return cls(path.name, load_model_bytes(path), read_model(path))


@dataclass(frozen=True)
class Expected:
    """What the outputs are compared with: arrays, and whose they are.

    Without arrays there is nothing to compare with, and the name says why.
    """

    outputs: Sequence[Arrays] | None
    name: str


@dataclass(frozen=True)
class BenchLayer:
    """A layer, or the dispatch between them; counts are None where nothing was counted."""

    name: str
    ops: tuple[str, ...]
    instructions: int | None
    cycles: int | None
    flash_loads: int | None
    macs: int


@dataclass(frozen=True)
class Bench:
    """One model with one setting on one target; None is what could not be measured there.

    Attributes:
        model: the file's name.
        target, optimize: as asked for.
        compiler, flags: that built the C.
        model_sha256: of the file.
        instructions, flash_loads: exact, of one invoke on the first sample.
        cycles: the Cortex-M4 model at zero wait states.
        cycles_flash: with the waits for flash_loads.
        latency_ms, latency_range_ms: cycles_flash at the board's clock, and how far to trust it.
        energy_uj, energy_flash_uj: what the core takes for `cycles` and for `cycles_flash`, with
            the DC/DC converter on; None where the board's currents are not known.
        flash_bytes, ram_bytes, stack_bytes: the library's.
        image_flash_bytes, image_ram_bytes: start-up and the stack's reserve included.
        macs: multiply-accumulates that are left to compute.
        exact: whether every output byte of every sample is the oracle's; None without an oracle.
        oracle: its name and version, or the file of expected outputs; in parentheses why it did
            not answer; None where it is not installed.
        difference: the first value that is not as expected; None where there is none.
        samples: how many were compared.
        ran_on: "virtual board", or "host library" where the target cannot be run.
        layers: in the order in which they run.
    """

    model: str
    target: str
    optimize: str
    compiler: str | None
    flags: str | None
    model_sha256: str
    instructions: int | None
    cycles: int | None
    flash_loads: int | None
    cycles_flash: int | None
    latency_ms: float | None
    latency_range_ms: tuple[float, float] | None
    energy_uj: float | None
    energy_flash_uj: float | None
    flash_bytes: int | None
    ram_bytes: int | None
    stack_bytes: int | None
    image_flash_bytes: int | None
    image_ram_bytes: int | None
    macs: int
    exact: bool | None
    oracle: str | None
    difference: Difference | None
    samples: int
    ran_on: str
    layers: tuple[BenchLayer, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON object of all fields."""
        return asdict(self)


@dataclass(frozen=True)
class _Run:
    """What running a model gave."""

    outputs: list[Arrays]
    cost: Measurement | None
    sizes: LibrarySizes | None
    image_bytes: tuple[int, int] | None


def bench_model(
    model: BenchModel,
    target: BenchTarget,
    options: CompileOptions,
    inputs: Sequence[Arrays],
    ask: Callable[[], Expected | None],
    progress: Callable[[int, int], None] | None = None,
) -> Bench:
    """Compile a model for a target, run it on `inputs`, measure it on the first of them.

    Args:
        model: what to measure.
        target: what to measure for.
        options: how to compile; the target's processor among them.
        inputs: one array an input, samples first.
        ask: gives what the outputs must be, or None; it is called once the model has run, so that
            no oracle sees a model that is refused. See `oracle_outputs`.
        progress: called with samples done and their number.

    Raises:
        ModelError: the model cannot be compiled.
        UserError: `inputs` or what `ask` gives do not fit it.
        DoesNotFit: the image is larger than the board.
        ToolchainError: there is no compiler for the target.
        MissingExtraError: the extra "emulator" is needed and not installed.
    """
    compiled = compile_graph(model.graph, "model", options)
    ran = _run_emulated if target.emulated else _run_on_host
    run = ran(compiled, target, inputs, progress)
    expected = ask()
    cost = run.cost
    modelled = cost if target.processor.core == MODELLED_CORE else None
    timed = modelled if target.board and target.board.latency else None
    known_wait = target.board is None or target.board.latency is not None
    energy = _energy(timed, target.board)
    wanted = expected.outputs if expected else None
    difference = None if wanted is None else first_difference(compiled, run.outputs, wanted)
    return Bench(
        model=model.name,
        target=target.name,
        optimize=options.optimize,
        compiler=run.sizes.compiler if run.sizes else None,
        flags=run.sizes.flags if run.sizes else None,
        model_sha256=hashlib.sha256(model.tflite).hexdigest(),
        instructions=cost.instructions if cost else None,
        cycles=modelled.cycles if modelled else None,
        flash_loads=cost.flash_loads if cost else None,
        cycles_flash=modelled.cycles_flash if modelled and known_wait else None,
        latency_ms=timed.latency_ms if timed else None,
        latency_range_ms=timed.latency_range_ms if timed else None,
        energy_uj=energy.energy_uj if energy else None,
        energy_flash_uj=energy.energy_flash_uj if energy else None,
        flash_bytes=run.sizes.flash_bytes if run.sizes else None,
        ram_bytes=run.sizes.ram_bytes if run.sizes else None,
        stack_bytes=cost.stack_bytes if cost else None,
        image_flash_bytes=run.image_bytes[0] if run.image_bytes else None,
        image_ram_bytes=run.image_bytes[1] if run.image_bytes else None,
        macs=compiled.macs,
        exact=None if wanted is None else difference is None,
        oracle=expected.name if expected else None,
        difference=difference,
        samples=len(inputs[0]) if inputs else 1,
        ran_on="virtual board" if cost else "host library",
        layers=_layers(compiled, cost, bool(modelled)),
    )


def oracle_outputs(tflite: bytes, inputs: Sequence[Arrays]) -> Expected | None:
    """What TensorFlow Lite Micro makes of `inputs`, in a process of its own.

    None where it is not installed; without outputs where it refuses the model, crashes on it, does
    not end, or is not followed (docs/deviations.md).

    Raises:
        UserError: `inputs` do not fit the model.
    """
    if not oracle_available():
        return None
    name = oracle_version()
    departing = deviations(tflite, inputs)
    if departing:
        return Expected(None, f"{name} (it is not followed for {departing[0]})")
    try:
        with OracleProcess(tflite) as oracle:
            return Expected(oracle.run_many(inputs), name)
    except OracleError as error:
        return Expected(None, f"{name} ({error.reason})")
    except ModelError as error:
        return Expected(None, f"{name} ({error.message.rstrip('.')})")


def _run_emulated(
    compiled: CompiledModel,
    target: BenchTarget,
    inputs: Sequence[Arrays],
    progress: Callable[[int, int], None] | None,
) -> _Run:
    board = target.board or roomy_board()
    with TemporaryDirectory(prefix="coincell-bench-") as folder:
        built = build_model_image(compiled, board, Path(folder), target.compiler())
    with ModelBoard(compiled, built, target.processor.core) as virtual:
        outputs = virtual.run(inputs, progress)
        cost = virtual.measure(inputs)
    sizes = built.image.image_flash_bytes, built.image.image_ram_bytes
    return _Run(outputs, cost, built.sizes, sizes)


def _run_on_host(
    compiled: CompiledModel,
    target: BenchTarget,
    inputs: Sequence[Arrays],
    progress: Callable[[int, int], None] | None,
) -> _Run:
    del progress
    outputs = HostModel(compiled).run_many(inputs)
    return _Run(outputs, None, library_sizes(compiled, target.compiler()), None)


def _energy(cost: Measurement | None, board: Board | None) -> InferenceEnergy | None:
    if cost is None or board is None:
        return None
    return inference_energy(cost.cycles, cost.cycles_flash, board)


def _layers(
    compiled: CompiledModel, cost: Measurement | None, modelled: bool
) -> tuple[BenchLayer, ...]:
    if cost is None:
        return tuple(
            BenchLayer(layer.name, layer.ops, None, None, None, layer.macs)
            for layer in compiled.layers
        )
    return tuple(
        BenchLayer(
            part.name,
            part.ops,
            part.instructions,
            part.cycles if modelled else None,
            part.flash_loads,
            part.macs,
        )
        for part in cost.layers
    )
