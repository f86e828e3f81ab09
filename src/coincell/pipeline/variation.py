"""A project with other settings, or its recordings dealt out otherwise, through the same stages.

What a search tries and what cross-validation repeats are variations: their artefacts lie in a store
of their own, which falls back on the project's, so that nothing is made twice and no run's
artefacts are swept away. The recordings themselves are never touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from coincell.errors import ConfigurationError
from coincell.pipeline.clips import SAMPLES_FILE
from coincell.pipeline.runner import Demand, Listener, Outcome, run_stages, unheard
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.store import MANIFEST, Artefact, ArtefactStore
from coincell.project import Configuration, Project, obsolete

VARIATIONS = "variations"
"""The folder below build/ in which variations keep their artefacts."""


def with_settings(project: Project, changes: Mapping[str, Any]) -> Project:
    """`project` with other settings; those that lose their meaning by them fall away.

    Args:
        project: whose configuration to start from.
        changes: "model.dropout" -> 0.1, and so on: keys as in coincell.toml.

    Raises:
        ConfigurationError: a key is unknown, or its value cannot be.
    """
    table = project.configuration.model_dump(mode="python", exclude_unset=True)
    for key in obsolete(project.configuration, changes):
        section, _, name = key.partition(".")
        del table[section][name]
    for key, value in changes.items():
        *sections, name = key.split(".")
        place = table
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    try:
        made = Configuration.model_validate(table, context={"folder": project.directory})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ConfigurationError(
            f"{', '.join(f'{key} = {value!r}' for key, value in changes.items())} cannot be: "
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}."
        ) from error
    return replace(project, configuration=made)


def run_variation(
    project: Project,
    stages: Sequence[Stage],
    until: str,
    *,
    place: str = VARIATIONS,
    listener: Listener = unheard,
) -> Outcome:
    """Bring `stages` of a variation up to date, up to `until`.

    Args:
        project: of `with_settings`, or the project itself.
        stages: all, or those of `dealt_out`.
        until: the last one.
        place: folder below build/ for what is made; whoever names it clears it away.
        listener: hears what happens.
    """
    own = project.build_directory / "cache"
    store = ArtefactStore(project.build_directory / place / "cache", behind=own)
    return run_stages(project, stages, Demand(until=until, keep_all=True), listener, store)


def dealt_out(
    stages: Sequence[Stage], dataset: Artefact, splits: NDArray[np.str_]
) -> tuple[Stage, ...]:
    """The stages with the windows of `dataset` in other splits.

    Args:
        stages: the pipeline's.
        dataset: the artefact of its first stage.
        splits: "train", "validation" or "test", one a window; "" takes it out of all three.
    """
    told = {"of": dataset.content, "splits": hashlib.sha256("\n".join(splits).encode()).hexdigest()}

    def run(context: StageContext) -> None:
        _hand_on(dataset, context.output, without=SAMPLES_FILE)
        samples = dataset.read_json(SAMPLES_FILE) | {"splits": splits.tolist()}
        (context.output / SAMPLES_FILE).write_text(json.dumps(samples), encoding="utf-8")

    first = replace(
        stages[0],
        settings=lambda _: told,
        files=lambda _: [],
        run=run,
    )
    return (first, *stages[1:])


def handed_on(
    stages: Sequence[Stage], artefacts: Mapping[str, Artefact], names: Sequence[str]
) -> tuple[Stage, ...]:
    """The stages, of which those of `names` only hand on what others made: `artefacts`."""

    def given(stage: Stage) -> Stage:
        artefact = artefacts[stage.name]
        return replace(
            stage,
            settings=lambda _: {"of": artefact.content},
            files=lambda _: [],
            run=lambda context: _hand_on(artefact, context.output),
        )

    return tuple(given(stage) if stage.name in names else stage for stage in stages)


def _hand_on(artefact: Artefact, folder: Path, without: str = "") -> None:
    """Its files under second names in `folder`, but the manifest and `without`."""
    for path in artefact.folder.iterdir():
        if path.name not in (MANIFEST, without):
            _linked(path, folder / path.name)


def _linked(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
