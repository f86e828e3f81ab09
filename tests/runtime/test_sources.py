"""The runtime's C as text, and as a library."""

from __future__ import annotations

import re

import pytest

from coincell.errors import InternalError
from coincell.runtime import c_sources, load_library

GROUPS = ("kernels", "features", "decision")


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_holds_its_own_files_and_every_file_it_includes(group: str) -> None:
    sources = c_sources(group)
    assert any(path.endswith(".c") for path in sources)
    assert all(path.startswith(f"{group}/") for path in sources)
    for path, text in sources.items():
        for included in re.findall(r'#include "([^"]+)"', text):
            assert included in sources, f"{path} includes {included}"


def test_groups_are_joined_and_none_is_nothing() -> None:
    assert c_sources() == {}
    assert c_sources("decision", "features") == c_sources("decision") | c_sources("features")


def test_an_unknown_group_is_our_fault() -> None:
    with pytest.raises(InternalError, match="sketches"):
        c_sources("sketches")


def test_a_library_is_loaded_once_and_has_the_device_s_functions() -> None:
    library = load_library("features")
    assert library is load_library("features")
    assert library.coincell_features_window
    assert library.coincell_features_run_batch


def test_loops_for_the_host_stay_off_the_device() -> None:
    found = c_sources(*GROUPS)
    assert not any(path.endswith("_batch.c") or "host" in path for path in found)


@pytest.mark.parametrize("group", ["features", "decision"])
def test_the_c_is_integers_without_memory_or_libraries(group: str) -> None:
    allowed = {"stdint.h", "string.h", "stddef.h"}
    for path, text in c_sources(group).items():
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        assert not re.search(r"\b(float|double|malloc|free)\b", code), path
        assert set(re.findall(r"#include <([^>]+)>", code)) <= allowed
