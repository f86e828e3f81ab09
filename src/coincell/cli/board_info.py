"""`coincell board info`: the manifest that every image carries, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coincell.cli.line_options import open_line, port_option
from coincell.cli.output import json_option, print_json, printable


@click.command("info")
@click.argument("image", required=False, type=click.Path(path_type=Path), metavar="[IMAGE]")
@port_option
@json_option
def info_command(image: Path | None, port: str, as_json: bool) -> None:
    """Say what the attached board runs, or what is in IMAGE, an ELF file or a project's folder.

    Every image carries hashes of its data, configuration, features and model, the compiler and
    packages that made it, and its figures on the test split.
    """
    facts = _of_image(image) if image else _of_board(port)
    if as_json:
        print_json(facts)
        return
    for name, value in _lines(facts):
        click.echo(f"{name:<22}{printable(value)}")


def _of_image(path: Path) -> dict[str, Any]:
    from coincell.board import open_image

    image = open_image(path)
    facts = {"source": str(image.path), **image.description}
    if image.board:
        facts["image_sha256"] = image.sha256(image.board)
    return facts


def _of_board(port: str) -> dict[str, Any]:
    from coincell.board import BoardClient

    with open_line(port) as line:
        client = BoardClient(line)
        client.synchronize()
        info = client.info()
        return {
            "source": line.port.device,
            **info.description,
            "window_values": info.window_values,
            "image_flash_bytes": info.flash_bytes,
            "image_ram_bytes": info.ram_bytes,
            "stack_reserved_bytes": info.stack_bytes,
            "stack_bytes": info.stack_peak,
        }


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            text = ", ".join(f"{key} {each}" for key, each in value.items())
        elif isinstance(value, list):
            text = ", ".join(map(str, value))
        else:
            text = f"{value:,}" if isinstance(value, int) else str(value)
        lines.append((name.replace("_", " "), text))
    return lines
