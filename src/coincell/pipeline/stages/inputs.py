"""The user's own files of networks, where coincell.toml names them."""

from __future__ import annotations

from collections.abc import Sequence
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
    wanted = "a .keras or a .tflite file"
    return [_own_file(project, "model.file", name, (".keras", ".tflite"), wanted)] if name else []


def weights_file(project: Project) -> list[Path]:
    """[model] weights, when it names a file.

    Raises:
        ConfigurationError: it is of another kind, absent, or outside the project.
    """
    name = project.configuration.model.weights
    if name in ("", "imagenet"):
        return []
    wanted = f'"imagenet", or a file, {", ".join(WEIGHT_SUFFIXES)}'
    return [_own_file(project, "model.weights", name, WEIGHT_SUFFIXES, wanted)]


def teacher_file(project: Project) -> list[Path]:
    """[training.distillation] teacher, when there is one.

    Raises:
        ConfigurationError: it is no .keras, absent, or outside the project.
    """
    name = project.configuration.training.distillation.teacher
    key = "training.distillation.teacher"
    return [_own_file(project, key, name, (".keras",), "a .keras file")] if name else []


def _own_file(project: Project, key: str, name: str, suffixes: Sequence[str], wanted: str) -> Path:
    """The project's file that the setting `key` names, whose ending is one of `suffixes`."""
    path = (project.directory / name).resolve()
    if path.suffix not in suffixes:
        raise ConfigurationError(f"{key} must be {wanted}; received {name!r}.")
    if not path.is_relative_to(project.directory):
        raise ConfigurationError(
            f"{key} must lie in the project's folder; received {name!r}.",
            hint="Copy the file into the project, so that the project is whole by itself.",
        )
    if not path.is_file():
        raise ConfigurationError(
            f"{key} names {name!r}, which is not there.",
            hint="Paths are told from the project's folder.",
        )
    return path
