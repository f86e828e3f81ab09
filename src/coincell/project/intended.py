"""What a person says of a new project's purpose, written into its coincell.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from coincell.project.audit_settings import IntendedSettings

_LINE = r"(?m)^# {name} = .*$"


def proposed_intended(text: str) -> IntendedSettings:
    """What a template's [intended] proposes in its comments, as an example of each answer."""
    section = text.partition("\n[intended]")[2].partition("\n[")[0]
    table = tomllib.loads("[intended]" + re.sub(r"(?m)^# (\w+ = )", r"\1", section))
    return IntendedSettings.model_validate(table["intended"])


def with_intended(text: str, answers: Mapping[str, Any]) -> str:
    """A template's coincell.toml in which `answers` stand in the place of what it proposes.

    Args:
        text: of a template's file, with a commented line for each key of [intended].
        answers: key of [intended] -> text, list of texts, or number; unchecked.
    """
    before, header, after = text.partition("\n[intended]")
    for name, value in answers.items():
        line = f"{name} = {_toml(value)}".replace("\\", r"\\")  # as re's templates want it
        after, count = re.subn(_LINE.format(name=name), line, after)
        assert count == 1, f"a template has one line for intended.{name}"
    return before + header + after


def _toml(value: Any) -> str:
    """`value` as TOML has it: JSON but for numbers that are none, and for one control character."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
