"""Settings written into coincell.toml, all else of the file left as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincell.errors import ConfigurationError
from coincell.files import write_atomic
from coincell.project.load import CONFIGURATION_FILE, parse_configuration


def change_settings(folder: Path, changes: Mapping[str, Any]) -> None:
    """Write "model.dropout" -> 0.1, and so on, into the project's file, comments kept.

    Raises:
        ConfigurationError: a key is written in a way that is not found (within braces, over several
            lines), or the file would not say what it should; nothing is written then.
    """
    path = folder / CONFIGURATION_FILE
    text = path.read_text(encoding="utf-8-sig")
    for key, value in changes.items():
        text = _changed(text, key, json.dumps(value))
    configuration = parse_configuration(text, str(path), folder)
    for key, value in changes.items():
        found: Any = configuration
        for part in key.split("."):
            found = getattr(found, part)
        if found != value:
            raise ConfigurationError(
                f"{path}: {key} could not be set to {value!r} there.", "Set it by hand."
            )
    write_atomic(path, text)


def _changed(text: str, key: str, value: str) -> str:
    """`text` with `key` = `value`, in its section's lines or in a new section at the end."""
    section, _, name = key.rpartition(".")
    lines = text.split("\n")
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?")
    begin = next((at for at, line in enumerate(lines) if header.fullmatch(line)), None)
    if begin is None:
        return text.rstrip("\n") + f"\n\n[{section}]\n{name} = {value}\n"
    setting = re.compile(rf"(\s*{re.escape(name)}\s*=\s*)(\"[^\"]*\"|'[^']*'|[^#]*?)(\s*(#.*)?)")
    for at in range(begin + 1, len(lines)):
        if lines[at].lstrip().startswith("["):
            break
        if match := setting.fullmatch(lines[at]):
            lines[at] = f"{match[1]}{value}{match[3]}"
            return "\n".join(lines)
    lines.insert(begin + 1, f"{name} = {value}")
    return "\n".join(lines)
