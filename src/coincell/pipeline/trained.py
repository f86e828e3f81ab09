"""Whose network counts: what training left, or what pruning made of it."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.pipeline.store import Artefact

NETWORK_FILE = "model.keras"
FLOAT_SCORES = "float_scores.npy"
"""What the network gives in float for every window: float32 [n, outputs], or float64 [n] of
normality, how strange."""


def trained(artefacts: Mapping[str, Artefact]) -> Artefact:
    """The artefact with the network that goes to the board, and what it gives in float."""
    pruned = artefacts.get("prune")
    whole = pruned is None or not (pruned.folder / NETWORK_FILE).is_file()
    return artefacts["train"] if whole or pruned is None else pruned
