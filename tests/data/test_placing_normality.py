"""Anomaly detection: what is strange is tested with, whoever it is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from coincell.data import check_dataset, import_recordings
from coincell.data.manifest import Dataset, Sample, Source, Split
from coincell.data.placing import Incoming, normal_label, place, shared_note, split_notes
from coincell.errors import DataError
from coincell.pipeline import Demand, run_until
from coincell.project import Project, parse_configuration

TOML = """
[project]
name = "fan"
task = "{task}"
[data]
sense = "motion"
labels = ["normal", "coin"]
channels = ["x"]
units = ["g"]
full_scale = [2.0]
sample_rate_hz = 100
split = {{by = "machine", validation = 0.2, test = 0.2}}
[features]
block = "statistics"
[model]
architecture = "{architecture}"
"""
DETECTION = parse_configuration(TOML.format(task="anomaly-detection", architecture="k-means"))
CLASSES = parse_configuration(TOML.format(task="gesture", architecture="fully-connected"))


def sample(label: str, number: int, split: Split = "train") -> Sample:
    name = f"machine-{number % 12}"
    source = Source("CSV", 100, 1, f"{label}{number}")
    file = f"{label}/{number}.npy"
    return Sample(file, label, split, f"{label}{number}", 1.0, {"machine": name}, source=source)


def incoming(count: int = 120) -> list[Incoming]:
    labels = ["coin" if number % 3 == 0 else "normal" for number in range(count)]
    return [Incoming(sample(label, n), None, None) for n, label in enumerate(labels)]


def empty(tmp: object) -> Dataset:
    return Dataset(tmp, (), ())  # type: ignore[arg-type]


def test_what_is_strange_goes_to_the_test_split(tmp_path: object) -> None:
    placed = place(incoming(), empty(tmp_path), DETECTION)
    assert {s.split for s in placed if s.label == "coin"} == {"test"}
    assert {s.split for s in placed if s.label == "normal"} == {"train", "validation", "test"}


def test_it_draws_no_normal_recording_of_its_machine_after_it(tmp_path: object) -> None:
    everything = incoming()
    alone = [each for each in everything if each.sample.label == "normal"]
    placed = {s.file: s.split for s in place(everything, empty(tmp_path), DETECTION)}
    expected = {s.file: s.split for s in place(alone, empty(tmp_path), DETECTION)}
    assert {file: placed[file] for file in expected} == expected
    sides: dict[str, set[str]] = {}
    for each in alone:
        sides.setdefault(each.sample.groups["machine"], set()).add(placed[each.sample.file])
    assert all(len(side) == 1 for side in sides.values())


def test_a_split_that_the_source_gives_is_kept_and_told(tmp_path: object) -> None:
    given = [Incoming(sample("coin", 0), "train", None), *incoming()[1:]]
    placed = place(given, empty(tmp_path), DETECTION)
    assert placed[0].split == "train"
    dataset = Dataset(tmp_path, tuple(placed), ())  # type: ignore[arg-type]
    notes = split_notes(dataset, DETECTION.data, normal_label(DETECTION))
    assert [note for note in notes if "1 recordings that are not 'normal'" in note]
    assert not [note for note in notes if "more than one side" in note or "Nothing for" in note]


def test_of_classes_all_labels_are_learned(tmp_path: object) -> None:
    placed = place(incoming(), empty(tmp_path), CLASSES)
    assert "train" in {s.split for s in placed if s.label == "coin"}


def test_a_source_without_validation_shares_its_training_part(tmp_path: object) -> None:
    """Whole machines, and only what is normal; what is given for the test stays there."""
    given = [
        Incoming(each.sample, "test" if n % 5 == 0 else "train", None)
        for n, each in enumerate(incoming())
    ]
    placed = place(given, empty(tmp_path), DETECTION)
    for item, now in zip(given, placed, strict=True):
        strange = now.label == "coin"
        assert now.split == item.given or (now.split == "validation" and not strange)
    validating = {s.groups["machine"] for s in placed if s.split == "validation"}
    learning = [s for s in placed if s.split == "train" and s.label == "normal"]
    assert validating
    assert not validating & {s.groups["machine"] for s in learning}
    assert "120" not in "".join(shared_note(given, placed))
    assert len(shared_note(given, placed)) == 1


def test_it_stays_shared_when_it_comes_again(tmp_path: object) -> None:
    given = [Incoming(each.sample, "train", None) for each in incoming()]
    placed = place(given, empty(tmp_path), CLASSES)
    dataset = Dataset(tmp_path, tuple(placed), ())  # type: ignore[arg-type]
    again = [Incoming(s, "train", s) for s in placed]
    assert place(again, dataset, CLASSES) == placed
    assert {s.split for s in placed} == {"train", "validation"}


def test_a_source_that_validates_by_itself_keeps_its_parts(tmp_path: object) -> None:
    sides: list[Split] = ["train", "validation", "test", "train"]
    given = [Incoming(each.sample, sides[n % 4], None) for n, each in enumerate(incoming())]
    placed = place(given, empty(tmp_path), CLASSES)
    assert [s.split for s in placed] == [item.given for item in given]


@pytest.mark.parametrize(
    ("machines", "recordings", "share"), [(1, 6, 0.2), (2, 6, 0.2), (9, 9, 0.0), (0, 1, 0.2)]
)
def test_without_normal_recordings_for_a_threshold_nothing_is_begun(
    machines: int, recordings: int, share: float, tmp_path: Path
) -> None:
    text = TOML.format(task="anomaly-detection", architecture="k-means")
    text = text.replace("validation = 0.2", f"validation = {share}")
    source, own = tmp_path / "source", tmp_path / "own"
    source.mkdir()
    own.mkdir()
    lines = ["file,label,machine"]
    for number in range(recordings + 2):
        label = "normal" if number < recordings else "coin"
        machine = f"m{number % machines}" if machines else ""
        lines.append(f"{number}.csv,{label},{machine}")
        readings = [f"{(number + 1) * step % 17 / 20}" for step in range(300)]
        (source / f"{number}.csv").write_text("\n".join(["x", *readings]), encoding="utf-8")
    (source / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    project = Project(own, parse_configuration(text))
    import_recordings(source, project)
    report = check_dataset(project)
    errors = [each.message for each in report.of_severity("error") if each.rule == "empty-split"]
    (told,) = [each for each in errors if "validation" in each]
    assert "nothing to choose the threshold by" in told
    wanted = "at least three of 'normal', each with another 'machine'"
    assert ("Raise data.split.validation" if not share else wanted) in told
    with pytest.raises(DataError, match="nothing to choose the threshold by"):
        run_until(project, Demand(until="dataset"))
