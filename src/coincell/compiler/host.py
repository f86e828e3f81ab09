"""Running the generated C on this computer, many inputs a call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coincell.compiler.compiled import CompiledModel
from coincell.compiler.interpret import output_samples, samples_of
from coincell.compiler.ir import Values
from coincell.errors import InternalError, UserError
from coincell.toolchain import Compiler, build_shared_library

_HARNESS = "coincell_host_harness.c"


def compiled_model_library(compiled: CompiledModel, compiler: Compiler | None = None) -> Path:
    """A shared library of the model's C and a loop over samples, built or taken from the cache.

    Raises:
        ToolchainError: no compiler, or it refused the code.
    """
    sources = {**compiled.sources, _HARNESS: _harness(compiled)}
    return build_shared_library(compiled.name, sources, flags=("-O2",), compiler=compiler)


class HostModel:
    """A compiled model in this process. Its memory is static: use it from one thread."""

    def __init__(self, compiled: CompiledModel, compiler: Compiler | None = None) -> None:
        self.compiled = compiled
        self._library = ctypes.CDLL(str(compiled_model_library(compiled, compiler)))
        self._run = self._library.coincell_host_run
        self._run.argtypes = [ctypes.c_int64, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        self._run.restype = ctypes.c_int

    def run(self, inputs: Values, consecutive: bool = False) -> Values:
        """Outputs [n, *sample_shape] of a model with one input and one output.

        Args:
            inputs: [n, *shape], with or without the batch of 1, in the input's type.
            consecutive: each sample finds the state that the one before it left.

        Raises:
            UserError: the array does not fit, or the model has more inputs or outputs.
        """
        if len(self.compiled.outputs) != 1:
            raise UserError(f"The model has {len(self.compiled.outputs)} outputs; use run_many.")
        return self.run_many([inputs], consecutive)[0]

    def run_many(self, inputs: Sequence[Values], consecutive: bool = False) -> list[Values]:
        """One array an output from one array an input, n samples each."""
        graph = self.compiled.graph
        arrays = samples_of([graph.tensor(name) for name in graph.inputs], inputs)
        tensors = [graph.tensor(name) for name in graph.outputs]
        count = len(arrays[0])
        results = [np.zeros((count, *tensor.shape), tensor.dtype.numpy) for tensor in tensors]
        code = self._run(count, int(consecutive), _addresses(arrays), _addresses(results))
        if code != 0:
            raise InternalError(f"The compiled model {self.compiled.name!r} returned {code}.")
        return output_samples(tensors, results)


def _addresses(arrays: Sequence[Values]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))


def _harness(compiled: CompiledModel) -> str:
    """C that copies each sample in, runs the model, and copies the results out."""
    name, upper = compiled.name, compiled.name.upper()
    caller = compiled.options.arena == "caller"
    arena = (
        f"static _Alignas({upper}_ARENA_ALIGNMENT) int8_t memory[{upper}_ARENA_BYTES];\n"
        if caller
        else ""
    )
    fill = "\n".join(
        f"        memcpy({name}_input({i}), (const char *)inputs[{i}] + "
        f"sample * {upper}_INPUT_{i}_BYTES, {upper}_INPUT_{i}_BYTES);"
        for i in range(len(compiled.inputs))
    )
    read = "\n".join(
        f"        memcpy((char *)outputs[{i}] + sample * {upper}_OUTPUT_{i}_BYTES, "
        f"{name}_output({i}), {upper}_OUTPUT_{i}_BYTES);"
        for i in range(len(compiled.outputs))
    )
    return f"""\
#include <string.h>

#include "{name}.h"

{arena}
/* inputs[i]: [count, input i]; outputs[i]: [count, output i]. State is reset before each sample, or
 * before the first alone where they are consecutive. */
int coincell_host_run(int64_t count, int consecutive, const void *const *inputs,
                      void *const *outputs)
{{
    for (int64_t sample = 0; sample < count; ++sample) {{
        int code = consecutive && sample ? 0 : {name}_init({"memory" if caller else ""});
        if (code != 0) {{
            return code;
        }}
{fill}
        code = {name}_invoke();
        if (code != 0) {{
            return code;
        }}
{read}
    }}
    return 0;
}}
"""
