"""TensorFlow Lite Micro's kernels, which most tests of the compiler hold it to."""

from __future__ import annotations

import pytest

from coincell.compiler import oracle_available

needs_oracle = pytest.mark.skipif(
    not oracle_available(), reason="needs the package tflite-micro (Linux on x86-64)"
)
