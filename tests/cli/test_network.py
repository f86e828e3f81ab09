"""The guard that test_tiny's connections are tried against sees what it must see."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from watched_network import run_watched, watched_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD is of Linux")

AWAY = "192.0.2.1"  # of RFC 5737: for documentation, and nobody's
TRY = """
import socket
try:
    socket.socket(socket.{family}, socket.{kind}).{call}
except OSError as error:
    print(error)
"""


def noted(log: Path, program: str, *flags: str) -> tuple[str, list[str]]:
    """What a Python program prints, and what was noted of it."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", program], env=watched_environment(log),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout, log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(
    ("family", "kind", "call", "line"),
    [
        ("AF_INET", "SOCK_STREAM", f"connect(('{AWAY}', 80))", f"connect {AWAY}"),
        ("AF_INET6", "SOCK_STREAM", "connect(('2001:db8::1', 80))", "connect 2001:db8::1"),
        ("AF_INET", "SOCK_DGRAM", f"sendto(b'x', ('{AWAY}', 9))", f"sendto {AWAY}"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("-I",)], ids=["plain", "as our workers"])
def test_what_leaves_is_refused_and_noted(
    family: str, kind: str, call: str, line: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    program = TRY.format(family=family, kind=kind, call=call)
    output, lines = noted(tmp_path / "log", program, *flags)
    assert "unreachable" in output
    assert line in lines


def test_a_name_is_not_asked_for_by_a_child_of_a_child(tmp_path: Path) -> None:
    inner = "import socket\ntry: socket.getaddrinfo('example.org', 80)\nexcept OSError: pass"
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-I', '-c', {inner!r}])"
    assert noted(tmp_path / "log", program)[1] == ["getaddrinfo example.org"]


def test_this_computer_may_be_spoken_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('localhost', {port})); print('there')"
        assert noted(tmp_path / "log", program) == ("there\n", [])


def test_what_the_user_asked_for_is_tried(tmp_path: Path) -> None:
    """And a list of what could be downloaded asks nobody."""
    (tmp_path / "coincell.toml").write_text(
        '[project]\nname = "words"\n[data]\nlabels = ["yes", "no"]\n'
    )
    listed, fetched = run_watched(
        [["data", "fetch"], ["data", "fetch", "mini-speech-commands", "--yes"]],
        tmp_path, tmp_path / "log",
    )  # fmt: skip
    assert (listed.code, listed.tried) == (0, ())
    assert fetched.code == 2
    assert any("googleapis" in line for line in fetched.tried)
