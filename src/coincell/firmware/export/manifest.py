"""The manifest of an export: what it was made of, for programs and for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import coincell
from coincell.files import sha256_bytes
from coincell.firmware.application import Application, application_sources
from coincell.firmware.export.answer import answer_of
from coincell.firmware.export.golden import Golden
from coincell.firmware.export.request import ExportRequest

MANIFEST_VERSION = 1


def make_manifest(request: ExportRequest, golden: Golden) -> dict[str, Any]:
    """JSON values; the same for every format, so that two exports of one application are known.

    `facts` of the request stand in it as they are; `id` stands for all the rest.
    """
    application = request.application
    digest = hashlib.sha256()
    for path, text in sorted(application_sources(application).items()):
        digest.update(f"{path}\0{len(text.encode())}\0{text}".encode())
    manifest: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "name": request.name,
        "version": request.version,
        "licence": "Apache-2.0",
        "project": request.project,
        "coincell": coincell.__version__,
        "board": request.board.name,
        "labels": list(application.labels),
        "goal": application.goal,
        "sense": application.form.sense,
        "channels": application.form.channels,
        **_sense_facts(application),
        "unit": answer_of(application).unit,
        "sample_rate_hz": application.sample_rate_hz,
        "window_samples": application.form.samples,
        "hop_samples": application.hop_samples,
        **({"report_seconds": application.counting.interval_s} if application.counting else {}),
        "sources_sha256": digest.hexdigest(),
        "self_test": {
            "window_sha256": sha256_bytes(golden.window.tobytes()),
            "features_sha256": sha256_bytes(golden.features.tobytes()),
            "scores": golden.scores.tolist(),
            "label": golden.label,
            "score_raw": golden.score,
        },
        **{key: value for key, value in application.manifest.items() if key != "coincell"},
        **request.facts,
    }
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return manifest | {"id": sha256_bytes(text.encode())[:16]}


def _sense_facts(application: Application) -> dict[str, Any]:
    """What the values of one step, or a picture, are."""
    form, channels = application.form, application.channels
    if form.sense == "picture":
        return {"width": form.width, "height": form.height}
    if channels is None:
        return {}
    each = zip(channels.names, channels.units, channels.full_scale, strict=True)
    return {
        "readings": [
            {"name": name, "unit": unit, "full_scale": scale} for name, unit, scale in each
        ]
    }


def readable(manifest: Mapping[str, Any]) -> str:
    """The manifest as indented lines."""
    return "\n".join([f"{manifest['name']} {manifest['version']}", "", *_lines(manifest, 0)]) + "\n"


def _lines(values: Mapping[str, Any], depth: int) -> list[str]:
    lines = []
    for key, value in sorted(values.items()):
        title = "  " * depth + key.replace("_", " ")
        if isinstance(value, Mapping):
            lines += [f"{title}:", *_lines(value, depth + 1)]
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{title}: {shown}")
    return lines
