"""A new project from a template: complete, commented, ready to run."""

from __future__ import annotations

import difflib
import re
from importlib import resources
from pathlib import Path

from coincell.errors import ConfigurationError
from coincell.files import write_atomic
from coincell.project.load import CONFIGURATION_FILE, parse_configuration

_FILES = {"coincell.toml": CONFIGURATION_FILE, "README.md": "README.md", "gitignore": ".gitignore"}


def templates() -> list[str]:
    """Names of the templates, sorted."""
    folder = resources.files("coincell.project") / "templates"
    return sorted(item.name for item in folder.iterdir() if item.is_dir())


def new_project(template: str, directory: Path) -> list[Path]:
    """Write a project into `directory`, which must be absent or empty.

    Returns:
        The files written.

    Raises:
        ConfigurationError: no such template, or the folder holds something already.
    """
    known = templates()
    if template not in known:
        near = difflib.get_close_matches(template, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"There is no template {template!r}.", f"{hint}Templates: {', '.join(known)}."
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(
            f"{directory} is there already and not an empty folder.",
            hint="Name a folder that does not exist yet; nothing was changed.",
        )
    name = _project_name(directory)
    source = resources.files("coincell.project") / "templates" / template
    texts = {
        target: (source / file).read_text(encoding="utf-8").replace("@NAME@", name)
        for file, target in _FILES.items()
    }
    parse_configuration(texts[CONFIGURATION_FILE], f"template {template}")
    for target, text in texts.items():
        write_atomic(directory / target, text)
    return [directory / target for target in texts]


def _project_name(directory: Path) -> str:
    """The folder's name with what a project's name cannot hold left out."""
    name = re.sub(r"[^A-Za-z0-9 _.+-]", "-", directory.resolve().name).lstrip("-_.+ ")
    return name[:64] or "my-project"
