"""Synthesis: deterministic in any order, cached, split by voice; by espeak-ng in workers."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from coincell.data import (
    NOISE_LABEL,
    check_dataset,
    import_recordings,
    load_noise,
    load_windows,
    speech,
    synthesize,
)
from coincell.data.speech import Speech, Utterance
from coincell.data.synthesis import placed, trimmed
from coincell.errors import DataError, InternalError, MissingExtraError, UserError
from coincell.project import Project
from data.fixtures import MakeProject, WriteTone, tone

WORKER = Path(speech.__file__).with_name("espeak_worker.py")
SMALL = "[synthesis]\nvoices = 4\nclips_per_word_and_voice = 2\n"

needs_voices = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason='needs the extra "voices" (espeakng-loader)',
)


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that no other test has filled."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("COINCELL_CACHE", str(folder))
    return folder


def contents(project: Project) -> dict[str, bytes]:
    folder = project.data_directory
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


@needs_voices
def test_the_same_set_in_another_order_has_the_same_bytes(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is shared: other cache, other order of words, other number of workers."""
    made: list[dict[str, bytes]] = []
    for run, labels in enumerate((("yes", "no", "unknown", "silence"), ("unknown", "no", "yes"))):
        monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / f"cache-{run}"))
        monkeypatch.setattr("os.sched_getaffinity", lambda _pid, count=run: set(range(count + 1)))
        words = ", ".join(f'"{label}"' for label in labels if label in ("yes", "no"))
        project = make_project(*labels, extra=f"{SMALL}words = [{words}]\n")
        synthesize(project)
        made.append(contents(project))
    first, second = made
    clips = [name for name in first if name.endswith(".wav") and not name.startswith("silence")]
    assert len(clips) == 4 * 2 * 2 + 4 * 6 + 12
    assert {name: first[name] for name in clips} == {name: second[name] for name in clips}


@needs_voices
def test_utterances_do_not_depend_on_what_was_said_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    utterances = [
        Utterance(text, "en-gb", variant, rate, 50, 50)
        for text in ("stop", "go")
        for variant in ("f2", "m3", "Reed")
        for rate in (140, 190)
    ]
    spoken: list[dict[Utterance, bytes]] = []
    for run, order in enumerate((utterances, utterances[::-1])):
        monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / f"cache-{run}"))
        time.sleep(1.1 * run)  # the library seeds itself by the second in which it is loaded
        with Speech(workers=1) as speaker:
            sounds = list(speaker.speak(order))
            assert {rate_hz for _, rate_hz in sounds} == {22050}
            spoken.append(
                {u: samples.tobytes() for u, (samples, _) in zip(order, sounds, strict=True)}
            )
    assert spoken[0] == spoken[1]
    assert len(set(spoken[0].values())) == len(utterances)


@needs_voices
def test_a_second_synthesis_speaks_nothing(
    make_project: MakeProject, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_project("yes", "no", "unknown", extra=SMALL)
    summary = synthesize(first)
    assert (summary.made, summary.kept, summary.removed) == (40, 0, 0)
    before = contents(first)

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    again = synthesize(first)
    assert (again.made, again.kept, again.removed) == (0, 40, 0)
    assert contents(first) == before
    second = make_project("yes", "no", "unknown", extra=SMALL)
    assert synthesize(second).made == 40  # from the cache
    assert contents(second) == before


@needs_voices
def test_a_damaged_cache_entry_is_spoken_again(
    make_project: MakeProject, fresh_cache: Path
) -> None:
    first = make_project("yes", "no", extra=SMALL)
    synthesize(first)
    for number, path in enumerate(sorted(fresh_cache.rglob("*.wav"))):
        path.write_bytes(path.read_bytes()[: 10 * number])
    second = make_project("yes", "no", extra=SMALL)
    synthesize(second)
    assert contents(second) == contents(first)


@needs_voices
def test_columns_counts_and_sides(make_project: MakeProject) -> None:
    extra = SMALL.replace("voices = 4", "voices = 8")
    project = make_project("yes", "no", "unknown", "silence", extra=extra)
    summary = synthesize(project)
    dataset = summary.dataset
    totals = {label: sum(row.values()) for label, row in dataset.counts().items()}
    assert totals == {"yes": 16, "no": 16, "unknown": 48, "silence": 16}
    assert dataset.counts()["yes"] == {"train": 12, "validation": 2, "test": 2}
    assert dataset.counts()["silence"] == dataset.counts()["yes"]
    spoken = [s for s in dataset.samples if s.label != "silence"]
    one_of: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for sample in spoken:
        groups = sample.groups
        assert groups.keys() == {"speaker", "accent", "gender", "word", "rate", "pitch"}
        assert 130 <= int(groups["rate"]) <= 210
        assert 30 <= int(groups["pitch"]) <= 70
        assert groups["word"] == sample.label or sample.label == "unknown"
        one_of[groups["speaker"]].add((groups["accent"], groups["gender"], sample.split))
    assert len(one_of) == 8
    assert all(len(kinds) == 1 for kinds in one_of.values())
    assert Counter(g for kinds in one_of.values() for _, g, _ in kinds) == {"female": 4, "male": 4}
    assert len({s.groups["word"] for s in spoken if s.label == "unknown"}) == 10
    windows = load_windows(dataset, dataset.samples, project.configuration.data)
    assert (windows.padded, windows.cropped) == (0, 0)
    assert all(sample.duration_s == 1.0 for sample in dataset.samples)
    assert check_dataset(project).of_severity("error") == ()
    for split in ("train", "validation", "test"):
        noise = load_noise(dataset, split, 16000, project.configuration.data)
        assert noise.shape == (4, 16000)
        assert (np.abs(noise).max(axis=1) > 500).all()
    assert dataset.notes(16000) == {"synthetic silence": 16, "synthetic speech": 80}


@needs_voices
def test_imported_recordings_stay_and_old_clips_go(
    make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number in range(6):
        write_tone(recordings / "yes" / f"{number}.wav", 300 + 10 * number)
        write_tone(recordings / "no" / f"{number}.wav", 700 + 10 * number)
    project = make_project("yes", "no", extra=SMALL)
    imported = {s.file: s for s in import_recordings(recordings, project).dataset.samples}
    grown = {s.file: s for s in synthesize(project).dataset.samples}
    assert imported.items() <= grown.items()
    fewer = Project(project.directory, make_project(extra=SMALL.replace("4", "3")).configuration)
    summary = synthesize(fewer)
    assert (summary.made, summary.kept, summary.removed) == (0, 12, 4)
    assert len(summary.dataset.samples) == 12 + 12
    assert imported.items() <= {s.file: s for s in summary.dataset.samples}.items()
    on_disk = {p.relative_to(project.data_directory).as_posix()
               for p in project.data_directory.rglob("*.wav")}  # fmt: skip
    listed = {s.file for s in (*summary.dataset.samples, *summary.dataset.noise)}
    assert on_disk == listed


@needs_voices
def test_ctrl_c_leaves_nothing_half_written_and_no_process(
    make_project: MakeProject, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    def interrupt(done: int, total: int, message: str) -> None:
        if done == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", remember)
    project = make_project("yes", "no", extra=SMALL)
    with pytest.raises(KeyboardInterrupt):
        synthesize(project, interrupt)
    assert started
    assert all(process.poll() is not None for process in started)
    assert sorted(p.name for p in project.data_directory.iterdir()) == [".lock"]
    assert synthesize(project).made == 16


@needs_voices
def test_what_espeak_does_not_know_is_the_users_to_mend(
    make_project: MakeProject, fresh_cache: Path
) -> None:
    extra = SMALL + 'accents = ["en-us", "xx-none"]\n'
    with pytest.raises(DataError, match="no accent 'xx-none'") as caught:
        synthesize(make_project(extra=extra))
    assert "synthesis.accents" in caught.value.hint
    with pytest.raises(DataError, match=r"'maybe', which is not in data\.labels"):
        synthesize(make_project(extra=SMALL + 'words = ["maybe"]\n'))


@needs_voices
def test_a_worker_that_dies_is_our_fault_and_told(
    tmp_path: Path, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "worker.py"
    broken.write_text("import sys; sys.exit('no voice today')", encoding="utf-8")
    monkeypatch.setattr(speech, "_WORKER", broken)
    utterance = Utterance("yes", "en-us", "f2", 150, 50, 50)
    with Speech(1) as speaker, pytest.raises(InternalError, match="no voice today"):
        list(speaker.speak([utterance]))


def test_without_the_extra_the_error_names_it(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    project = make_project(extra=SMALL)
    with pytest.raises(MissingExtraError) as caught:
        synthesize(project)
    assert isinstance(caught.value, UserError)
    assert caught.value.exit_code == 2
    assert "coincell[voices]" in caught.value.hint
    assert not project.data_directory.exists()


def test_the_worker_stands_alone() -> None:
    """GPL code is reached by this file only; it imports nothing of ours and bears its licence."""
    text = WORKER.read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: GPL-3.0-or-later OR Apache-2.0\n")
    imported: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    for path in WORKER.parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [getattr(node, "module", None) or "", *(a.name for a in node.names)]
                assert not any("espeak" in name for name in names), path


def test_trimming_keeps_the_word_and_its_margin() -> None:
    rate_hz = 22050
    word = tone(500, 0.3, rate_hz, amplitude=0.5)
    sound = np.concatenate([np.zeros(3000), word, np.zeros(9000)])
    kept = trimmed(sound, rate_hz)
    margin, frame = round(0.02 * rate_hz), round(0.005 * rate_hz)
    assert len(word) + 2 * margin - frame <= len(kept) <= len(word) + 2 * margin + 2 * frame
    assert np.sum(kept**2) == pytest.approx(np.sum(word**2))
    np.testing.assert_array_equal(trimmed(np.zeros(100), rate_hz), np.zeros(100))


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_a_word_is_placed_inside_at_its_snr(snr_db: float) -> None:
    rng = np.random.default_rng(3)
    word = tone(500, 0.3, 16000)
    noise = [np.round(rng.standard_normal(40000) * 1000).astype(np.int16)]
    starts = set()
    for seed in range(12):
        window = placed(word, 16000, snr_db, noise, np.random.default_rng(seed)) / 32768.0
        alone = placed(word, 16000, 200.0, noise, np.random.default_rng(seed)) / 32768.0
        (heard,) = np.flatnonzero(np.abs(alone) > 0).nonzero()
        place = np.flatnonzero(alone)
        starts.add(int(place[0]))
        assert len(heard) <= 4800
        assert place[-1] < 16000
        speech_power = np.mean(alone[place[0] : place[-1] + 1] ** 2)
        noise_power = np.mean((window - alone) ** 2)
        assert 10 * np.log10(speech_power / noise_power) == pytest.approx(snr_db, abs=0.3)
        assert -18.1 < 20 * np.log10(np.abs(alone).max()) < -2.9
    assert len(starts) > 8


def test_a_word_longer_than_the_window_is_kept_whole() -> None:
    noise = [np.ones(100, np.int16)]
    clip = placed(tone(500, 1.5, 16000), 16000, 20.0, noise, np.random.default_rng(0))
    assert len(clip) == 24000


def test_noise_is_of_no_class() -> None:
    assert not NOISE_LABEL[0].isalnum()  # so no label of a configuration can be the same
