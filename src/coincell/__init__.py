"""Coincell: from recordings to a model that runs on a microcontroller."""

__version__ = "0.1.0"

__all__ = ["__version__"]
