"""Opening a studio: a port of this computer, the door in front of it, the server behind it."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coincell.errors import MissingExtraError, UserError
from coincell.project import AuditSettings, Configuration, Project
from coincell.studio.security import LOOPBACK, Door, door_for

if TYPE_CHECKING:
    from coincell.audit import JudgedTable
    from coincell.studio.session import Session
    from coincell.studio.table_session import TableSession

DEFAULT_PORT = 8421
_TRIED = 20
_PACKAGES = ("fastapi", "uvicorn")


@dataclass(frozen=True)
class Opened:
    """A studio that holds its port and answers once `serve` is called.

    Attributes:
        door: where it is, and who may come in.
        session: the project, or the table, behind it.
        server: uvicorn's.
        listening: the socket that it answers at.
    """

    door: Door
    session: Session | TableSession
    server: Any
    listening: socket.socket

    def serve(self) -> None:
        """Answer until Ctrl-C, or until `stop`."""
        try:
            self.server.run(sockets=[self.listening])
        finally:
            self.session.close()
            self.listening.close()

    def stop(self) -> None:
        """Make `serve` come back soon; from any thread."""
        self.server.should_exit = True


def open_studio(
    project: Project, host: str = "127.0.0.1", port: int | None = None, store: str = ""
) -> Opened:
    """Take a port and make the server of `project`'s studio.

    Args:
        project: whose.
        host: the address to listen at; only this computer can reach the usual one.
        port: at it; 0 for any; None for the first free one from `DEFAULT_PORT` on.
        store: of devices in the field, see `coincell.monitor.Store`; unless told, monitor.db in the
            project's folder, if it is there.

    Raises:
        MissingExtraError: the extra `studio` is not installed.
        UserError: the port is taken, or the address is none of this computer's.
    """
    _check_packages()
    from coincell.studio.session import Session

    return open_session(Session(project, store), host, port)


def open_table(
    table: JudgedTable,
    title: str,
    settings: AuditSettings,
    configuration: Configuration | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
) -> Opened:
    """The same of a table's rows, without a project or a model.

    Args:
        table: the rows.
        title: the file's name.
        settings: [audit], with the columns that were named.
        configuration: of the project whose numbers count, if there is one.
        host: see `open_studio`.
        port: see `open_studio`.

    Raises:
        MissingExtraError: the extra `studio` is not installed.
        UserError: the port is taken, or the address is none of this computer's.
    """
    _check_packages()
    from coincell.studio.performance.examples import examples_of_table
    from coincell.studio.table_session import TableSession

    examples = examples_of_table(table, title, settings, configuration)
    return open_session(TableSession(title, examples), host, port)


def _check_packages() -> None:
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("studio", package, "The studio")


def open_session(
    session: Session | TableSession, host: str = "127.0.0.1", port: int | None = None
) -> Opened:
    """The studio of what is open already; see `open_studio`."""
    import uvicorn

    from coincell.studio.server import build_application

    listening = _bound(host, port)
    names = () if host in LOOPBACK else (socket.gethostname(), socket.getfqdn())
    door = door_for(host, listening.getsockname()[1], names)
    configuration = uvicorn.Config(
        build_application(session, door),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )
    return Opened(door, session, uvicorn.Server(configuration), listening)


def _bound(host: str, port: int | None) -> socket.socket:
    ports = range(DEFAULT_PORT, DEFAULT_PORT + _TRIED) if port is None else (port,)
    problem = ""
    for number in ports:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, number))
            made.listen(64)
        except (OSError, OverflowError) as error:
            made.close()
            problem = getattr(error, "strerror", None) or str(error)
            continue
        return made
    raise UserError(
        f"Cannot listen at {host}, port {ports[0]}: {problem}.",
        hint="Name another with --port, or --port 0 for any that is free.",
    )
