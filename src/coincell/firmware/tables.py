"""TOML that describes hardware: hostile until checked, then frozen."""

from __future__ import annotations

import tomllib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from coincell.errors import BoardError

Model = TypeVar("Model", bound=BaseModel)

DESCRIPTION_HINT = "docs/boards.md tells what a board's file says, and has an example."


def parse_table(model: type[Model], text: str, source: str) -> Model:
    """Check `text` (TOML) against `model`, a frozen pydantic model.

    Raises:
        BoardError: names the key in `source` and what was received.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{source} is not valid TOML: {error}.", hint=DESCRIPTION_HINT) from error
    try:
        return model.model_validate(table)
    except ValidationError as error:
        fault: dict[str, Any] = dict(error.errors(include_url=False)[0])
        where = ".".join(str(part) for part in fault["loc"])
        message = str(fault["msg"]).removeprefix("Value error, ")
        received = "" if isinstance(fault["input"], dict) else f" Received: {fault['input']!r}."
        raise BoardError(
            f"{source}: {where}: {message}.{received}", hint=DESCRIPTION_HINT
        ) from error
