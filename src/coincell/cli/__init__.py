"""The command line: one file a verb; each imports its stage inside the function."""

from coincell.cli.main import main

__all__ = ["main"]
