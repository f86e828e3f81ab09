"""A new project from a template: complete, commented, ready to run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from coincell.errors import ConfigurationError
from coincell.files import write_atomic
from coincell.project.audit_settings import IntendedSettings
from coincell.project.configuration import Configuration
from coincell.project.intended import proposed_intended, with_intended
from coincell.project.load import CONFIGURATION_FILE, parse_configuration

_FILES = {"coincell.toml": CONFIGURATION_FILE, "README.md": "README.md", "gitignore": ".gitignore"}
WEIGHT_SUFFIXES = (".npz", ".keras", ".h5")
"""What weights that others trained are read from."""
MOST_WEIGHT_BYTES = 64 << 20
_FINE_TUNING_EPOCHS = 10


def templates() -> list[str]:
    """Names of the templates, sorted."""
    folder = resources.files("coincell.project") / "templates"
    return sorted(item.name for item in folder.iterdir() if item.is_dir())


def template_configuration(template: str) -> Configuration:
    """The settings that a project from `template` begins with.

    Raises:
        ConfigurationError: no such template.
    """
    return parse_configuration(_texts(template, "any")[CONFIGURATION_FILE], f"template {template}")


def template_intended(template: str) -> IntendedSettings:
    """An example of what a project from `template` may say in [intended].

    Raises:
        ConfigurationError: no such template.
    """
    return proposed_intended(_texts(template, "any")[CONFIGURATION_FILE])


def check_absent(directory: Path) -> None:
    """Raise ConfigurationError unless `directory` is absent or empty."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(
            f"{directory} is there already and not an empty folder.",
            hint="Name a folder that does not exist yet; nothing was changed.",
        )


def new_project(
    template: str,
    directory: Path,
    weights: Path | None = None,
    intended: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write a project into `directory`, which must be absent or empty.

    Args:
        template: one of `templates()`.
        directory: of the project.
        weights: where a MobileNet begins; copied into the project and named in its model.weights.
            What the file holds is not looked into here: `coincell.models.check_weights`.
        intended: keys of [intended], such as "use", and what they are set to.

    Returns:
        The files written.

    Raises:
        ConfigurationError: no such template, it takes no weights, these are of a kind or size that
            is not read, `intended` breaks a rule, or the folder holds something already.
    """
    check_absent(directory)
    contents: dict[str, str | bytes] = {**_texts(template, _project_name(directory))}
    if weights is not None:
        name, copied = _weights_of(template, weights)
        contents[name] = copied
        contents[CONFIGURATION_FILE] = _beginning_with(name, str(contents[CONFIGURATION_FILE]))
    text = with_intended(str(contents[CONFIGURATION_FILE]), intended or {})
    contents[CONFIGURATION_FILE] = text
    parse_configuration(text, f"template {template}")
    for target, content in contents.items():
        write_atomic(directory / target, content)
    return [directory / target for target in contents]


def _texts(template: str, name: str) -> dict[str, str]:
    """The files of a project called `name`."""
    known = templates()
    if template not in known:
        near = difflib.get_close_matches(template, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"There is no template {template!r}.", f"{hint}Templates: {', '.join(known)}."
        )
    source = resources.files("coincell.project") / "templates" / template
    return {
        target: (source / file).read_text(encoding="utf-8").replace("@NAME@", name)
        for file, target in _FILES.items()
    }


def _weights_of(template: str, path: Path) -> tuple[str, bytes]:
    """Name in the project, and content, of the weights at `path`."""
    if not template_configuration(template).model.architecture.startswith("mobilenet"):
        takers = [
            known
            for known in templates()
            if template_configuration(known).model.architecture.startswith("mobilenet")
        ]
        raise ConfigurationError(
            f"The network of the template {template} begins with no weights of others.",
            hint=f"Those that do: {', '.join(takers)}.",
        )
    if path.suffix not in WEIGHT_SUFFIXES or not path.is_file():
        raise ConfigurationError(
            f"Weights are a file, {', '.join(WEIGHT_SUFFIXES)}; received {str(path)!r}.",
            hint='To let Keras download its own, write model.weights = "imagenet".',
        )
    try:
        with path.open("rb") as file:
            content = file.read(MOST_WEIGHT_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(content) > MOST_WEIGHT_BYTES:
        raise ConfigurationError(f"{path} is larger than {MOST_WEIGHT_BYTES >> 20} MiB.")
    # Keras tells two ways of storing weights apart by this part of the name.
    suffix = ".weights.h5" if path.name.endswith(".weights.h5") else path.suffix
    return f"backbone{suffix}", content


def _beginning_with(weights: str, text: str) -> str:
    """A template's coincell.toml with model.weights named, and the epochs that are enough then."""
    changed, named = re.subn(r'(?m)^# weights = "\w+(\.\w+)?"', f'weights = "{weights}"', text)
    changed, counted = re.subn(
        r"(?m)^epochs = \d+ *(# all layers).*$",
        f"epochs = {_FINE_TUNING_EPOCHS}                   \\1, behind the frozen ones",
        changed,
    )
    assert (named, counted) == (1, 1), "a template with weights names them and its epochs"
    return changed


def _project_name(directory: Path) -> str:
    """The folder's name with what a project's name cannot hold left out."""
    name = re.sub(r"[^A-Za-z0-9 _.+-]", "-", directory.resolve().name).lstrip("-_.+ ")
    return name[:64] or "my-project"
