"""Files are whole or absent, and a lock is held by one."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coincell import files
from coincell.errors import UserError


def test_hashes_are_sha256(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000  # more than one chunk
    path = tmp_path / "data"
    path.write_bytes(data)
    expected = hashlib.sha256(data).hexdigest()
    assert files.sha256_file(path) == files.sha256_bytes(data) == expected


@pytest.mark.parametrize("data", ["text, ünï", b"\x00\xff"])
def test_a_write_makes_folders_and_holds_the_bytes(tmp_path: Path, data: str | bytes) -> None:
    path = tmp_path / "a" / "b" / "file"
    files.write_atomic(path, data)
    assert path.read_bytes() == (data.encode() if isinstance(data, str) else data)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(_: int) -> None:
        raise fault

    monkeypatch.setattr(os, "fsync", fail)
    expected = UserError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        files.write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_is_told_as_such() -> None:
    error = files.disk_error(Path("x"), OSError(errno.ENOSPC, "No space left on device"))
    assert "disk is full" in error.message
    assert "Free some space" in error.hint


def test_a_folder_that_is_a_file_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write"):
        files.write_atomic(tmp_path / "file" / "below", "x")
    with pytest.raises(UserError, match="Cannot write"), files.locked(tmp_path / "file" / "lock"):
        pass


_TRY_LOCK = """
import fcntl, sys
with open(sys.argv[1], "a") as stream:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(7)
"""


def test_a_lock_keeps_other_processes_out(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    attempt = [sys.executable, "-c", _TRY_LOCK, str(lock)]
    with files.locked(lock):
        assert subprocess.run(attempt, check=False).returncode == 7
    assert subprocess.run(attempt, check=False).returncode == 0


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"COINCELL_CACHE": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/coincell"),
        ({"HOME": "/h"}, "/h/.cache/coincell"),
    ],
)
def test_where_the_cache_is(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("COINCELL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert files.cache_directory() == Path(expected)


def test_the_cache_does_not_move_with_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINCELL_CACHE", "relative")
    assert files.cache_directory().is_absolute()


def test_no_file_takes_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    """As root a rename over /dev/null would succeed: so the test itself looks at a pipe alone."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(UserError, match="a device, a pipe") as refusal:
            files.write_atomic(path, "text")
        assert refusal.value.hint
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, pipe]
