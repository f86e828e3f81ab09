"""What `coincell tune --auto` searches: features and families of models, by looking at the data.

Which feature blocks fit the recordings is tried on the recordings. The search begins with each of
them at its defaults and the family that usually suits it, in the order in which a linear model
tells the answers apart by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coincell.data import Progress
from coincell.errors import UserError
from coincell.pipeline.families import NORMALITY_FAMILIES, families_of
from coincell.pipeline.feature_comparison import Compared, compare_features
from coincell.pipeline.runner import Listener, unheard
from coincell.project import Configuration, Project
from coincell.tuning import Branch, Space, learning_space

_MOST_SAMPLES = 4000
"""Values of a window beyond which a network on raw samples is no use on this class of boards."""
_FEW_WINDOWS = 600


@dataclass(frozen=True)
class AutoSpace:
    """What is searched, and what is tried first.

    Attributes:
        space: over blocks and families.
        first: settings to begin with, the most promising first.
        told: what was seen of the data, in words.
    """

    space: Space
    first: tuple[Mapping[str, Any], ...]
    told: str


def auto_space(
    project: Project, progress: Progress | None = None, listener: Listener = unheard
) -> AutoSpace:
    """The space for a project's recordings; the test split is not looked at.

    Args:
        project: whose recordings, task and board.
        progress: hears of each block.
        listener: hears of the dataset stage.

    Raises:
        UserError: no block fits the recordings, or there are too few of them.
    """
    configuration = project.configuration
    if configuration.model.file:
        raise UserError(
            "--auto chooses among families of models; [model] file names one.", "Take file out."
        )
    seen = compare_features(project, _defaults(configuration), progress, listener, measured=False)
    fitting = sorted((b for b in seen.blocks if not b.problem), key=_promise, reverse=True)
    if not fitting:
        raise UserError(
            f"No feature block fits the recordings: {seen.blocks[0].problem}",
            "coincell features compare",
        )
    families = families_of(configuration)
    ways = {b.settings.block: _way(b.settings.block, families, configuration) for b in fitting}
    first = tuple(
        {"features.block": block, "model.architecture": families[block][0]} for block in ways
    )
    told = ", ".join(f"{b.settings.block} {_score(b)}" for b in fitting)
    space: Space = {"features.block": Branch(ways), **_learning(configuration, seen.windows)}
    return AutoSpace(space, first, f"{seen.windows:,} windows; {seen.score_name}: {told}")


def _defaults(configuration: Configuration) -> list[str]:
    """The blocks to look at, as `parse_block` reads them: the project's own with its settings."""
    form, sense = configuration.data.form, configuration.data.sense
    if sense == "picture":
        return ["picture"]
    blocks = ["statistics", "spectral", "spectrogram"]
    if form.values <= _MOST_SAMPLES:
        blocks.append("raw")
    if sense == "sound":
        blocks = ["log-mel", "mfcc", *blocks]
    if configuration.goal == "normality":
        blocks = [block for block in blocks if block in NORMALITY_FAMILIES]
    return [_fixed_text(block, configuration) for block in blocks]


def _fixed_text(block: str, configuration: Configuration) -> str:
    chosen = " ".join(f"{name}={value}" for name, value in _fixed(block, configuration).items())
    return f"{block} {chosen}".strip()


def _fixed(block: str, configuration: Configuration) -> dict[str, Any]:
    """Settings of a block that follow from the window, not from a search."""
    form = configuration.data.form
    if block == "spectral" and form.samples < 128:
        return {"fft_size": 64}
    if block != "spectrogram":
        return {}
    if configuration.data.sense == "sound" and form.samples >= 1024:
        return {"fft_size": 512, "frame_ms": 30.0, "hop_ms": 20.0}
    frame_ms = 1000.0 * min(64, max(2, form.samples // 2)) / form.rate_hz
    return {"fft_size": 64, "frame_ms": frame_ms, "hop_ms": frame_ms / 2}


def _way(
    block: str, families: Mapping[str, tuple[str, ...]], configuration: Configuration
) -> Space:
    """What is searched with a block."""
    fixed = {f"features.{n}": (v,) for n, v in _fixed(block, configuration).items()}
    return (
        fixed | _BLOCKS[block] | {"model.architecture": _families(families[block], configuration)}
    )


_BLOCKS: Mapping[str, dict[str, Any]] = {
    "log-mel": {"features.bands": (40, 16, 24, 32), "features.hop_ms": (20.0, 15.0, 30.0),
                "features.normalization": ("none", "mean")},
    "mfcc": {"features.coefficients": (10, 8, 13), "features.hop_ms": (20.0, 15.0, 30.0)},
    "spectrogram": {"features.bands": (16, 8, 32)},
    "spectral": {"features.bands": (16, 8, 32)},
    "statistics": {},
    "raw": {"features.decimation": (1, 2, 4)},
    "picture": {
        "features.width": Branch({n: {"features.height": (n,)} for n in (48, 32, 64, 96)})
    },
}  # fmt: skip


def _families(names: tuple[str, ...], configuration: Configuration) -> Branch:
    """Families of models, each with what only it has."""
    if configuration.model.weights:
        return Branch({name: {} for name in names})
    learning = learning_space(configuration)
    own: dict[str, Space] = {
        "mobilenet-v1": {"model.alpha": (0.25, 0.5)},
        "mobilenet-v2": {"model.alpha": (0.35, 0.5)},
        "k-means": {"model.detector.centres": (4, 8, 16)},
        "gaussian-mixture": {"model.detector.centres": (2, 4, 8)},
        "autoencoder-dense": {"model.detector.code": (4, 8, 16), **learning},
        "autoencoder-conv": {"model.detector.code": (4, 8, 16), **learning},
    }
    return Branch({name: own.get(name, {}) for name in names})


def _learning(configuration: Configuration, windows: int) -> Space:
    """What of training is searched; of few windows also how many altered copies help. Of normality
    an autoencoder alone is trained, and bears this itself."""
    if configuration.goal == "normality":
        return {}
    few: Space = {"augmentation.copies": (0, 2, 4), "training.batch_size": (16, 32)}
    return {**learning_space(configuration), **(few if windows < _FEW_WINDOWS else {})}


def _promise(block: Compared) -> float:
    known = block.score is not None and block.score.value is not None
    return block.score.value if known and block.score else -1.0  # type: ignore[return-value]


def _score(block: Compared) -> str:
    value = _promise(block)
    return f"{value:.3f}" if value >= 0 else "unknown"
