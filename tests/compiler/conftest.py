"""Models to test with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def zoo(shared: Path) -> Path:
    """Small models with golden outputs."""
    return shared / "models" / "zoo"


@pytest.fixture(scope="session")
def zoo_index(zoo: Path) -> dict[str, Any]:
    """What the zoo says of its models."""
    index: dict[str, Any] = json.loads((zoo / "INDEX.json").read_text())
    return index


@pytest.fixture(scope="session")
def keyword_model(shared: Path) -> bytes:
    """MLPerf Tiny's keyword-spotting model."""
    return (shared / "models" / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
