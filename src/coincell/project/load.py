"""Reading coincell.toml, and saying clearly what is wrong with it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from coincell.errors import ConfigurationError
from coincell.project.configuration import Configuration

CONFIGURATION_FILE = "coincell.toml"
_MAX_BYTES = 1 << 20
_MOST_SHOWN = 80


@dataclass(frozen=True)
class Project:
    """A project's folder and its configuration."""

    directory: Path
    configuration: Configuration

    @property
    def data_directory(self) -> Path:
        """The recordings, as imported or synthesized, with their manifest."""
        return self.directory / "data"

    @property
    def build_directory(self) -> Path:
        """Everything that a run makes."""
        return self.directory / "build"


def load_project(directory: Path) -> Project:
    """The project in `directory`.

    Raises:
        ConfigurationError: no coincell.toml there, or it says something that cannot be.
    """
    path = directory / CONFIGURATION_FILE
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError(f"{path} is larger than 1 MiB; it cannot be a configuration.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no {CONFIGURATION_FILE} in {directory.resolve()}.",
            hint="Make a project with `coincell new keyword-spotting DIR`, or go to one.",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read {path}: {error.strerror}.", hint="Name a project's folder."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} must be text in UTF-8; its byte {error.start} is none.",
            hint="Save it as UTF-8, or make a new one with `coincell new`.",
        ) from error
    return Project(directory.resolve(), parse_configuration(text, str(path), directory.resolve()))


def parse_configuration(
    text: str, source: str = CONFIGURATION_FILE, folder: Path | None = None
) -> Configuration:
    """Check `text` (TOML) and freeze it.

    Args:
        text: of the file.
        source: what the file is called in messages.
        folder: where paths in it begin; the working folder unless given.

    Raises:
        ConfigurationError: names the key, what was received, and the nearest right key.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not valid TOML: {error}.") from error
    except ValueError as error:  # Python's own limit on the digits of a whole number
        raise ConfigurationError(f"{source} holds a number of too many digits.") from error
    except RecursionError as error:
        raise ConfigurationError(f"{source} is nested too deeply to be a configuration.") from error
    try:
        return Configuration.model_validate(table, context={"folder": folder or Path()})
    except ValidationError as error:
        faults = [dict(fault) for fault in error.errors(include_url=False)]
        # A misspelt key goes first: it is also why another one "is missing".
        first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        raise _explain(source, first, len(faults)) from error


def _explain(source: str, fault: dict[str, Any], count: int) -> ConfigurationError:
    place = _in_toml(fault["loc"])
    where = ".".join(place)
    more = f" ({count - 1} more to mend after this one.)" if count > 1 else ""
    if fault["type"] == "extra_forbidden":
        nearest = _nearest(place)
        if place in set(_known_keys(Configuration)):
            return ConfigurationError(
                f"{source}: {where!r} is no key of features.block = {fault['loc'][1]!r}.{more}",
                "Each block has keys of its own: see docs/configuration.md.",
            )
        hint = f"Did you mean {nearest!r}?" if nearest else "See docs/configuration.md."
        return ConfigurationError(f"{source}: unknown key {where!r}.{more}", hint)
    if fault["type"] == "missing":
        return ConfigurationError(f"{source}: the key {where!r} is missing.{more}")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] in _IN_TOML:
        message = f"Input should be {_IN_TOML[fault['type']]}"
    received = fault["input"]
    shown = "" if isinstance(received, dict) else f" Received: {where} = {_cut(repr(received))}."
    prefix = f"{where}: " if where else ""
    return ConfigurationError(f"{source}: {prefix}{message}.{shown}{more}")


_IN_TOML = {"tuple_type": "a list", "model_type": "a table of keys", "bool_type": "true or false"}
"""Fault -> what TOML calls the thing that Python calls otherwise."""


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + " ..."


def _in_toml(location: tuple[str | int, ...]) -> tuple[str, ...]:
    """A fault's place as TOML has it: without the block that tells kinds of [features] apart."""
    place = tuple(str(part) for part in location)
    if place[:1] == ("features",) and len(place) > 1 and place[1] in _blocks():
        return (place[0], *place[2:])
    return place


def _blocks() -> set[str]:
    """Every value of features.block."""
    members = get_args(Configuration.model_fields["features"].annotation)
    return {
        block for member in members for block in get_args(member.model_fields["block"].annotation)
    }


def _nearest(location: tuple[str, ...]) -> str:
    """The known key most like the unknown one at `location`, with its section, or "".

    The same name elsewhere goes first, then a like name in the same section, then elsewhere.
    """
    *sections, name = location
    known = [key for key in _known_keys(Configuration) if key != location]
    here = [key for key in known if key[:-1] == tuple(sections)]
    for keys, likeness in ((known, 1.0), (here, 0.5), (known, 0.8)):
        names = [key[-1] for key in keys]
        if match := difflib.get_close_matches(name, names, n=1, cutoff=likeness):
            return ".".join(keys[names.index(match[0])])
    return ""


def _known_keys(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key below a section, sections included, each with the sections that lead to it."""
    for name, field in section.model_fields.items():
        yield (*path, name)
        kinds = get_args(field.annotation) or (field.annotation,)
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _known_keys(kind, (*path, name))
