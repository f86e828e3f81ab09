"""Options that take a number: `nan` lies in every range, and is refused by all of them."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from coincell.cli.main import cli


def _options(command: click.Command, name: str) -> Iterator[tuple[str, click.Option]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from _options(found, f"{name} {each}")
    for option in command.params:
        if isinstance(option, click.Option):
            yield name, option


def test_no_number_of_an_option_is_nan_or_infinite() -> None:
    taken = []
    count = 0
    for name, option in _options(cli, "coincell"):
        if not isinstance(option.type, click.types.FloatParamType):
            continue
        count += 1
        for text in ("nan", "inf", "-inf"):
            try:
                option.type(text, option, None)
            except click.BadParameter:
                continue
            taken.append(f"{name} {option.opts[0]} {text}")
    assert count > 10
    assert not taken


def test_numbers_within_the_range_are_taken() -> None:
    from coincell.cli.numbers import FiniteRange

    assert FiniteRange(0, 2)("1.5") == 1.5
    with pytest.raises(click.BadParameter, match="not a finite number"):
        FiniteRange(0, 2)("nan")
