"""Passes: graph in, graph out, meaning unchanged; one a file, listed in pipeline.py."""

from coincell.compiler.passes._base import Pass

__all__ = ["Pass"]
