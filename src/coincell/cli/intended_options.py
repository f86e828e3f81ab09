"""What `coincell new` asks of a project's purpose: options, and questions at a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coincell.cli.numbers import FiniteRange

if TYPE_CHECKING:
    from coincell.project import IntendedSettings

Command = TypeVar("Command", bound=Callable[..., Any])

TEXTS = {
    "use": "What does the device do with the model's answer?",
    "users": "Who meets it, those who did not choose to among them?",
    "place": "Where does it stand, and what is around it?",
    "false_positive": "It tells something that was not there: what does that do to a person?",
    "false_negative": "It misses something that was there: what does that do to a person?",
}
"""Key of [intended] -> the question."""
_NOT_FOR = "What was it not made for? Several answers: a semicolon between them."
_RATIO = "How many times worse is the second of these errors than the first?"


def intended_options(command: Command) -> Command:
    """An option for each key of [intended], and one that asks nothing."""
    command = click.option(
        "--no-questions", is_flag=True, help="Ask nothing, at a terminal either."
    )(command)
    for name in ("false_negative_cost", "false_positive_cost"):
        command = click.option(
            _flag(name),
            type=FiniteRange(),
            metavar="NUMBER",
            help="Beside the other one's; 1 unless told.",
        )(command)  # fmt: skip
    command = click.option(
        "--not-for", multiple=True, metavar="TEXT", help="A use it was not made for; repeatable."
    )(command)
    for name, question in reversed(TEXTS.items()):
        command = click.option(_flag(name), metavar="TEXT", help=question)(command)
    return command


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of [intended] that options have set."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in options.items()
        if value is not None and value != ()
    }


def may_ask() -> bool:
    """Whether a person sits before all three streams; not in scripts, pipes and build servers."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return not os.environ.get("CI") and all(stream.isatty() for stream in streams)


def ask(example: IntendedSettings, answered: Mapping[str, Any]) -> dict[str, Any]:
    """`answered`, and what the user says to the questions that are still open.

    Args:
        example: what such a project could say, shown with each question.
        answered: keys that options have set; they are not asked for.
    """
    click.echo("Some questions for the model card. Enter leaves one open for later.\n", err=True)
    answers = dict(answered)
    for name, question in TEXTS.items():
        if name == "false_positive" and "not_for" not in answers:
            shown = "; ".join(example.not_for)
            if told := _prompt("not_for", _NOT_FOR, shown):
                answers["not_for"] = _several(told)
        if name not in answers and (told := _prompt(name, question, getattr(example, name))):
            answers[name] = told
    both = {"false_positive", "false_negative"} <= answers.keys()
    if both and not {"false_positive_cost", "false_negative_cost"} & answers.keys():
        ratio = float(_prompt("false_negative_cost", _RATIO, "0.5, or 10") or 1.0)
        answers |= {"false_positive_cost": 1.0, "false_negative_cost": ratio}
    click.echo(err=True)
    return answers


def _prompt(name: str, question: str, example: str) -> str:
    """The answer to one question, asked again until it is valid; "" where it is left open."""

    def checked(text: str) -> str:
        told = text.strip()
        if told:
            _check(name, told)
        return told

    click.echo(f"{question}\n  (such as: {example})", err=True)
    told = click.prompt(
        ">", default="", show_default=False, value_proc=checked, err=True, prompt_suffix=" "
    )
    return str(told)


def _check(name: str, told: str) -> None:
    """Raise click.BadParameter unless [intended] takes the answer."""
    from pydantic import ValidationError

    from coincell.project import IntendedSettings

    try:
        value: Any = told
        if name == "not_for":
            value = _several(told)
        elif name.endswith("_cost"):
            value = float(told)
        IntendedSettings.model_validate({name: value})
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise click.BadParameter(message) from error
    except ValueError as error:
        raise click.BadParameter(f"a number is asked for; received {told!r}") from error


def _several(told: str) -> list[str]:
    return [part.strip() for part in told.split(";") if part.strip()]
