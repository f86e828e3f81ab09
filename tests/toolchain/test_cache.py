"""What was built once is not built again, and what failed leaves nothing."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.errors import ToolchainError, UserError
from coincell.toolchain import build_cached


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path))
    return tmp_path


class Recorder:
    """Fills the folder and counts its calls."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.calls = 0

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        (folder / "out").write_text(self.text)


def test_equal_parts_are_built_once() -> None:
    build = Recorder("x")
    first = build_cached("kind", {"a": "1", "b": b"2"}, build)
    second = build_cached("kind", {"b": "2", "a": "1"}, build)
    assert first == second
    assert (first / "out").read_text() == "x"
    assert build.calls == 1


def test_the_boundary_between_parts_counts() -> None:
    """Parts that run together to the same bytes are different parts."""
    variants = [{"ab": "c"}, {"a": "bc"}, {"a": "b", "c": ""}, {"abc": ""}, {"a": "", "b": "c"}]
    places = {build_cached("kind", parts, Recorder("x")) for parts in variants}
    assert len(places) == len(variants)


_PARTS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)


@given(_PARTS, _PARTS)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_the_key_is_the_parts(first: dict[str, str], second: dict[str, str]) -> None:
    places = [build_cached("kind", parts, Recorder("x")) for parts in (first, second)]
    assert (places[0] == places[1]) == (first == second)


def test_a_failed_build_leaves_no_trace(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise ToolchainError("refused")

    with pytest.raises(ToolchainError):
        build_cached("kind", {"a": "1"}, fail)
    left = [path.name for path in (cache / "builds").iterdir() if path.suffix != ".lock"]
    assert left == []
    assert (build_cached("kind", {"a": "1"}, Recorder("x")) / "out").is_file()


def test_a_full_disk_is_told_as_such() -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="disk is full"):
        build_cached("kind", {"a": "1"}, fail)


def test_those_who_ask_at_once_get_one_build() -> None:
    build = Recorder("x")
    places: list[Path] = []
    threads = [
        threading.Thread(target=lambda: places.append(build_cached("kind", {"a": "1"}, build)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(places) == 8
    assert len(set(places)) == 1
    assert build.calls == 1


def test_what_a_killed_process_left_is_cleared_away(cache: Path) -> None:
    place = build_cached("kind", {"a": "1"}, Recorder("x"))
    left_over = place.parent / f".{place.name}-killed"
    place.rename(left_over)
    assert build_cached("kind", {"a": "1"}, Recorder("y")) == place
    assert (place / "out").read_text() == "y"
    assert not left_over.exists()
