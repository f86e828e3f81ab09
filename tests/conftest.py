"""What all tests share: a cache of their own, and the folder of data beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Builds of the suite stay in the clone, not among the user's; kept from run to run.
os.environ.setdefault("COINCELL_CACHE", str(ROOT / ".pytest_cache" / "coincell"))
# TensorFlow's word on oneDNN and on the processor is no news to a test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# The same examples every time, and no word on how long one takes.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None)
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test go first: begun at the end, one would keep all but a process idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The clone's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Data and models that developers have beside the clone; a test that asks is else skipped."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder ../shared (recordings and models), which is not here")
    return folder


@pytest.fixture(scope="session")
def zoo(shared: Path) -> Path:
    """Small models with golden outputs."""
    return shared / "models" / "zoo"
