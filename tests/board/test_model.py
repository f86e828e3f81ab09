"""A model alone on the virtual board: its outputs, its costs by layer, and what it adds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from coincell.board import ModelBoard, measure_model
from coincell.compiler import (
    GENERIC,
    TARGETS,
    CompiledModel,
    CompileOptions,
    Target,
    compile_model,
    interpret,
)
from coincell.errors import BoardError, ToolchainError, UserError
from coincell.firmware import build_model_image, library_sizes, load_board
from coincell.toolchain import Compiler, find_cross_compiler
from compiler.networks import Network

BOARD = load_board("nano33ble")


def network() -> tuple[Network, bytes]:
    """int8 [1, 6, 6, 4] -> 3x3 convolution -> depthwise -> fully connected, two outputs."""
    made = Network(seed=11)
    x = made.input((1, 6, 6, 4))
    first = made.conv_2d(x, 8, (3, 3))
    second = made.depthwise_conv_2d(first, 1, (3, 3), activation=1)
    return made, made.tflite(made.fully_connected(second, 5), second)


def compiled(options: CompileOptions | None = None) -> CompiledModel:
    return compile_model(network()[1], "small", options)


def cross_compiler(name: str) -> Compiler:
    try:
        return find_cross_compiler(prefer=name)
    except ToolchainError:
        pytest.skip(f"no {name} for Cortex-M4 on this computer")


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("target", [GENERIC, TARGETS["cortex-m4"]], ids=lambda target: target.name)
def test_the_board_gives_what_the_graph_means(compiler: str, target: Target) -> None:
    model = compiled(CompileOptions(target=target))
    inputs = network()[0].samples(12)
    measured = measure_model(model, inputs, compiler=cross_compiler(compiler))
    for ours, meant in zip(measured.outputs, interpret(model.graph, inputs), strict=True):
        np.testing.assert_array_equal(ours, meant)
    cost = measured.cost
    assert [part.symbol for part in cost.layers] == [
        *(layer.symbol for layer in model.layers),
        "small_invoke",
    ]
    assert sum(part.macs for part in cost.layers) == model.macs
    for field in ("instructions", "cycles", "flash_loads"):
        assert sum(getattr(part, field) for part in cost.layers) == getattr(cost, field)
    assert all(part.instructions > part.macs / 2 for part in cost.layers)
    assert 0 < cost.stack_bytes < 1024
    assert measured.image.flash_bytes > model.constant_bytes
    assert model.arena_bytes <= measured.image.ram_bytes < model.arena_bytes + 16


def test_costs_are_those_of_the_first_sample_alone(tmp_path: Path) -> None:
    model = compiled()
    inputs = network()[0].samples(3)
    with ModelBoard(model, build_model_image(model, BOARD, tmp_path)) as board:
        before = board.measure(inputs)
        for _ in range(2):
            meant = interpret(model.graph, inputs)
            np.testing.assert_array_equal(board.run(inputs)[0], meant[0])
        assert board.measure(inputs) == before
        second = board.measure([array[1:] for array in inputs])
        assert second.instructions != before.instructions, "rounding differs by the data"


@pytest.mark.parametrize("name", ["cortex-m33", "cortex-m7", "cortex-m0plus"])
@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_other_cores_run_too(name: str, compiler: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    model = compiled(CompileOptions(target=target))
    inputs = network()[0].samples(3)
    try:
        chosen = find_cross_compiler(target.core, compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for {name} on this computer")
    image = build_model_image(model, BOARD, tmp_path, chosen)
    with ModelBoard(model, image, core=target.core) as board:
        outputs = board.run(inputs)
        assert board.measure(inputs).instructions > model.macs
    np.testing.assert_array_equal(outputs[0], interpret(model.graph, inputs)[0])


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_processor_has_sizes(name: str) -> None:
    model = compiled(CompileOptions(target=TARGETS[name]))
    try:
        sizes = library_sizes(model)
    except ToolchainError:
        pytest.skip(f"no compiler for {name} on this computer")
    if name == "generic":
        assert sizes is None
        return
    assert sizes is not None
    assert model.constant_bytes < sizes.flash_bytes < model.constant_bytes + 16_000
    assert model.arena_bytes <= sizes.ram_bytes < model.arena_bytes + 64
    assert "-O2" in sizes.flags


def more(model: CompiledModel, code: str, body: str) -> CompiledModel:
    """`model` with `code` before its invoke, and `body` at the beginning of that."""
    old = "int small_invoke(void)\n{\n"
    source = model.sources["small.c"]
    assert old in source
    changed = source.replace(old, f"{code}\n{old}{body}\n")
    return dataclasses.replace(model, sources={**model.sources, "small.c": changed})


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_what_a_model_adds_is_counted(compiler: str, tmp_path: Path) -> None:
    chosen = cross_compiler(compiler)

    def sizes(name: str, model: CompiledModel) -> tuple[int, int]:
        built = build_model_image(model, BOARD, tmp_path / name, chosen)
        return built.flash_bytes, built.ram_bytes

    model = compiled()
    tables = "static const uint32_t table[250] = {1};\nstatic volatile int8_t room[512];"
    flash, ram = sizes("plain", model)
    with_tables = sizes(
        "tables", more(model, tables, "    room[table[small_input(0)[0] & 127]] = 1;")
    )
    assert 1000 + 8 <= with_tables[0] - flash <= 1000 + 64, "the table, and the code that reads it"
    assert with_tables[1] - ram == 512
    unused = "extern const uint32_t unused[250];\nconst uint32_t unused[250] = {1};"
    assert sizes("unused", more(model, unused, "")) == (flash, ram), "what nobody uses is dropped"
    division = more(
        model,
        "static volatile uint64_t big = 7;",
        "    big = 99999999999u / big;",
    )
    assert sizes("division", division)[0] - flash > 200, "the compiler's helpers count"


def test_the_image_without_the_model_has_no_memory_functions(tmp_path: Path) -> None:
    """Else a model that needs memset would have it for nothing."""
    from coincell.firmware import read_elf

    build_model_image(compiled(), BOARD, tmp_path)
    elf = read_elf((tmp_path / "empty" / "firmware.elf").read_bytes())
    assert {"memset", "memcpy", "memmove"}.isdisjoint(elf.labels)
    functions = {symbol.name for symbol in elf.symbols if symbol.function}
    handlers = {name for name in functions if name.startswith("interrupt_")}
    fault = elf.symbol("image_fault").address
    assert {elf.symbol(name).address for name in handlers} == {fault}, "no code of their own"
    assert functions - handlers == {"image_reset", "image_fault", "main"}


def test_memory_of_the_caller_counts_too() -> None:
    inputs = network()[0].samples(2)
    own, callers = compiled(), compiled(CompileOptions(arena="caller"))
    measured = measure_model(callers, inputs)
    np.testing.assert_array_equal(measured.outputs[0], interpret(own.graph, inputs)[0])
    assert callers.arena_bytes < measured.image.ram_bytes < callers.arena_bytes + 32


def test_the_stack_below_invoke_is_measured_to_the_byte() -> None:
    peaks = []
    for words in (100, 400):
        deep = (
            "__attribute__((naked, noinline, used)) static void deep(void)\n"
            f'{{ __asm volatile("sub sp, sp, #{4 * words}\\n mov r0, #{words}\\n mov r1, sp\\n'
            "1: str r0, [r1], #4\\n subs r0, r0, #1\\n bne 1b\\n"
            f' add sp, sp, #{4 * words}\\n bx lr\\n"); }}\n'
        )
        model = more(compiled(), deep, "    deep();")
        peaks.append(measure_model(model, network()[0].samples(2)).cost.stack_bytes)
    assert peaks[1] - peaks[0] == 1200
    assert 400 <= peaks[0] <= 400 + 64, "what calls invoke is not counted"


def test_a_model_that_fails_or_does_not_fit_its_inputs_is_told() -> None:
    failing = more(compiled(), "static volatile int code = 7;", "    if (code) return code;")
    inputs = network()[0].samples(2)
    with pytest.raises(BoardError, match="small_invoke on the board returned 7"):
        measure_model(failing, inputs)
    with pytest.raises(UserError, match="samples of shape"):
        measure_model(compiled(), [inputs[0][..., :2]])
