"""Models to test with."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def keyword_model(shared: Path) -> bytes:
    """MLPerf Tiny's keyword-spotting model."""
    return (shared / "models" / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
