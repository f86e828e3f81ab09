"""The user's own model file, where coincell.toml names one."""

from __future__ import annotations

from pathlib import Path

from coincell.errors import ConfigurationError
from coincell.project import WEIGHT_SUFFIXES, Configuration, Project


def ready_made_tflite(configuration: Configuration) -> bool:
    """Whether [model] file is a .tflite, which is used as it is and not trained."""
    return configuration.model.file.endswith(".tflite")


def user_model_files(project: Project) -> list[Path]:
    """[model] file, when there is one.

    Raises:
        ConfigurationError: it is neither .keras nor .tflite, absent, or outside the project.
    """
    name = project.configuration.model.file
    if not name:
        return []
    path = (project.directory / name).resolve()
    if not name.endswith((".keras", ".tflite")):
        raise ConfigurationError(
            f"model.file must be a .keras or a .tflite file; received {name!r}."
        )
    if not path.is_relative_to(project.directory):
        raise ConfigurationError(
            f"model.file must lie in the project's folder; received {name!r}.",
            hint="Copy the file into the project, so that the project is whole by itself.",
        )
    if not path.is_file():
        raise ConfigurationError(f"model.file names {name!r}, which is not there.")
    return [path]


def weights_file(project: Project) -> list[Path]:
    """[model] weights, when it names a file.

    Raises:
        ConfigurationError: it is of another kind, absent, or outside the project.
    """
    name = project.configuration.model.weights
    if name in ("", "imagenet"):
        return []
    path = (project.directory / name).resolve()
    if path.suffix not in WEIGHT_SUFFIXES:
        raise ConfigurationError(
            f'model.weights must be "imagenet", or a file, {", ".join(WEIGHT_SUFFIXES)}; '
            f"received {name!r}."
        )
    if not path.is_relative_to(project.directory):
        raise ConfigurationError(
            f"model.weights must lie in the project's folder; received {name!r}.",
            hint="Copy the file into the project, so that the project is whole by itself.",
        )
    if not path.is_file():
        raise ConfigurationError(
            f"model.weights names {name!r}, which is not there.",
            hint="Paths are told from the project's folder.",
        )
    return [path]
