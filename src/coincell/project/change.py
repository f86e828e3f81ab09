"""Settings written into coincell.toml, all else of the file left as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincell.errors import ConfigurationError
from coincell.files import write_atomic
from coincell.project.configuration import Configuration
from coincell.project.load import CONFIGURATION_FILE, parse_configuration


def change_settings(folder: Path, changes: Mapping[str, Any]) -> None:
    """Write "model.dropout" -> 0.1, and so on, into the project's file, comments kept.

    Raises:
        ConfigurationError: a key is written in a way that is not found (within braces, over several
            lines), or the file would not say what it should; nothing is written then.
    """
    path = folder / CONFIGURATION_FILE
    text = path.read_text(encoding="utf-8-sig")
    before = parse_configuration(text, str(path), folder)
    for key in obsolete(before, changes):
        text = _without(text, key)
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


def obsolete(configuration: Configuration, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Settings that stand in the file and lose their meaning by `changes`.

    Another feature block begins with its own defaults, and only MobileNets have weights to start
    from and a share of channels.
    """
    features, model = configuration.features, configuration.model
    found = []
    if changes.get("features.block", features.block) != features.block:
        found += [f"features.{name}" for name in sorted(features.model_fields_set - {"block"})]
    if not str(changes.get("model.architecture", model.architecture)).startswith("mobilenet"):
        found += [f"model.{n}" for n in ("alpha", "weights") if n in model.model_fields_set]
    return tuple(found)


def _without(text: str, key: str) -> str:
    """`text` without the line of `key`, where it stands in one."""
    section, _, name = key.rpartition(".")
    inside, kept = False, []
    for line in text.split("\n"):
        if line.lstrip().startswith("["):
            inside = re.fullmatch(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?", line) is not None
        if not (inside and re.match(rf"\s*{re.escape(name)}\s*=", line)):
            kept.append(line)
    return "\n".join(kept)


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
