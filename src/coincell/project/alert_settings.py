"""alerts.toml: when a monitor calls somebody, and how."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator

from coincell.errors import ConfigurationError
from coincell.project.section import Section

_MOST_BYTES = 1 << 16
_HINT = "docs/monitoring.md has an alerts.toml with every key."
Argument = Annotated[str, Field(min_length=1, max_length=1000)]


class AlertSettings(Section):
    """When devices' changes are told, and to whom."""

    level: float = Field(1e-3, gt=0, le=0.5, description="Of the test for change, corrected.")
    least_psi: float = Field(0.1, ge=0, le=10, description="A smaller change is none.")
    raise_after: int = Field(2, ge=1, le=100, description="Bad moments, six hours apart, in a row.")
    clear_after: int = Field(4, ge=1, le=100, description="Good moments in a row.")
    sensors: bool = Field(True, description="Tell of faulty sensors too.")
    state: str = Field(
        "alerts.json", min_length=1, max_length=1000, description="What was told already: a file."
    )
    command: Annotated[tuple[Argument, ...], Field(strict=False, max_length=50)] = Field(
        (), description="A program and its arguments; gets the alert as JSON at standard input."
    )
    file: str = Field("", max_length=1000, description="A line of JSON is added for each alert.")
    webhook: str = Field("", max_length=1000, description="POST of the JSON to this address.")

    @field_validator("command", "file", "state")
    @classmethod
    def _is_a_systems(cls, told: Any) -> Any:
        if any("\0" in text for text in (told if isinstance(told, tuple) else (told,))):
            raise ValueError("no file's name and no argument holds the character 0")
        return told

    @field_validator("webhook")
    @classmethod
    def _is_http(cls, address: str) -> str:
        if address:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("a webhook's address begins with https:// or http://")
            if not address.isascii() or not address.isprintable() or " " in address:
                raise ValueError("a webhook's address is ASCII; write other characters as %C3%A9")
            parts.hostname.encode("idna"), parts.port
        return address


def read_alert_settings(path: Path) -> AlertSettings:
    """Those of a TOML file, by whoever wrote it.

    Raises:
        ConfigurationError: it is no TOML, has a key that is unknown, or a value that cannot be.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"Cannot read {path}: {error.strerror}.", hint=_HINT) from error
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{path} is larger than 64 KiB; it cannot be settings.")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", hint=_HINT) from error
    try:
        return AlertSettings.model_validate(table)
    except ValidationError as error:
        fault: dict[str, Any] = dict(error.errors(include_url=False)[0])
        where = ".".join(str(part) for part in fault["loc"])[:80]
        message = str(fault["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(f"{path}: {where}: {message}.", hint=_HINT) from error
