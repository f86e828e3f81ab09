"""The model card: sections of Mitchell et al., "Model Cards for Model Reporting" (2019)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from coincell.audit._card_blocks import Block, Bullets, Card, Paragraph, Section, Table
from coincell.audit._card_facts import (
    CardFacts,
    facts_table,
    group_table,
    metric_text,
    number,
    sentence,
    split_table,
    told,
)
from coincell.audit._card_fairness import fairness_blocks
from coincell.project import MitigationSettings

_PER_CLASS = ("precision", "recall", "f1", "fpr", "fnr")


def model_card(facts: CardFacts) -> Card:
    """The card of the model that a run made, from what the run measured.

    Sections and their order are those of Mitchell et al. (2019), with one more on the device.
    """
    report = facts.report
    board = report["board"] or {}
    where = f" for {board.get('title') or board['name']}" if board else ""
    lead = (
        f"A model of the task {report['task']}{where}. All figures were measured by coincell run"
        f"{' on ' + report['created'] if report['created'] else ''}. What is marked "
        '"To add" only a person can tell: in coincell.toml, by the key that stands beside it.'
    )
    sections = (
        Section("Model details", tuple(_details(facts))),
        Section("Intended use", tuple(_intended(facts))),
        Section("Factors", tuple(_factors(facts))),
        Section("Metrics", tuple(_metrics(facts))),
        Section("Evaluation data", tuple(_evaluation_data(facts))),
        Section("Training data", tuple(_training_data(facts))),
        Section("Quantitative analyses", tuple(_analyses(facts))),
        Section("On the device", tuple(_device(facts))),
        Section("Ethical considerations", tuple(_ethics(facts))),
        Section("Caveats and recommendations", tuple(_caveats(facts))),
        Section("To repeat it", tuple(_provenance(facts))),
    )
    return Card(f"Model card: {report['project']}", lead, sections)


def _details(facts: CardFacts) -> Iterator[Block]:
    configuration, report = facts.configuration, facts.report
    model, features = report["model"] or {}, report["features"] or {}
    yield told(configuration.card, "card", "authors", "Made by ")
    yield told(configuration.card, "card", "licence", "Licence: ")
    shape = " x ".join(map(str, features.get("shape", ())))
    yield facts_table(
        "What it is.",
        (
            ("Task", report["task"]),
            ("Answers", _answers(facts)),
            ("Architecture", model.get("architecture", "")),
            ("Parameters", _count(model.get("parameters"))),
            ("Bytes of the int8 model", _count(model.get("tflite_bytes"))),
            ("Multiply-accumulates a window", _count(model.get("macs"))),
            ("Features", f"{features['block']}, {shape}" if features else ""),
            ("Window", _window(report["dataset"])),
            ("Training", _training(facts)),
            ("Quantization", _quantization(facts)),
            ("Pruning", _pruning(model)),
            ("Learned from", (model.get("distillation") or {}).get("teacher", "")),
            ("Weights it began with", configuration.model.weights),
            ("Model of the user's", configuration.model.file),
            ("Made on", report["created"] or ""),
        ),
    )


def _count(value: int | None) -> str:
    return f"{value:,}" if value else ""


def _answers(facts: CardFacts) -> str:
    dataset, goal = facts.report["dataset"], facts.configuration.goal
    if goal == "quantity":
        quantity = dataset["quantity"]
        return f"{quantity['target']} in {quantity['unit']}"
    if goal == "normality":
        return f"how unlike {facts.configuration.data.normal_label!r} a window is"
    return ", ".join(dataset["labels"])


def _window(dataset: Mapping[str, Any]) -> str:
    if dataset["camera"]:
        camera = dataset["camera"]
        return f"a picture of {camera['width']} x {camera['height']}, {camera['color']}"
    return f"{dataset['window_ms']:g} ms of {dataset['sense']} at {dataset['sample_rate_hz']:,} Hz"


def _training(facts: CardFacts) -> str:
    history = (facts.report["model"] or {}).get("history")
    seed = f"seed {facts.configuration.project.seed}"
    if not history:
        return seed
    best = f", weights of epoch {history['best_epoch']}" if history["best_epoch"] else ""
    return f"{len(history['loss'])} epochs{best}, {seed}"


def _quantization(facts: CardFacts) -> str:
    part = (facts.report["model"] or {}).get("quantization")
    settings = facts.configuration.quantization
    if not part:
        return "integers throughout" if facts.report["int8"] else ""
    how = "aware of int8 (qat)" if part["mode"] == "qat" else "after training (ptq)"
    activations = f"weights int8, activations {settings.activations}"
    return f"{how}; {activations}; ranges by {settings.calibration}"


def _pruning(model: Mapping[str, Any]) -> str:
    part = model.get("pruning")
    if not part:
        return ""
    after = part["steps"][-1] if part["steps"] else part["before"]
    return f"{part['before']['parameters']:,} to {after['parameters']:,} parameters"


def _intended(facts: CardFacts) -> Iterator[Block]:
    intended = facts.configuration.intended
    for name, before in (
        ("use", "Use: "),
        ("users", "Who meets it: "),
        ("place", "Where: "),
        ("not_for", "Not made or tested for: "),
    ):
        yield told(intended, "intended", name, before)


def _factors(facts: CardFacts) -> Iterator[Block]:
    yield from group_table(facts)
    dataset = facts.report["dataset"]
    board = facts.report["board"]
    where = f" What judged it on the device is {_judge(board)}." if board else ""
    yield Paragraph(f"A window is {_window(dataset)}.{where}")


def _judge(board: Mapping[str, Any]) -> str:
    name = board["title"] or board["name"]
    return f"the virtual board {name}, not a real one" if board["virtual"] else name


def _metrics(facts: CardFacts) -> Iterator[Block]:
    intended, decision = facts.configuration.intended, facts.configuration.decision
    yield told(intended, "intended", "false_positive", "Something told that was not there: ")
    yield told(intended, "intended", "false_negative", "Something missed that was there: ")
    ratio = intended.false_positive_cost / intended.false_negative_cost
    if {"false_positive_cost", "false_negative_cost"} & intended.model_fields_set:
        yield Paragraph(f"A false positive costs {ratio:g} times what a false negative does.")
    if facts.configuration.goal == "classes":
        yield Paragraph(
            f"A decision is told where the score, averaged over {decision.smoothing_windows} "
            f"windows, reaches {decision.threshold:g}."
        )
    gates = facts.report["gates"]
    if gates:
        yield Table(
            "Limits that the run held it to.",
            ("Limit", "Measured", "Must be", "Held"),
            tuple(_gate_row(gate) for gate in gates),
        )
    intervals = (facts.report["int8"] or {}).get("intervals")
    if intervals:
        yield Paragraph(f"Intervals: {intervals}")


def _gate_row(gate: Mapping[str, Any]) -> tuple[str, ...]:
    held = {True: "yes", False: "no", None: "not reached"}[gate["passed"]]
    unit = gate["unit"].replace("share", "")
    value = "\N{EN DASH}" if gate["value"] is None else f"{number(gate['value'])} {unit}"
    limit = "no limit" if gate["limit"] is None else f"{gate['bound']} {number(gate['limit'])}"
    return gate["name"].replace("_", " "), value.strip(), limit, held


def _evaluation_data(facts: CardFacts) -> Iterator[Block]:
    report = facts.report
    test = next(split for split in report["dataset"]["splits"] if split["name"] == "test")
    by = report["dataset"]["split_by"]
    apart = (
        f"No '{by}' of theirs was trained on."
        if by
        else "Whether those who recorded it were trained on is not known."
    )
    yield Paragraph(f"{test['samples']:,} windows that were held out. {apart}")
    openings = report["test_openings"]
    if openings:
        yield Paragraph(
            f"How often the test split was looked at in this project: {openings}. Each look after "
            "which settings are changed makes its figures flatter a little more."
        )
    yield split_table(facts)


def _training_data(facts: CardFacts) -> Iterator[Block]:
    dataset = facts.report["dataset"]
    copies = facts.configuration.augmentation.copies
    yield Paragraph(f"{sentence(dataset['source'])} The data-set card (data_card.md) has more.")
    if copies:
        yield Paragraph(f"Each training window was joined by {copies} altered copies of it.")
    yield from _mitigation(facts.configuration.mitigation)


def _mitigation(settings: MitigationSettings) -> Iterator[Block]:
    """What training did for groups of people, if anything."""
    ways = {
        "samples were weighed so that groups and classes are independent": settings.weights
        != "none",
        "each epoch drew as many samples of each group": settings.batches != "none",
        f"groups with few samples got up to {settings.copies} further altered copies of each": (
            settings.copies > 0
        ),
    }
    used = [words for words, on in ways.items() if on]
    if used:
        yield Paragraph(f"For groups by {', '.join(settings.columns)}: {'; '.join(used)}.")


def _analyses(facts: CardFacts) -> Iterator[Block]:
    report = facts.report
    if not report["int8"]:
        yield Paragraph("The run did not come to an evaluation.")
        return
    rows = tuple(
        (name, metric_text(metric))
        for name, metric in zip(
            _names(facts, report["metrics"]), report["metrics"].values(), strict=True
        )
    )
    unit = facts.configuration.data.unit
    where = f", errors in {unit}" if unit else ""
    title = f"The int8 model on the test split, with 95 % intervals{where}."
    yield Table(title, ("Metric", "Value"), rows)
    yield from _float_beside_int8(facts)
    yield from _per_class(facts)
    yield from fairness_blocks(facts)


def _names(facts: CardFacts, keys: Collection[str]) -> list[str]:
    """What metrics are called: by the glossary, where no other one has the same name there."""
    titles = [facts.titles.get(key, "") for key in keys]
    return [
        title if title and titles.count(title) == 1 else key.replace("_", " ")
        for key, title in zip(keys, titles, strict=True)
    ]


def _float_beside_int8(facts: CardFacts) -> Iterator[Block]:
    report = facts.report
    names = [name for name in ("accuracy", "f1_macro", "auc_macro") if report["int8"].get(name)]
    before = report["float"]
    if before and names:
        yield Table(
            "What int8 made of the float model.",
            ("Metric", "Float", "Int8"),
            tuple(
                (
                    facts.titles.get(name, name.replace("_", " ")),
                    metric_text(before[name]),
                    metric_text(report["int8"][name]),
                )
                for name in names
            ),
        )


def _per_class(facts: CardFacts) -> Iterator[Block]:
    classes = facts.report["int8"]["per_class"]
    if classes:
        heads = [facts.titles.get(name, name) for name in _PER_CLASS]
        yield Table(
            "Each class against the rest, int8.",
            ("Class", "Windows", *heads),
            tuple(
                (
                    each["label"],
                    f"{each['samples']:,}",
                    *(metric_text(each[name]) for name in _PER_CLASS),
                )
                for each in classes
            ),
        )


def _device(facts: CardFacts) -> Iterator[Block]:
    board, exact = facts.report["board"], facts.report["exact"]
    if not board:
        yield Paragraph("The run did not come to an image for a board.")
        return
    rows = tuple((each.name, each.value, each.detail) for each in facts.key_figures)
    if rows:
        title = f"Key figures; what a board takes is of {_judge(board)}."
        yield Table(title, ("Figure", "Value", "More"), rows)
    if exact:
        yield Paragraph(
            f"Of {exact['clips']:,} test windows {exact['mismatches']:,} differ by any byte "
            f"between {exact['oracle']} and the compiled C; {exact['clips_on_board']:,} of them "
            "were run on the board too."
        )
    if facts.privacy:
        yield Bullets(facts.privacy)


def _ethics(facts: CardFacts) -> Iterator[Block]:
    if facts.all_made:
        yield Paragraph(
            "Nobody was recorded: a program made all recordings. The figures do not tell how the "
            "model does on people and things in life."
        )
    yield told(facts.configuration.card, "card", "ethics")


def _caveats(facts: CardFacts) -> Iterator[Block]:
    stopped = facts.report["stopped"]
    if stopped:
        yield Paragraph(f"The run ended early, at {stopped['stage']}: {stopped['reason']}")
    if facts.report["warnings"]:
        yield Bullets(tuple(facts.report["warnings"]))
    yield told(facts.configuration.card, "card", "caveats")


def _provenance(facts: CardFacts) -> Iterator[Block]:
    provenance = facts.report["provenance"]
    rows = [
        ("Command", provenance["command"]),
        ("Coincell", provenance["coincell"]),
        ("Seed", str(provenance["seed"])),
        ("Python", provenance["python"]),
        *((f"SHA-256 of {name}", digest) for name, digest in provenance["hashes"].items()),
    ]
    yield facts_table("The same seed, data and versions give the same model.", rows)
