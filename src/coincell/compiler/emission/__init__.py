"""Steps and their plan -> C11: the model's header, its constants and layers, and the kernels."""

from coincell.compiler.emission.kernel_sources import kernel_sources
from coincell.compiler.emission.sources import EmittedSources, emit_sources

__all__ = ["EmittedSources", "emit_sources", "kernel_sources"]
