"""Reading coincell.toml, and saying clearly what is wrong with it."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from coincell.errors import ConfigurationError
from coincell.project.configuration import Configuration

CONFIGURATION_FILE = "coincell.toml"
_MAX_BYTES = 1 << 20


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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no {CONFIGURATION_FILE} in {directory.resolve()}.",
            hint="Make a project with `coincell new keyword-spotting DIR`, or go to one.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Cannot read {path}: {error}.") from error
    return Project(directory.resolve(), parse_configuration(text, str(path)))


def parse_configuration(text: str, source: str = CONFIGURATION_FILE) -> Configuration:
    """Check `text` (TOML) and freeze it.

    Raises:
        ConfigurationError: names the key, what was received, and the nearest right key.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not valid TOML: {error}.") from error
    try:
        return Configuration.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _explain(source, dict(first), error.error_count()) from error


def _explain(source: str, fault: dict[str, Any], count: int) -> ConfigurationError:
    where = ".".join(str(part) for part in fault["loc"])
    more = f" ({count - 1} more to mend after this one.)" if count > 1 else ""
    if fault["type"] == "extra_forbidden":
        nearest = _nearest(fault["loc"])
        hint = f"Did you mean {nearest!r}?" if nearest else "See docs/configuration.md."
        return ConfigurationError(f"{source}: unknown key {where!r}.{more}", hint)
    if fault["type"] == "missing":
        return ConfigurationError(f"{source}: the key {where!r} is missing.{more}")
    message = str(fault["msg"]).removeprefix("Value error, ")
    received = fault["input"]
    shown = "" if isinstance(received, dict) else f" Received: {where} = {received!r}."
    prefix = f"{where}: " if where else ""
    return ConfigurationError(f"{source}: {prefix}{message}.{shown}{more}")


def _nearest(location: tuple[str | int, ...]) -> str:
    """The known key most like the last part of `location`, with its section, or ""."""
    section: type[BaseModel] = Configuration
    for part in location[:-1]:
        annotation = section.model_fields[str(part)].annotation
        assert isinstance(annotation, type)
        assert issubclass(annotation, BaseModel)
        section = annotation
    name = str(location[-1])
    match = difflib.get_close_matches(name, section.model_fields, n=1, cutoff=0.5)
    if match:
        return ".".join([*(str(part) for part in location[:-1]), match[0]])
    for key, field in Configuration.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {})
        if found := difflib.get_close_matches(name, fields, n=1, cutoff=0.8):
            return f"{key}.{found[0]}"
    return ""
