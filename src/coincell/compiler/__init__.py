""".tflite -> Graph -> passes -> plan -> C11, exact to TFLM; needs no TensorFlow."""

from coincell.compiler.bundle import bundle_files
from coincell.compiler.compiled import (
    CompiledModel,
    CompileOptions,
    TensorInfo,
    compile_graph,
    compile_model,
)
from coincell.compiler.deviations import deviations
from coincell.compiler.explanation import Explanation, MemoryNote, explain
from coincell.compiler.host import HostModel, compiled_model_library
from coincell.compiler.interpret import interpret, output_samples, samples_of
from coincell.compiler.ir import DType, Graph, Quantization, Tensor
from coincell.compiler.layers import Layer
from coincell.compiler.operator_table import OPERATOR_TABLE, OperatorSupport
from coincell.compiler.oracle import (
    Oracle,
    OracleError,
    OracleProcess,
    oracle_available,
    oracle_version,
)
from coincell.compiler.passes import rounded_channels
from coincell.compiler.pipeline import lower
from coincell.compiler.reading import load_model_bytes, read_model
from coincell.compiler.targets import GENERIC, TARGETS, Target, target_of_core
from coincell.compiler.text import print_graph

__all__ = [
    "GENERIC",
    "OPERATOR_TABLE",
    "TARGETS",
    "CompileOptions",
    "CompiledModel",
    "DType",
    "Explanation",
    "Graph",
    "HostModel",
    "Layer",
    "MemoryNote",
    "OperatorSupport",
    "Oracle",
    "OracleError",
    "OracleProcess",
    "Quantization",
    "Target",
    "Tensor",
    "TensorInfo",
    "bundle_files",
    "compile_graph",
    "compile_model",
    "compiled_model_library",
    "deviations",
    "explain",
    "interpret",
    "load_model_bytes",
    "lower",
    "oracle_available",
    "oracle_version",
    "output_samples",
    "print_graph",
    "read_model",
    "rounded_channels",
    "samples_of",
    "target_of_core",
]
