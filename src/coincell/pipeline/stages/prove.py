"""the exactness gate: the same bytes in Python, in the host library and on the board."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.board import PlacingClient, VirtualBoard
from coincell.compiler import oracle_version
from coincell.firmware import Application, build_host_library
from coincell.pipeline.clips import Clips, read_clips
from coincell.pipeline.device_model import device_model
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import Stage, StageContext
from coincell.pipeline.stages.compilers import both_compilers
from coincell.pipeline.stages.evaluate import SCORES_FILE
from coincell.pipeline.stages.firmware import chain_settings, flashed_application, flashed_image
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project
from coincell.report import Gate


@dataclass(frozen=True)
class _Bytes:
    """What one place made of n windows, each with smoothing started empty."""

    features: NDArray[np.int8]
    scores: NDArray[np.int8]
    labels: NDArray[np.int64]
    decision_scores: NDArray[np.int64]

    def unequal(self, other: _Bytes) -> NDArray[np.bool_]:
        """Which of the n windows differ in any byte."""
        differs: NDArray[np.bool_] = (
            (self.features != other.features).any(axis=1)
            | (self.scores != other.scores).any(axis=1)
            | (self.labels != other.labels)
            | (self.decision_scores != other.decision_scores)
        )
        return differs

    def take(self, chosen: NDArray[np.int64]) -> _Bytes:
        """The windows at these positions."""
        return _Bytes(
            self.features[chosen],
            self.scores[chosen],
            self.labels[chosen],
            self.decision_scores[chosen],
        )


def _settings(configuration: Configuration) -> dict[str, Any]:
    return chain_settings(configuration) | {
        "board": configuration.board.model_dump(mode="json"),
        "seed": configuration.project.seed,
    }


def _run(context: StageContext) -> None:
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    rows = clips.rows("test")
    chain = flashed_application(context)
    generator = np.random.default_rng(configuration.project.seed)
    wanted = min(configuration.board.clips, len(rows))
    chosen = np.sort(generator.choice(len(rows), wanted, replace=False))
    context.progress(0, wanted, "host library")
    truth = _in_python(context, rows)
    host = _on_host(chain, clips.windows[rows])
    board = _on_board(context, chain, clips, rows[chosen])
    wrong_host = truth.unequal(host)
    wrong_board = truth.take(chosen).unequal(board)
    wrong = sorted({*np.flatnonzero(wrong_host).tolist(), *chosen[wrong_board].tolist()})
    facts = {
        "clips": len(rows),
        "clips_on_board": wanted,
        "mismatches": len(wrong),
        "mismatches_on_host": int(wrong_host.sum()),
        "mismatches_on_board": int(wrong_board.sum()),
        "oracle": oracle_version(),
        "first_mismatch": clips.files[rows[wrong[0]]] if wrong else None,
    }
    (context.output / "proof.json").write_text(json.dumps(facts), encoding="utf-8")


def _in_python(context: StageContext, rows: NDArray[np.int64]) -> _Bytes:
    """Features by the feature block, scores by the oracle or the detector's C on this computer,
    decisions from those scores."""
    features = read_features(context.inputs["features"]).clips[rows].reshape(len(rows), -1)
    scores: NDArray[np.int8] = np.load(context.inputs["evaluate"].folder / SCORES_FILE)
    model = device_model(context.inputs["quantize"], context.configuration)
    labels, means = model.decide(scores, context.configuration.decision)
    return _Bytes(features, scores, labels.astype(np.int64), means.astype(np.int64))


def _on_host(chain: Application, windows: NDArray[np.int16]) -> _Bytes:
    result = build_host_library(chain).process(windows)
    return _Bytes(
        result.features,
        result.scores,
        result.labels.astype(np.int64),
        result.decision_scores.astype(np.int64),
    )


def _on_board(
    context: StageContext, chain: Application, clips: Clips, rows: NDArray[np.int64]
) -> _Bytes:
    results = []
    with VirtualBoard(flashed_image(context, chain)) as virtual:
        client = PlacingClient(virtual)
        for done, row in enumerate(rows):
            client.reset()
            results.append(client.process(np.asarray(clips.windows[row])))
            context.progress(done + 1, len(rows), "clips on the virtual board")
    return _Bytes(
        np.stack([result.features for result in results]),
        np.stack([result.scores for result in results]),
        np.array([result.label for result in results], np.int64),
        np.array([result.decision_score for result in results], np.int64),
    )


def _gates(artefact: Artefact, project: Project) -> list[Gate]:
    """One byte off fails the run."""
    del project
    facts = artefact.read_json("proof.json")
    wrong = facts["mismatches"]
    return [
        Gate(
            name="exact",
            limit=0,
            value=wrong,
            passed=wrong == 0,
            unit="mismatches",
            reason=""
            if wrong == 0
            else f"{wrong} clips differ, first {facts['first_mismatch']}. This is a fault of "
            "Coincell or of a compiler: please report it with the project.",
        )
    ]


STAGE = Stage(
    name="prove",
    title="Prove the bytes equal on host and board",
    needs=("dataset", "features", "quantize", "evaluate", "reference", "firmware"),
    settings=_settings,
    modules=("coincell.board", "coincell.firmware", "coincell.compiler", "coincell.runtime"),
    packages=("numpy", "pyelftools", "tflite-micro", "unicorn"),
    run=_run,
    toolchain=both_compilers,
    gates=_gates,
)
