"""Opening a studio: its command, its port, what it is made of."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import MissingExtraError, UserError
from coincell.project import Project
from coincell.studio import open_studio
from source_tree import PACKAGE
from studio_project import tones

VENDOR = PACKAGE / "studio" / "vendor"


def test_the_command_tells_where_it_is_and_ends_when_asked(project: Project) -> None:
    command = [sys.executable, "-m", "coincell", "studio", str(project.directory)]
    options = ["--no-browser", "--json", "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        told = json.loads(studio.stdout.readline())
        assert told["address"] == f"http://127.0.0.1:{told['port']}/"
        assert told["token"] == ""
        page = httpx.get(told["address"], follow_redirects=True, timeout=60)
        assert "72 recordings" in page.text
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{_other_address()}:{told['port']}/", timeout=5)
        studio.send_signal(signal.SIGINT)
        assert studio.wait(60) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_behind_a_page_ends_with_the_studio(tmp_path: Path, how: signal.Signals) -> None:
    project = tones(tmp_path / "tones")
    command = [sys.executable, "-m", "coincell", "studio", str(project.directory)]
    options = ["--no-browser", "--json", "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        address = json.loads(studio.stdout.readline())["address"]
        assert httpx.post(f"{address}board/run", timeout=60).status_code == 200
        while not (run := _children(studio.pid)):
            time.sleep(0.05)
        studio.send_signal(how)
        assert studio.wait(60) == 0
    while any(map(_alive, run)):
        time.sleep(0.05)
    assert not list((project.directory / "runs").glob("*.json")), "nothing went on to its end"


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(number) for task in tasks for number in task.read_text().split()]


def _alive(process: int) -> bool:
    """Whether it runs; one that ended, and whose end nobody took note of, does not."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def _other_address() -> str:
    """Of this computer, as others know it; another loopback address where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))  # sends nothing
            own: str = line.getsockname()[0]
        except OSError:
            return "127.0.0.2"
    return own if own != "127.0.0.1" else "127.0.0.2"


def test_a_taken_port_is_refused_in_words(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="Cannot listen") as told:
            open_studio(project, port=taken.getsockname()[1])
    assert "--port 0" in told.value.hint


def test_an_address_of_another_computer_is_refused(project: Project) -> None:
    with pytest.raises(UserError, match="Cannot listen"):
        open_studio(project, "192.0.2.1", 0)


def test_without_the_extra_it_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="fastapi"):
        open_studio(project, port=0)


def test_no_project_no_studio(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["studio", str(tmp_path), "--no-browser"])
    assert isinstance(done.exception, UserError)


def test_the_server_needs_no_tensorflow() -> None:
    """What asks it is another process."""
    script = (
        "import sys; import coincell.studio.server, coincell.studio.pages.whatif;"
        "assert not {'tensorflow', 'keras', 'sklearn', 'scipy'} & {*sys.modules}, 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_vendored_scripts_are_those_of_the_table() -> None:
    table = (VENDOR / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.-]+)` .*`([0-9a-f]{64})` \|$", table, re.MULTILINE))
    scripts = {path.name for path in VENDOR.iterdir() if path.suffix == ".js"}
    assert set(rows) == scripts
    for name, digest in rows.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert (VENDOR / "LICENSE.htmx").is_file()
