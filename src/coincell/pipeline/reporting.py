"""Everything that a run found out, as one report, and the files a person looks for."""

from __future__ import annotations

import datetime
import math
import platform
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coincell
from coincell.files import write_atomic
from coincell.pipeline.board_part import board_part, exact_part
from coincell.pipeline.card_files import write_cards
from coincell.pipeline.fingerprint import machine
from coincell.pipeline.report_parts import (
    dataset_part,
    evaluation_part,
    features_part,
    metrics_of,
    model_part,
    with_methods,
)
from coincell.pipeline.report_parts_audit import fairness_part
from coincell.pipeline.runner import Outcome
from coincell.pipeline.stages.gallery import read_gallery
from coincell.pipeline.stages.reference import REFERENCE_FILE, read_reference
from coincell.pipeline.store import Artefact
from coincell.project import CONFIGURATION_FILE, Goal, Project
from coincell.report import (
    Gallery,
    Gate,
    Provenance,
    Report,
    StageRun,
    Stop,
    Tool,
    promises_of,
    render_html,
    words_of,
)

_CLIPS_TO_PROVE = 50
_WIDE_INTERVAL = 0.1
_QUALITY_GATES: Mapping[Goal, str] = {"classes": "accuracy", "normality": "auc", "quantity": "mae"}
_ALL_GATES = (
    ("flash", "bytes"),
    ("ram", "bytes"),
    ("stack", "bytes"),
    ("latency", "ms"),
    ("exact", "mismatches"),
)


def make_report(project: Project, outcome: Outcome) -> Report:
    """The report of a run, as far as it came."""
    artefacts = dict(outcome.artefacts)
    configuration = project.configuration
    evaluation: dict[str, Any] = {"float": None, "int8": None, "notes": []}
    if "evaluate" in artefacts:
        evaluation = artefacts["evaluate"].read_json("evaluation.json")
        evaluation = with_methods(evaluation, artefacts, configuration)
    trained = "train" in artefacts and "yardstick" in artefacts
    report = Report(
        project=configuration.project.name,
        task=configuration.project.task,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        dataset=dataset_part(artefacts["dataset"], configuration),
        features=features_part(artefacts["features"], artefacts["dataset"], configuration)
        if "features" in artefacts
        else None,
        model=model_part(artefacts, configuration) if trained else None,
        float_=evaluation_part(evaluation["float"]),
        int8=evaluation_part(evaluation["int8"]),
        metrics=metrics_of(evaluation) if "evaluate" in artefacts else {},
        board=board_part(artefacts),
        fairness=fairness_part(artefacts["audit"], configuration, exact_part(artefacts))
        if "audit" in artefacts
        else None,
        exact=exact_part(artefacts),
        gates=_with_open_gates(outcome.gates, configuration.goal),
        warnings=(),
        stopped=_stop(outcome),
        provenance=_provenance(project, artefacts, outcome),
    )
    report = _in_its_words(report)
    told = tuple(_warnings(report, artefacts, evaluation))
    return report.model_copy(update={"warnings": told, "promises": promises_of(report)})


def _in_its_words(report: Report) -> Report:
    """Sentences of training and evaluation, told of what the examples are."""
    tell = words_of(report.dataset).tell
    changes: dict[str, Any] = {}
    for name in ("float_", "int8"):
        part = getattr(report, name)
        if part is not None and part.intervals:
            changes[name] = part.model_copy(update={"intervals": tell(part.intervals)})
    model = report.model
    if model is not None and model.history is not None and model.history.remark:
        remark = {"remark": tell(model.history.remark)}
        history = model.history.model_copy(update=remark)
        changes["model"] = model.model_copy(update={"history": history})
    return report.model_copy(update=changes)


def _with_open_gates(gates: Iterable[Gate], goal: Goal) -> tuple[Gate, ...]:
    """The gates reached, and those that were not, in their order."""
    reached = {gate.name: gate for gate in gates}
    wanted = ((_QUALITY_GATES[goal], ""), *_ALL_GATES)
    names = {name for name, _ in wanted}
    everything = [
        reached.get(name) or Gate(name=name, limit=None, value=None, passed=None, unit=unit)
        for name, unit in wanted
    ]
    others = [gate for name, gate in reached.items() if name not in names]
    return (*everything[:1], *others, *everything[1:])


_MADE = {
    "sound": "The voices are synthetic: the figures do not tell how the model does on people.",
    "motion": "{count:,} recordings are made by a generator: their figures do not tell how the "
    "model does on real ones.",
    "picture": "The pictures are drawn on: the figures do not tell how the model does on "
    "photographs of the real thing.",
}


def _from_scratch(report: Report, artefacts: dict[str, Artefact]) -> list[str]:
    """What it costs that a MobileNet began with random weights."""
    if "train" not in artefacts or not artefacts["train"].read_json("training.json").get("scratch"):
        return []
    count = next(split.samples for split in report.dataset.splits if split.name == "train")
    told = (
        f"The network learned from scratch, from {count:,} pictures alone. Its kind is made for a "
        "million: on photographs expect clearly less than with ImageNet's weights, most of all on "
        "scenes unlike those of the training split. What that costs was measured, docs/tasks.md: "
        "some 16 to 21 points. See model.weights."
    )
    return [told]


def _senses_nothing(report: Report) -> list[str]:
    """That the image waits for a computer, and why."""
    energy = report.board.energy if report.board is not None else None
    if energy is None or not energy.senses_nothing:
        return []
    return [f"The image answers a computer, and senses nothing by itself. {energy.senses_nothing}"]


def _warnings(
    report: Report, artefacts: dict[str, Artefact], evaluation: dict[str, Any]
) -> list[str]:
    """What the figures do not say: the data check's findings, the evaluation's notes, and more."""
    own = []
    if report.dataset.synthetic:
        notes = report.dataset.notes.items()
        count = sum(count for note, count in notes if note.startswith("synthetic"))
        own.append(_MADE[report.dataset.sense].format(count=count))
    own += _from_scratch(report, artefacts)
    own += _senses_nothing(report)
    if range_ms := report.board and report.board.latency_range_ms:
        own += [
            f"The latency is modelled, and the upper end of its range, {range_ms[1]:,.0f} ms, is "
            f"beyond the limit of {gate.limit:,.0f} ms."
            for gate in report.gates
            if gate.name == "latency" and gate.passed and range_ms[1] > (gate.limit or 0.0)
        ]
    exact = report.exact
    if exact and exact.clips_on_board < min(_CLIPS_TO_PROVE, exact.clips):
        own.append(
            f"Only {exact.clips_on_board} clips were proved on the board (board.clips); "
            f"{_CLIPS_TO_PROVE} are asked for before an image is trusted."
        )
    own += _too_small(report)
    check = artefacts["dataset"].read_json("dataset.json")["check"]
    found = [
        finding["message"]
        for finding in check["findings"]
        if finding["severity"] in ("error", "warning")
    ]
    tell = words_of(report.dataset).tell
    return [*own, *found, *map(tell, evaluation["notes"])]


def _too_small(report: Report) -> list[str]:
    """A word where the test split cannot carry the figure that it gives."""
    accuracy = report.metrics.get("accuracy")
    if accuracy is None or accuracy.ci95 is None:
        return []
    width = accuracy.ci95[1] - accuracy.ci95[0]
    samples = next(split.samples for split in report.dataset.splits if split.name == "test")
    if width <= _WIDE_INTERVAL:
        return []
    wanted = math.ceil(samples * (width / _WIDE_INTERVAL) ** 2 / 10) * 10
    told = f"The accuracy's interval spans {100 * width:.0f} points: the test split of {samples} is"
    return [f"{told} small for a claim. About {wanted} would narrow it to {_WIDE_INTERVAL:.0%}."]


def _stop(outcome: Outcome) -> Stop | None:
    if not outcome.stopped_at:
        return None
    return Stop(stage=outcome.stopped_at, reason=outcome.stop_reason)


def _provenance(project: Project, artefacts: dict[str, Artefact], outcome: Outcome) -> Provenance:
    manifests = {name: artefact.manifest for name, artefact in artefacts.items()}
    packages: dict[str, str] = {}
    compilers: dict[str, Tool] = {}
    for manifest in manifests.values():
        packages |= manifest["inputs"]["packages"]
        for purpose, identity in manifest["inputs"]["toolchain"].items():
            compilers[purpose] = _tool(identity, purpose)
    return Provenance(
        coincell=coincell.__version__,
        command="coincell run",
        seed=project.configuration.project.seed,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        processor=machine()["model"],
        tools=tuple(compilers[purpose] for purpose in sorted(compilers)),
        packages={name: version for name, version in sorted(packages.items()) if version},
        hashes=_hashes(manifests),
        stages=tuple(
            StageRun(
                name=name,
                key=artefact.key,
                seconds=manifests[name]["seconds"],
                reused=name not in outcome.seconds,
            )
            for name, artefact in artefacts.items()
        ),
        configuration=(project.directory / CONFIGURATION_FILE).read_text(encoding="utf-8"),
    )


def _tool(identity: str, purpose: str) -> Tool:
    """A compiler's identity (name, version, the flags that are always there) in its parts."""
    words = identity.split(" ")
    flags = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    detail = " ".join([f"{purpose}:", *words[flags:]]) if words[flags:] else purpose
    return Tool(name=words[0], version=" ".join(words[1:flags]).strip(), detail=detail)


def _hashes(manifests: dict[str, dict[str, Any]]) -> dict[str, str]:
    """SHA-256 of what a person can hold in hand: recordings' list, model, image."""
    found: dict[str, str] = {}
    data = manifests["dataset"]["inputs"]["files"]
    found.update({name: digest for name, digest in data.items() if name.endswith("manifest.csv")})
    for stage, name in (
        ("quantize", "model.tflite"),
        ("quantize", "detector.json"),
        ("firmware", "firmware.bin"),
    ):
        digest = manifests.get(stage, {}).get("files", {}).get(name)
        if digest:
            found[name] = digest
    return found


@dataclass(frozen=True)
class Published:
    """What was laid into build/.

    Attributes:
        page: report.html.
        missing: what the cards lack and only a person can add: keys of coincell.toml.
    """

    page: Path
    missing: tuple[str, ...]


def publish(project: Project, outcome: Outcome, report: Report) -> Published:
    """Lay report.html, report.json, both cards, the model, the C and the image into build/."""
    build = project.build_directory
    for stage, name in (
        ("quantize", "model.tflite"),
        ("quantize", "detector.json"),
        ("firmware", "firmware.elf"),
        ("firmware", "firmware.hex"),
        ("firmware", "firmware.bin"),
    ):
        _publish_file(outcome.artefacts.get(stage), name, build / name)
    counts = outcome.artefacts.get("reference")
    told = counts if counts and read_reference(counts) else None
    _publish_file(told, REFERENCE_FILE, build / REFERENCE_FILE)
    if "compile" in outcome.artefacts:
        shutil.rmtree(build / "c", ignore_errors=True)
        shutil.copytree(outcome.artefacts["compile"].folder / "c", build / "c")
    write_atomic(build / "report.json", report.to_json())
    write_atomic(build / "report.html", render_html(report, gallery_of(outcome)))
    return Published(build / "report.html", write_cards(project, outcome.artefacts, report))


def gallery_of(outcome: Outcome) -> Gallery | None:
    """The single windows that are shown beside the figures, where the run came so far."""
    shown = outcome.artefacts.get("gallery")
    return read_gallery(shown) if shown else None


def _publish_file(artefact: Artefact | None, name: str, target: Path) -> None:
    """Copy one file of an artefact; what this run did not make is not left from an older one."""
    source = artefact.folder / name if artefact else None
    if source is None or not source.is_file():
        target.unlink(missing_ok=True)
        return
    write_atomic(target, source.read_bytes())
