"""`coincell monitor serve`."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from coincell.cli.monitor import store_option
from coincell.cli.output import json_option
from coincell.errors import MissingExtraError, UserError

_LEAST_TOKEN = 16


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Address to listen at. It speaks HTTP alone: others than this computer's own belong "
    "behind a proxy that speaks TLS.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8422, show_default=True,
    help="Port to listen at; 0: any that is free.",
)  # fmt: skip
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the token that requests carry. Without it one is made and printed.",
)
@click.option("--enrolled-only", is_flag=True, help="Refuse devices without an enrolled key.")
@store_option
@json_option
def serve_command(
    host: str, port: int, token_file: Path | None, enrolled_only: bool, place: str, as_json: bool
) -> None:
    """Receive reports over HTTP until Ctrl-C.

    POST /v1/reports takes reports behind each other and answers when they are on the disk; GET
    /metrics gives counters for Prometheus. Both want the token.
    """
    import socket

    try:
        import uvicorn  # noqa: F401 - whether it is there

        from coincell.monitor import build_receiver, run_receiver

        token = _read_token(token_file) if token_file else secrets.token_urlsafe(24)
        application = build_receiver(place, token, enrolled_only)
    except ImportError as error:
        raise MissingExtraError("monitor", "fastapi", "A monitor that listens") from error
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"The monitor cannot listen at {host}, port {port}: {error.strerror or error}.",
            hint="Choose another with --port, or 0 for any that is free.",
        ) from error
    taken = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    told = {"address": f"http://{name}:{taken}", "token": None if token_file else token}
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"Reports are taken at {told['address']}/v1/reports. Ctrl-C ends it.")
        if told["token"]:
            click.echo(f"Token: {token}")
    run_receiver(application, listening)


def _read_token(path: Path) -> str:
    with path.open("rb") as stream:
        token = stream.read(1024).strip()
    if len(token) < _LEAST_TOKEN or not token.isascii() or len(token.split()) != 1:
        raise UserError(f"A token is one word of at least {_LEAST_TOKEN} ASCII characters.")
    return token.decode("ascii")
