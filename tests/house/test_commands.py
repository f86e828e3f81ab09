"""Every command speaks to people and to programs, and says what its options are."""

from __future__ import annotations

import click
import pytest

from coincell.cli.main import cli


def _leaves(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(name, command)]
    context = click.Context(command)
    verbs = [(verb, command.get_command(context, verb)) for verb in command.list_commands(context)]
    return [
        leaf
        for verb, below in verbs
        if below is not None
        for leaf in _leaves(below, f"{name} {verb}")
    ]


every_command = pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*leaf, id=leaf[0]) for leaf in _leaves(cli, "coincell")]
)


@every_command
def test_a_command_has_json(name: str, command: click.Command) -> None:
    assert "--json" in {word for parameter in command.params for word in parameter.opts}, name


@every_command
def test_a_command_and_its_options_say_what_they_do(name: str, command: click.Command) -> None:
    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]}"
