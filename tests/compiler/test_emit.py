"""The generated C: readable, self-contained, warning-free under every compiler, C++-callable."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import (
    CompiledModel,
    CompileOptions,
    HostModel,
    compile_graph,
    compile_model,
    interpret,
    read_model,
)
from coincell.compiler.text import parse_graph
from coincell.errors import ToolchainError, UserError
from coincell.toolchain import (
    C_FLAGS,
    Compiler,
    build_shared_library,
    find_cross_compiler,
    find_host_compiler,
    host_compilers,
)
from compiler.networks import Network
from compiler.random_elementwise import chain
from compiler.random_networks import OPERATORS, whole_network

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "compiler"

TINY = """
graph tiny(%x) -> %y
  input  %x: int8[1, 2, 3] q(0.5, 3)
  const  %w: int8[2, 6] q(0.25, 0) = [1, -2, 3, -4, 5, 6, -7, 8, 9, -10, 11, 12]
  const  %b: int32[2] = [100, -1073741824]
  %flat: int8[1, 6] q(0.5, 3) = reshape(%x) at "Operator 0 (RESHAPE)"
  %z: int8[1, 2] q(0.75, -10) = fully_connected(%flat, %w, %b) clamp=(-10, 127)
  %y: int8[1, 2] q(0.00390625, -128) = softmax(%z) beta=1.0 at "Operator 2 (SOFTMAX)"
"""


def _all_operators() -> CompiledModel:
    """A network that uses every kernel at least once."""
    network = Network(5)
    image = network.input((1, 8, 8, 4))
    x = network.conv_2d(image, 4, (3, 3))
    x = network.add(x, network.depthwise_conv_2d(x, 1, (3, 3)))
    x = network.concatenation([x, network.pool_2d(x, True, (2, 2), (1, 1))], 3)
    x = network.pool_2d(x, False, (2, 2), (2, 2))
    x = network.elementwise(network.pad(x, [(0, 0), (1, 1), (0, 0), (0, 0)]), 114)
    tanh = network.elementwise(x, 28)
    mean = network.mean(tanh, (1, 2), keep=False)
    return compile_model(network.tflite(network.softmax(network.fully_connected(mean, 3))), "all")


def _write(compiled: CompiledModel, folder: Path) -> list[str]:
    """Lay out the sources; returns the names of the C files."""
    for path, text in compiled.sources.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return sorted(path for path in compiled.sources if path.endswith(".c"))


@pytest.mark.parametrize("arena", ["static", "caller"])
@pytest.mark.parametrize("suffix", ["h", "c"])
def test_the_code_is_the_golden_one(arena: str, suffix: str) -> None:
    options = CompileOptions(arena="caller" if arena == "caller" else "static")
    compiled = compile_graph(parse_graph(TINY), "tiny", options)
    golden = GOLDEN / f"tiny_{arena}.{suffix}"
    assert compiled.sources[f"tiny.{suffix}"] == golden.read_text()


def test_only_what_is_needed_comes_along(keyword_model: bytes) -> None:
    sources = compile_model(keyword_model, "kws").sources
    assert {"kws.h", "kws.c", "kernels/conv_2d.c", "kernels/fixed_point.h"} <= set(sources)
    assert "kernels/add.c" not in sources


@pytest.mark.parametrize("compiler", host_compilers(), ids=lambda compiler: str(compiler.name))
def test_every_host_compiler_takes_the_code(compiler: Compiler) -> None:
    compiled = _all_operators()
    assert len({layer.kind for layer in compiled.layers}) >= 11
    random = np.random.default_rng(0)
    shape = compiled.inputs[0].shape
    inputs = random.integers(-128, 128, (8, *shape)).astype(np.int8)
    expected = interpret(compiled.graph, inputs)[0]
    assert np.array_equal(HostModel(compiled, compiler).run(inputs), expected)


@pytest.mark.parametrize("prefer", ["gcc", "zig"])
def test_the_code_is_freestanding_on_the_board(prefer: str, tmp_path: Path) -> None:
    """Nothing of a C library but memcpy and memset; helpers of the compiler aside."""
    try:
        compiler = find_cross_compiler("cortex-m4f", prefer=prefer)
    except ToolchainError as error:
        pytest.skip(f"no {prefer} for cortex-m4f: {error.message}")
    for unit in _write(_all_operators(), tmp_path):
        flags = ["-O2", "-ffreestanding", "-I", ".", "-c", unit, "-o", f"{unit}.o"]
        compiler.run([*C_FLAGS, *flags], directory=tmp_path)
    objects = list(tmp_path.rglob("*.o"))
    allowed = {"memcpy", "memset"}
    for missing in _undefined(objects) - allowed:
        assert missing.startswith(("coincell_", "__aeabi_")), missing


def _undefined(objects: list[Path]) -> set[str]:
    from elftools.elf.elffile import ELFFile

    names: set[str] = set()
    for path in objects:
        with path.open("rb") as stream:
            table = ELFFile(stream).get_section_by_name(".symtab")
            names |= {
                symbol.name
                for symbol in table.iter_symbols()
                if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name
            }
    return names


def test_the_header_serves_cpp(tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    compiled = compile_graph(parse_graph(TINY), "tiny")
    units = _write(compiled, tmp_path)
    host = find_host_compiler()
    host.run([*C_FLAGS, "-I", ".", "-c", *units], directory=tmp_path)
    (tmp_path / "main.cpp").write_text(
        """
#include "tiny.h"
int main() {
    const int shape[] = TINY_INPUT_0_SHAPE;
    static_assert(TINY_INPUT_0_SCALE == 0.5f && TINY_INPUT_0_ZERO_POINT == 3, "quantization");
    static_assert(sizeof(shape) / sizeof(shape[0]) == TINY_INPUT_0_RANK, "rank");
    if (tiny_init() != 0) return 1;
    for (int i = 0; i < TINY_INPUT_0_ELEMENTS; ++i) tiny_input(0)[i] = static_cast<int8_t>(i);
    if (tiny_invoke() != 0) return 2;
    return tiny_output(0)[0] + tiny_output(0)[1] >= -1 ? 0 : 3;
}
"""
    )
    objects = [path.name for path in tmp_path.glob("*.o")]
    subprocess.run(
        [compiler, "-Wall", "-Wextra", "-Werror", "-I", ".", "main.cpp", *objects, "-o", "main"],
        cwd=tmp_path,
        check=True,
    )
    subprocess.run([tmp_path / "main"], check=True)


def _library(options: CompileOptions) -> ctypes.CDLL:
    compiled = compile_graph(parse_graph(TINY), "tiny", options)
    library = ctypes.CDLL(str(build_shared_library("tiny_bare", compiled.sources)))
    for name in ("tiny_input", "tiny_output"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def test_indices_are_checked() -> None:
    library = _library(CompileOptions())
    assert library.tiny_init() == 0
    for name in ("tiny_input", "tiny_output"):
        address = getattr(library, name)
        assert address(0)
        assert address(1) is None
        assert address(-1) is None


def test_the_callers_arena_is_checked() -> None:
    library = _library(CompileOptions(arena="caller"))
    library.tiny_init.argtypes = [ctypes.c_void_p]
    assert library.tiny_invoke() == 1
    assert library.tiny_input(0) is None
    memory = ctypes.create_string_buffer(4096)
    aligned = (ctypes.addressof(memory) + 15) // 16 * 16
    assert library.tiny_init(None) == 1
    assert library.tiny_init(aligned + 4) == 1
    assert library.tiny_invoke() == 1
    assert library.tiny_init(aligned) == 0
    assert library.tiny_invoke() == 0
    assert aligned <= library.tiny_output(0) < aligned + 64


def test_the_callers_arena_gives_the_same_bytes() -> None:
    network = Network(3)
    data = network.tflite(whole_network(network))
    inputs = network.samples(10)
    expected = interpret(read_model(data), inputs)[0]
    caller = compile_model(data, "model", CompileOptions(arena="caller"))
    assert np.array_equal(HostModel(caller).run_many(inputs)[0], expected)


@pytest.mark.parametrize("name", ["", "9lives", "a-b", "int main(void)", "x" * 60, "ä"])
def test_a_name_that_is_none_in_c_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        compile_graph(parse_graph(TINY), name)


def test_a_model_that_only_renames_is_compiled() -> None:
    network = Network(0)
    data = network.tflite(network.reshape(network.input((1, 2, 3)), (1, 6)))
    compiled = compile_model(data, "renaming")
    assert compiled.layers == ()
    inputs = network.samples(3)[0]
    assert np.array_equal(HostModel(compiled).run(inputs), inputs.reshape(3, 6))


@pytest.mark.parametrize("name", ["input", "output", "init", "00_filter"])
def test_the_names_of_constants_meet_no_others(name: str) -> None:
    network = Network(0)
    x = network.input((1, 4))
    addend = network.constant([1, 2, 3, 4], "int8", 0.25)
    network.tensors[addend].name = name
    data = network.tflite(network.fully_connected(network.add(addend, x), 2))
    inputs = network.samples(5)
    expected = interpret(read_model(data), inputs)[0]
    assert np.array_equal(HostModel(compile_model(data, "named")).run(inputs[0]), expected)


def test_equal_constants_are_stored_once() -> None:
    graph = parse_graph(
        """
graph twins(%x) -> %y, %z
  input  %x: int8[1, 4] q(0.5, 3)
  const  %w: int8[2, 4] q(0.25, 0) = [1, -2, 3, -4, 5, 6, -7, 8]
  const  %v: int8[2, 4] q(0.25, 0) = [1, -2, 3, -4, 5, 6, -7, 8]
  %y: int8[1, 2] q(0.75, -10) = fully_connected(%x, %w) clamp=(-128, 127)
  %z: int8[1, 2] q(0.75, -10) = fully_connected(%x, %v) clamp=(-128, 0)
"""
    )
    compiled = compile_graph(graph, "twins")
    assert compiled.sources["twins.c"].count("1, -2, 3, -4, 5, 6, -7, 8") == 1
    assert compiled.constant_bytes == 8 + 4 + 1


def test_layers_have_functions_and_costs(keyword_model: bytes) -> None:
    compiled = compile_model(keyword_model, "kws")
    code = compiled.sources["kws.c"]
    for layer in compiled.layers:
        assert code.count(f"static NOINLINE void {layer.symbol}(void)") == 1
        assert code.count(f"    {layer.symbol}();") == 1
    assert [layer.symbol for layer in compiled.layers[:2]] == [
        "kws_layer_00_conv_2d",
        "kws_layer_01_depthwise_conv_2d",
    ]
    # The figures of MLPerf Tiny's model, counted from its published structure.
    assert compiled.macs == sum(layer.macs for layer in compiled.layers) == 2_656_768
    filters = 10 * 4 * 64 + 4 * (9 * 64 + 64 * 64) + 64 * 12
    assert compiled.parameters == filters + 9 * 64 + 12
    assert sum(layer.weight_bytes for layer in compiled.layers) == filters + 4 * (9 * 64 + 12)


SANITIZED_MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "model.h"
int main(int count, char **arguments)
{
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : 0;
    if (!file || model_init() != 0) {
        return 1;
    }
    while (fread(model_input(0), 1, MODEL_INPUT_0_BYTES, file) == MODEL_INPUT_0_BYTES) {
        if (model_invoke() != 0) {
            return 2;
        }
        fwrite(model_output(0), 1, MODEL_OUTPUT_0_BYTES, stdout);
    }
    return fclose(file);
}
"""


# One process reads one input; a concatenation is in the whole network.
SANITIZED = (*sorted(set(OPERATORS) - {"concatenation"}), "elementwise chain", "whole network")


@pytest.mark.parametrize("operator", SANITIZED)
def test_the_code_has_no_undefined_behaviour(operator: str, tmp_path: Path) -> None:
    compilers = [compiler for compiler in host_compilers() if compiler.name in ("gcc", "clang")]
    if not compilers:
        pytest.skip("needs gcc or clang with its sanitizers")
    network = Network(77)
    others = {"elementwise chain": chain, "whole network": whole_network}
    make = {**OPERATORS, **others}[operator]
    compiled = compile_model(network.tflite(make(network)), "model")
    (tmp_path / "main.c").write_text(SANITIZED_MAIN)
    units = [*_write(compiled, tmp_path), "main.c"]
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", "."]
    try:
        compilers[0].run([*C_FLAGS, *flags, *units, "-o", "main"], directory=tmp_path)
    except ToolchainError as error:
        if "asan" in error.message or "ubsan" in error.message:
            pytest.skip("the compiler has no sanitizers")
        raise
    inputs = network.samples(20)
    (tmp_path / "inputs.bin").write_bytes(inputs[0].tobytes())
    done = subprocess.run(
        [tmp_path / "main", tmp_path / "inputs.bin"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    expected = interpret(compiled.graph, inputs)[0]
    assert done.stdout == expected.tobytes()
