"""Writes docs/configuration.md, docs/commands.md and a picture from the code (scripts/docs)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from coincell.board import Bounds, Task, compare_with_server, load_battery
from coincell.cli.main import cli
from coincell.firmware import load_board
from coincell.project import Configuration
from coincell.report import server_svg

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 88

_CONFIGURATION_HEAD = """\
# Configuration: every key of coincell.toml

Written by scripts/docs from the code; do not edit.

A key that is not given has its default. A key that is not listed here is refused, with the
nearest one that is. Only `project.name` and `data.labels` must be given.
"""

_COMMANDS_HEAD = """\
# Commands

Written by scripts/docs from the code; do not edit.

Exit codes: 0 done, 1 a gate failed, 2 something is yours to mend, 3 a fault of Coincell's own,
130 stopped by you. What a stopped command had finished is kept.

With --json a command that fails prints one line of JSON on standard output, wrong options
included: `{"error": {"kind", "message", "hint", "exit_code", "more"}}`. `kind` is UserError,
FileError, DataError, ConfigurationError, ModelError, ToolchainError, MissingExtraError,
TelemetryError, BoardError, GateError, UsageError, InternalError or Stopped; `hint` says what to
try, `more` names the page that tells more. The same words stand on standard error. A failed gate
of a command that has its result (`run`, `evaluate`, `bench`, `data check`, `board test`) is no
such error: the result is printed, and the exit code is 1.
"""

_KINDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "boolean",
          "object": "table"}  # fmt: skip
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} of them",
}


def pages() -> dict[str, str]:
    """File name -> text of each page that is written from the code."""
    return {
        "configuration.md": configuration_page(),
        "commands.md": commands_page(),
        "pictures/server.svg": server_picture(),
    }


def server_picture() -> str:
    """The device beside a server, for the example that docs/energy.md works by hand."""
    task = Task(32_000, 490, 0.035, 0.0845, Bounds(76, 84.5, 127))
    return server_svg(compare_with_server(task, load_board("nano33ble"), load_battery("2xaa")))


def configuration_page() -> str:
    """Every section and key of the configuration, with type, bounds, default and meaning."""
    schema = Configuration.model_json_schema()
    sections = _sections(schema, schema, "")
    return _CONFIGURATION_HEAD + "".join(_section_text(*section) for section in sections)


def _sections(
    schema: dict[str, Any], section: dict[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(dotted name, schema) of every table below a section."""
    for name, field in section["properties"].items():
        kinds = [field] if "$ref" in field else field.get("oneOf", [])
        for kind in kinds:
            table = schema["$defs"][kind["$ref"].rsplit("/", 1)[1]]
            yield f"{path}{name}", table
            yield from _sections(schema, table, f"{path}{name}.")


def _section_text(name: str, table: dict[str, Any]) -> str:
    summary = str(table.get("description", "")).partition("\n")[0]
    about = summary.removeprefix(f"[{name}]").removeprefix(":").strip()
    lines = ["", f"## [{name}]", ""]
    if about:
        lines += [f"{about[0].upper()}{about[1:].rstrip('.')}.", ""]
    lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for key, field in table["properties"].items():
        if "$ref" not in field and "oneOf" not in field:
            default = _literal(field["default"]) if "default" in field else "required"
            default = "none" if field.get("default", "") is None else default
            lines.append(f"| `{key}` | {_kind(field)} | {default} | {field['description']} |")
    return "\n".join(lines) + "\n"


def _kind(field: dict[str, Any]) -> str:
    """The type of a value and its bounds, in words."""
    if "enum" in field or "const" in field:
        return " or ".join(_literal(value) for value in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        return f"[low, high], {_KINDS[field['prefixItems'][0]['type']]}s"
    if "anyOf" in field:  # a value that may be left out
        return _kind(next(kind for kind in field["anyOf"] if kind.get("type") != "null"))
    if field["type"] == "array":
        kind = f"list of {_KINDS[field['items']['type']]}s"
    else:
        kind = _KINDS[field["type"]]
    bounds = [text.format(_number(field[key])) for key, text in _BOUNDS.items() if key in field]
    return ", ".join([kind, *bounds])


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def _literal(value: object) -> str:
    return f"`{json.dumps(value)}`"


def commands_page() -> str:
    """The help of every command, as the command line prints it."""
    parts = [_COMMANDS_HEAD]
    for name, command in walk(cli, "coincell"):
        settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
        fresh = copy.copy(command)
        fresh._help_option = None  # click keeps the first that anybody in this process asked for
        context = click.Context(fresh, info_name=name, **settings)
        parts.append(f"\n## {name}\n\n```text\n{fresh.get_help(context).rstrip()}\n```\n")
    return "".join(parts)


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """(words, command) of a command and of all below it, in the order of its help."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for verb in command.list_commands(context):
            below = command.get_command(context, verb)
            if below is not None and not below.hidden:
                yield from walk(below, f"{name} {verb}")


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
