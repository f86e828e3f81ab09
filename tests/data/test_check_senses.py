"""`data check` of motion, pictures and numbers: what was put there is found, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from coincell.data import (
    CheckReport,
    Dataset,
    Sample,
    Split,
    check_dataset,
    read_manifest,
    write_manifest,
)
from coincell.data.resemblance import NEAR_BITS, near_pairs, picture_hash
from coincell.data.senses import sense_files
from coincell.files import sha256_bytes
from coincell.project import Project, parse_configuration

SPLITS: tuple[Split, ...] = ("train", "train", "validation", "test")
MOTION = """
sense = "motion"
sample_rate_hz = 100
window_ms = 1000
channels = ["aX", "aY"]
units = ["g", "g"]
full_scale = [4.0, 4.0]
"""
PICTURE = 'sense = "picture"\ncamera = { width = 32, height = 32, color = "gray" }\n'
HEADS = {
    "gesture": 'labels = ["a", "b"]\n' + MOTION,
    "anomaly-detection": 'labels = ["normal", "odd"]\n' + MOTION,
    "regression": 'target = "speed"\nunit = "rpm"\n' + MOTION,
    "visual-wake-word": 'labels = ["a", "b"]\n' + PICTURE,
}
BLOCKS = {"visual-wake-word": "picture"}


class Folder:
    """A data folder of any sense that is filled file by file."""

    def __init__(self, directory: Path, task: str) -> None:
        block = BLOCKS.get(task, "raw")
        text = (
            f'[project]\nname = "x"\ntask = "{task}"\n[data]\n{HEADS[task]}'
            f'[features]\nblock = "{block}"\n'
        )
        self.project = Project(directory, parse_configuration(text))
        self.samples: list[Sample] = []

    def add(
        self,
        values: NDArray[Any],
        label: str = "a",
        split: Split = "train",
        target: float | None = None,
        unit: str = "rpm",
    ) -> str:
        data = self.project.configuration.data
        files = sense_files(data)
        content = files.encode(values, data)
        number = len(self.samples)
        file = f"{label or 'n'}/{number:03}{files.stored_suffix}"
        path = self.project.data_directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.samples.append(
            Sample(
                file, "" if target is not None else label, split, sha256_bytes(content),
                files.seconds(values, data), {"speaker": split}, target,
                unit if target is not None else "",
            )
        )  # fmt: skip
        return file

    def check(self) -> CheckReport:
        write_manifest(Dataset(self.project.data_directory, tuple(self.samples)))
        read_manifest(self.project.data_directory)
        return check_dataset(self.project)


def rules(report: CheckReport) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {finding.rule: (finding.count, finding.files) for finding in report.findings}


def shaking(seed: int, steps: int = 100, scale: float = 0.5) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    return generator.normal((0.0, 1.0), scale, (steps, 2)).astype(np.float32)


@pytest.fixture
def motion(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path, "gesture")
    for number in range(12):
        folder.add(shaking(number), "ab"[number % 2], SPLITS[number // 2 % 4])
    return folder


def changed(number: int, change: Callable[[NDArray[np.float32]], object]) -> NDArray[np.float32]:
    values = shaking(number)
    change(values)
    return values


def put(place: Any, value: float) -> Callable[[NDArray[np.float32]], object]:
    return lambda values: values.__setitem__(place, value)


MOTION_FAULTS: dict[str, tuple[str, NDArray[np.float32]]] = {
    "flat": ("warning", np.full((100, 2), 0.25, np.float32)),
    "stuck-channel": ("warning", changed(50, put((slice(None), 1), 1.0))),
    "saturated": ("warning", changed(51, put((slice(3, 8), 0), -4.0))),
    "held": ("warning", changed(52, put(slice(30, 41), 0.5))),
    "moved-offset": ("warning", shaking(53) + np.float32([1.2, 0])),
    "moved-scale": ("note", shaking(54, scale=0.05)),
    "shorter": ("note", shaking(55, 99)),
    "much-shorter": ("warning", shaking(56, 49)),
    "longer": ("note", shaking(57, 101)),
    "much-longer": ("warning", shaking(58, 201)),
}


def test_clean_motion_has_no_findings(motion: Folder) -> None:
    report = motion.check()
    assert report.findings == ()
    assert "Nothing found in 12 recordings." in report.to_text()
    assert "Nothing found in 1 recording." in replace(report, clips=1).to_text()


@pytest.mark.parametrize("rule", MOTION_FAULTS)
def test_each_fault_of_motion_is_found_and_nothing_else(rule: str, motion: Folder) -> None:
    severity, values = MOTION_FAULTS[rule]
    file = motion.add(values)
    report = motion.check()
    found = rules(report)
    if rule == "moved-scale":  # both channels are smaller
        assert [finding.rule for finding in report.findings] == [rule, rule]
    else:
        assert len(report.findings) == 1
    assert found == {rule: (1, (file,))}
    assert report.findings[0].severity == severity
    assert "Recordings" in report.findings[0].message


def test_ten_held_steps_are_told_and_nine_are_not(motion: Folder) -> None:
    motion.add(changed(60, put(slice(30, 40), 0.5)))
    assert motion.check().findings == ()


def test_readings_that_are_no_numbers_are_unreadable(motion: Folder) -> None:
    file = motion.add(changed(61, put((5, 0), np.nan)))
    assert rules(motion.check()) == {"unreadable": (1, (file,))}


def test_windows_side_by_side_make_no_recording_too_long(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "gesture")
    data = folder.project.configuration.data.model_copy(update={"window_step_ms": 500})
    configuration = folder.project.configuration.model_copy(update={"data": data})
    folder.project = Project(tmp_path, configuration)
    for number in range(8):
        folder.add(shaking(number, 900), "ab"[number % 2], SPLITS[number // 2])
    assert folder.check().findings == ()


def test_anomalies_in_training_are_told_and_need_no_training(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "anomaly-detection")
    for number, split in enumerate(SPLITS * 2):
        folder.add(shaking(number), "normal", split)
    folder.add(shaking(20), "odd", "test")
    assert folder.check().findings == ()
    file = folder.add(shaking(21), "odd", "train")
    report = folder.check()
    assert rules(report) == {"strange-in-training": (1, (file,))}
    assert report.ok


@pytest.fixture
def speeds(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path, "regression")
    for number in range(12):
        target = 1000.0 + 100 * (number % 6)
        folder.add(shaking(number), split=SPLITS[number // 2 % 4], target=target)
    folder.add(shaking(30), split="train", target=900.0)
    folder.add(shaking(31), split="train", target=1600.0)
    return folder


def test_clean_targets_have_no_findings(speeds: Folder) -> None:
    assert speeds.check().findings == ()


@pytest.mark.parametrize(
    ("rule", "target", "unit", "split"),
    [
        ("unit", 1200.0, "Hz", "test"),
        ("target-outlier", 90000.0, "rpm", "train"),
        ("target-range", 1700.0, "rpm", "test"),
        ("no-target", None, "", "train"),
    ],
)
def test_each_fault_of_a_target(
    rule: str, target: float | None, unit: str, split: Split, speeds: Folder
) -> None:
    file = speeds.add(shaking(40), split=split, target=target, unit=unit)
    assert rules(speeds.check()) == {rule: (1, (file,))}


def test_targets_that_are_all_alike(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "regression")
    for number, split in enumerate(SPLITS):
        folder.add(shaking(number), split=split, target=5.0)
    report = folder.check()
    assert [finding.rule for finding in report.findings] == ["target-constant"]
    assert not report.ok


def scene(seed: int, side: int = 40) -> NDArray[np.uint8]:
    """Blobs of colour, large and small, as photographs have."""
    generator = np.random.default_rng(seed)
    layers = [
        Image.fromarray(generator.integers(0, 256, (blobs, blobs, 3)).astype(np.uint8)).resize(
            (side, side), Image.Resampling.BICUBIC
        )
        for blobs in (6, 20)
    ]
    return np.asarray(Image.blend(layers[0], layers[1], 0.4), np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path, "visual-wake-word")
    for number in range(8):
        folder.add(scene(number), "ab"[number % 2], SPLITS[number // 2])
    return folder


def jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=40)
    return np.asarray(Image.open(stream), np.uint8)


def brighter(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(1.1), np.uint8)


def test_clean_pictures_have_no_findings(pictures: Folder) -> None:
    report = pictures.check()
    assert report.findings == ()
    assert "8 pictures" in report.to_text()


def test_photographs_without_owner_are_new_each_but_not_what_they_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        HEADS, "visual-wake-word", HEADS["visual-wake-word"] + 'split = { by = "picture" }\n'
    )
    folder = Folder(tmp_path, "visual-wake-word")
    for number in range(8):
        folder.add(scene(number), "ab"[number % 2], SPLITS[number // 2])
    (finding,) = folder.check().findings
    assert (finding.rule, finding.count) == ("no-group", 8)
    assert finding.message.endswith("how the model does on new people and places.")


@pytest.mark.parametrize(
    ("rule", "pixels", "label", "split", "count"),
    [
        ("uniform", np.full((40, 40, 3), 90, np.uint8), "a", "train", 1),
        ("tiny", scene(90, 15), "a", "train", 1),
        ("smaller", scene(91, 31), "a", "train", 1),
        ("near-duplicate", jpeg(scene(0)), "a", "train", 1),
        ("near-two-labels", jpeg(scene(0)), "b", "train", 2),
        ("near-leakage", brighter(scene(0)), "a", "test", 2),
    ],
)
def test_each_fault_of_pictures(
    rule: str, pixels: NDArray[np.uint8], label: str, split: Split, count: int, pictures: Folder
) -> None:
    file = pictures.add(pixels, label, split)
    found = rules(pictures.check())
    assert found.keys() == {rule}
    assert found[rule][0] == count
    assert file in found[rule][1]


def test_photographs_are_told_apart_and_their_copies_are_not(shared: Path) -> None:
    """Real photographs: no two of 617 are near, and altered copies are."""
    weights = np.array([0.299, 0.587, 0.114])
    paths = sorted((shared / "data" / "vww").glob("*person/*"))[::4]
    pixels = [np.asarray(Image.open(path).convert("RGB"), np.uint8) for path in paths]
    hashes = [picture_hash(one @ weights) for one in pixels]
    assert len(hashes) > 100
    assert list(near_pairs(hashes)) == []
    for alter in (jpeg, brighter):
        copies = [picture_hash(alter(one) @ weights) for one in pixels]
        found = set(near_pairs([*hashes, *copies]))
        assert {(row, row + len(hashes)) for row in range(len(hashes))} <= found


def test_near_pairs_are_those_that_counting_finds() -> None:
    generator = np.random.default_rng(0)
    bits = generator.integers(0, 2, (700, 256)).astype(np.uint8)
    for row in range(0, 600, 7):
        bits[row + 1] = bits[row]
        bits[row + 1, : generator.integers(0, 2 * NEAR_BITS)] ^= 1
    hashes = [np.packbits(row).tobytes() for row in bits]
    unlike = (bits[:, np.newaxis] != bits).sum(axis=2)
    expected = {(i, j) for i, j in np.argwhere(unlike <= NEAR_BITS) if i < j}
    assert set(near_pairs(hashes)) == expected
    assert 30 < len(expected) < 90
