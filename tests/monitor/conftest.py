"""A PostgreSQL server of the tests' own, where PostgreSQL is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server without a database's name."""
    pytest.importorskip("pg8000")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    import socket
    import tempfile

    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    # Not below pytest's folder, which the server's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="coincell-postgresql-"))
    options = {"capture_output": True, "check": True, "cwd": "/"}
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, user)
        options |= {"user": user, "group": user, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
