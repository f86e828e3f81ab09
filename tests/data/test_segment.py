"""Events that were put into long recordings are found where they are; the user's files stay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import SegmentOptions, import_recordings, read_manifest, segment_recordings
from coincell.errors import DataError, UserError
from coincell.project import Project, parse_configuration
from data.fixtures import MakeProject
from motion_project import motion_toml

RATE = 16000
EVENTS = [(1.0, 0.3), (3.0, 0.6), (7.5, 0.2)]


@pytest.fixture
def long_sound(tmp_path: Path) -> Path:
    """Ten seconds of quiet noise with three bursts."""
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 0.001, 10 * RATE)
    for begin, seconds in EVENTS:
        place = slice(round(begin * RATE), round((begin + seconds) * RATE))
        samples[place] += generator.normal(0, 0.1, place.stop - place.start)
    path = tmp_path / "yes" / "long.wav"
    path.parent.mkdir()
    soundfile.write(path, samples, RATE)
    return path


def test_bursts_are_found_to_a_hundredth_of_a_second(
    long_sound: Path, make_project: MakeProject
) -> None:
    options = SegmentOptions(margin_ms=0, whole_window=False)
    summary = segment_recordings([long_sound], make_project("yes", "no"), options)
    found = [(one.begin_s, one.seconds) for one in summary.segments]
    np.testing.assert_allclose(found, EVENTS, atol=0.011)
    assert all(35 < one.peak_db < 45 for one in summary.segments)
    assert all(one.file == "" for one in summary.segments)


def test_events_become_recordings_and_the_source_stays(
    long_sound: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    project, out = make_project("yes", "no", data='silence_label = ""'), tmp_path / "out"
    before = long_sound.read_bytes()
    summary = segment_recordings([long_sound.parent], project, SegmentOptions(), out)
    assert long_sound.read_bytes() == before
    whole, _ = soundfile.read(long_sound, dtype="int16")
    for one in summary.segments:
        part, rate = soundfile.read(out / one.file, dtype="int16")
        assert rate == RATE
        assert len(part) == RATE  # a whole window
        np.testing.assert_array_equal(part, whole[one.begin : one.end])
    (out / "no").mkdir()
    soundfile.write(out / "no" / "x.wav", whole[:RATE], RATE)
    assert import_recordings(out, project).added == 4
    with pytest.raises(UserError, match="there already"):
        segment_recordings([long_sound], project, SegmentOptions(), out)


def test_all_events_of_a_recording_stay_on_one_side(
    long_sound: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    """Also of one that was cut under two labels, and after some events were thrown away."""
    project, out = make_project("yes", "no", data='silence_label = ""'), tmp_path / "out"
    samples, _ = soundfile.read(long_sound)
    for number in range(12):
        path = tmp_path / "more" / ("no" if number % 2 else "yes") / "take.wav"
        path = path.with_name(f"take {number}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.roll(samples, 97 * number), RATE)
    segment_recordings([tmp_path / "more"], project, SegmentOptions(), out)
    again = tmp_path / "more" / "yes" / "take 0.wav"
    segment_recordings([again], project, SegmentOptions(above_db=14), out, label="no")
    next(out.rglob("*.wav")).unlink()
    import_recordings(out, project)
    sides: dict[str, set[str]] = {}
    for sample in read_manifest(project.data_directory).samples:
        sides.setdefault(sample.groups["recording"], set()).add(sample.split)
    assert len(sides) == 12
    assert all(len(side) == 1 for side in sides.values())
    assert len(set.union(*sides.values())) == 3


def test_a_damaged_list_of_origins_is_refused(
    long_sound: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    project, out = make_project("yes", "no", data='silence_label = ""'), tmp_path / "out"
    segment_recordings([long_sound], project, SegmentOptions(), out)
    for text in ("[1]", "{", '{"yes/long-0001.wav": 3}', '{"yes/long-0001.wav": "a\\u0007"}'):
        (out / "segments.json").write_text(text)
        with pytest.raises(DataError, match=r"segments\.json"):
            import_recordings(out, project)


def test_settings_do_what_they_say(long_sound: Path, make_project: MakeProject) -> None:
    project = make_project("yes", "no")

    def count(**values: float) -> int:
        options = SegmentOptions(**values)  # type: ignore[arg-type]
        return len(segment_recordings([long_sound], project, options).segments)

    assert count(least_ms=250) == 2
    assert count(hold_ms=2000) == 2
    assert count(hold_ms=9000) == 1
    assert count(above_db=60) == 0
    quiet = segment_recordings([long_sound], project, SegmentOptions(above_db=60))
    assert quiet.without == (str(long_sound),)


@pytest.mark.parametrize("at", [0.0, 9.9])
def test_events_at_the_ends_stay_inside(
    at: float, make_project: MakeProject, tmp_path: Path
) -> None:
    samples = np.random.default_rng(1).normal(0, 0.001, 10 * RATE)
    samples[round(at * RATE) :][: RATE // 10] += 0.3
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, RATE)
    (one,) = segment_recordings([path], make_project("yes", "no"), SegmentOptions()).segments
    assert (one.begin, one.end) == ((0, RATE) if at == 0 else (9 * RATE, 10 * RATE))


def test_a_recording_shorter_than_the_window_is_told(
    make_project: MakeProject, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    samples = np.zeros(RATE // 2)
    samples[2000:5000] = 0.5
    soundfile.write(path, samples, RATE)
    summary = segment_recordings([path], make_project("yes", "no"), SegmentOptions())
    assert [one.end - one.begin for one in summary.segments] == [RATE // 2]
    assert "shorter (8000 samples) than the project's window (16000)" in summary.notes[0]


MOTION = motion_toml(
    "gesture",
    {"aX": ("g", 4.0), "aY": ("g", 4.0)},
    rate_hz=100,
    window_ms=500,
    data='labels = ["wave", "rest"]',
)


def test_gestures_are_found_although_gravity_is_large(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    values = generator.normal((0.0, 1.0), 0.004, (3000, 2)).astype(np.float32)
    for begin in (400, 1500, 2500):
        values[begin : begin + 40] += np.sin(np.arange(40) / 3)[:, np.newaxis]
    path = tmp_path / "wave" / "a.npy"
    path.parent.mkdir()
    np.save(path, values)
    project = Project(tmp_path, parse_configuration(MOTION))
    options = SegmentOptions(margin_ms=0, whole_window=False)
    summary = segment_recordings([path], project, options, tmp_path / "out")
    begins = [one.begin for one in summary.segments]
    np.testing.assert_allclose(begins, [400, 1500, 2500], atol=8)
    part = np.load(tmp_path / "out" / summary.segments[1].file)
    one = summary.segments[1]
    np.testing.assert_array_equal(part, values[one.begin : one.end])


def test_what_cannot_be(long_sound: Path, make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project("yes", "no")
    for bad in (SegmentOptions(above_db=0), SegmentOptions(hold_ms=-1)):
        with pytest.raises(DataError, match="times are not negative"):
            segment_recordings([long_sound], project, bad)
    with pytest.raises(DataError, match="'maybe' is not in"):
        segment_recordings([long_sound], project, SegmentOptions(), tmp_path / "o", "maybe")
    with pytest.raises(DataError, match="own data folder"):
        segment_recordings([long_sound], project, SegmentOptions(), project.data_directory / "x")
    with pytest.raises(DataError, match="nothing at"):
        segment_recordings([tmp_path / "none.wav"], project, SegmentOptions())
    assert not (tmp_path / "o").exists()


def test_the_command(long_sound: Path, make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project("yes", "no")
    text = '[project]\nname = "x"\n[data]\nlabels = ["yes", "no"]\n'
    (project.directory / "coincell.toml").write_text(text)
    out = tmp_path / "out"
    words = ["data", "segment", str(long_sound), "--out", str(out), "--project",
             str(project.directory)]  # fmt: skip
    dry = CliRunner().invoke(cli, [*words, "--dry-run"], catch_exceptions=False)
    assert "3 events in 1 recording\n" in dry.stdout
    assert not out.exists()
    result = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False)
    files = [one["file"] for one in json.loads(result.stdout)["segments"]]
    assert files == [f"yes/long-000{n}.wav" for n in (1, 2, 3)]
    assert all((out / file).is_file() for file in files)


def test_a_number_to_predict_is_not_cut_by_level(long_sound: Path, tmp_path: Path) -> None:
    toml = motion_toml(
        "regression",
        {"x": ("g", 2.0)},
        rate_hz=50,
        window_ms=200,
        data='target = "speed"\nunit = "rpm"\n',
    )
    project = Project(tmp_path, parse_configuration(toml))
    with pytest.raises(DataError, match="predicts a number, speed in rpm") as refused:
        segment_recordings([long_sound], project, SegmentOptions(), tmp_path / "out")
    assert "list each piece with its target in a CSV" in refused.value.hint
    assert not (tmp_path / "out").exists()
