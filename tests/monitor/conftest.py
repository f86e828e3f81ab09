"""Servers of the tests' own, where they are installed: PostgreSQL, and Mosquitto for MQTT."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server without a database's name."""
    pytest.importorskip("pg8000")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    import tempfile

    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    # Not below pytest's folder, which the server's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="coincell-postgresql-"))
    options = {"capture_output": True, "check": True, "cwd": "/"}
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, user)
        options |= {"user": user, "group": user, "extra_groups": []}
    port = _free_port()
    data = folder / "data"
    initialise = [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(initialise, **options)
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-l", folder / "log", "-o", settings, "start"], **options)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **options)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """URL of an empty database."""
    from coincell.monitor.database import open_database

    name = f"test_{uuid.uuid4().hex}"
    server = open_database(f"{postgresql_server}/postgres")
    server.rows(f"CREATE DATABASE {name}")
    server.close()
    return f"{postgresql_server}/{name}"


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a broker, anew if one runs: whether strangers may in, and more lines of its settings
    -> its URL, always the same."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("Mosquitto is not installed")
    port = _free_port()
    configuration = tmp_path / "mosquitto.conf"
    running: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        for process in running:
            process.kill()
            process.wait()
        running.clear()

    def start(anybody: bool, more: str = "") -> str:
        end()
        user = pwd.getpwuid(os.getuid()).pw_name
        configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous {str(anybody).lower()}\n"
            f"persistence false\nlog_dest none\nuser {user}\n{more}"
        )
        running.append(subprocess.Popen([program, "-c", configuration], cwd=tmp_path))
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return f"mqtt://127.0.0.1:{port}"
            time.sleep(0.05)
        raise AssertionError("Mosquitto did not start")

    yield start
    end()


@pytest.fixture
def secure(mosquitto: Callable[..., str], tmp_path: Path) -> tuple[str, str]:
    """A broker that speaks TLS: its URL, and its certificate, which it signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    url = mosquitto(True, f"certfile {certificate}\nkeyfile {key}\n")
    return f"mqtts://localhost:{urlsplit(url).port}", str(certificate)
