"""Readings of motion from text and arrays: found by itself, checked, mended only when asked."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from coincell.data.motion import MotionFiles, plain_axis
from coincell.data.senses import ReadOptions, Recording
from coincell.errors import DataError
from coincell.project import DataSettings
from coincell.units import unit_factor

SETTINGS = DataSettings(
    sense="motion",
    labels=("still", "moved"),
    sample_rate_hz=100,
    window_ms=200,
    channels=("aX", "aY", "gZ"),
    units=("g", "g", "deg/s"),
    full_scale=(4.0, 4.0, 2000.0),
)
READINGS = np.array([[0.1, -0.25, 12.5], [0.2, 0.5, -3.0], [0.3, 0.75, 1.0], [0.4, 1.0, 2.0]])
RNG = np.random.default_rng(5)


def decode(text: str | bytes, repair: bool = False) -> Recording:
    content = text.encode() if isinstance(text, str) else text
    return MotionFiles(ReadOptions(repair)).decode(content, "walk.csv", SETTINGS)


def text_of(rows: np.ndarray, mark: str = ",", heading: str = "aX,aY,gZ") -> str:
    lines = [heading.replace(",", mark)] if heading else []
    return "\n".join(lines + [mark.join(map(repr, map(float, row))) for row in rows]) + "\n"


@pytest.mark.parametrize("mark", [",", "\t", ";", " "])
@pytest.mark.parametrize("heading", ["aX,aY,gZ", "aX [g],aY(g),gZ (deg/s)", ""])
def test_separators_and_headings_are_found(mark: str, heading: str) -> None:
    recording = decode("# by hand\n\n" + text_of(READINGS, mark, heading) + "\n\n")
    assert np.array_equal(recording.samples, READINGS.astype(np.float32))
    assert recording.parts == ()


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    recording = decode("label,gyro_z,accX,accelerometer y\nwalk,3,1,2\nwalk,6,4,5\n")
    assert recording.samples.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert plain_axis("Gyroscope Z") == "gz"


def test_a_decimal_comma_is_read_where_commas_do_not_separate() -> None:
    assert decode("aX;aY;gZ\n0,5;1;-2,25\n").samples.tolist() == [[0.5, 1.0, -2.25]]


def test_a_blank_line_begins_another_recording() -> None:
    recording = decode(text_of(READINGS) + "\n\n" + text_of(READINGS[:2]))
    assert [(part.begin, part.end) for part in recording.parts] == [(0, 4), (4, 6)]


@pytest.mark.parametrize(
    ("heading", "factor"),
    [("aX [m/s2],aY [m/s^2],gZ [rad/s]", (1 / 9.80665, 1 / 9.80665, 180 / np.pi)),
     ("aX (mg),aY (g),gZ (dps)", (1e-3, 1.0, 1.0))],
)  # fmt: skip
def test_units_are_brought_to_the_projects(heading: str, factor: tuple[float, ...]) -> None:
    found = decode(text_of(READINGS, heading=heading)).samples
    np.testing.assert_allclose(found, READINGS * factor, rtol=1e-6)


@pytest.mark.parametrize("heading", ["aX [V],aY [g],gZ [dps]", "aX [dps],aY [g],gZ [dps]",
                                     "aX [parrots],aY [g],gZ [dps]"])  # fmt: skip
def test_a_unit_of_another_quantity_is_refused(heading: str) -> None:
    with pytest.raises(DataError, match="aX is in"):
        decode(text_of(READINGS, heading=heading))


def test_a_unit_that_changes_is_refused() -> None:
    text = "aX [g],aY [g],gZ [dps]\n1,2,3\naX [mg],aY [g],gZ [dps]\n1,2,3\n"
    with pytest.raises(DataError, match=r"line 3: the unit of aX changes from 'g' to 'mg'"):
        decode(text)


def test_gauss_and_gram_force_are_not_mixed_up() -> None:
    assert unit_factor("G", "uT") == 100.0
    assert unit_factor("G", "g") is None
    assert unit_factor("rpm", "Hz") == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    ("bad", "where"),
    [("0.1,nan,2", "line 3: aY is no number: 'nan'"), ("0.1,,2", "line 3: aY"),
     ("0.1,ouch,2", "line 3: aY is no number: 'ouch'"), ("0.1,2", "line 3: 3 columns expected, 2"),
     ("1,2,3,4", "line 3: 3 columns expected, 4"), ("inf,0,0", "line 3: aX")],
)  # fmt: skip
def test_a_reading_that_is_none_is_told_with_its_line_or_mended(bad: str, where: str) -> None:
    text = f"aX,aY,gZ\n0,0,0\n{bad}\n2,4,8\n"
    with pytest.raises(DataError, match=where):
        decode(text)
    mended = decode(text, repair=True)
    assert mended.mended == {"readings mended": 1}
    assert len(mended.samples) == 3
    assert np.isfinite(mended.samples).all()
    if bad != "0.1,2":  # the last cell alone is missing there
        assert mended.samples[1, 1] in (0.0, 2.0)


def test_many_bad_readings_in_a_row_are_never_mended() -> None:
    text = text_of(READINGS) + "x,x,x\n" * 11 + "1,2,3\n"
    with pytest.raises(DataError, match="more than 10 readings in a row"):
        decode(text, repair=True)


def test_a_column_that_nobody_asked_for_may_hold_anything() -> None:
    assert len(decode("aX,aY,gZ,remark\n1,2,3,fine\n1,2,3,\n").samples) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"aX,aY,gZ\n", "no readings"), (b"\xff\xfe1,2", "UTF-8"),
     (b"aX\0,1", "zero bytes"), (b"a,b,c\n1,2,3\n", "column 'aX' is missing"),
     (b"1,2\n3,4\n", "2 columns of readings"), (b"1," * 4000, "characters"),
     (b"aX,aX,gZ\n1,2,3\n", "unlike")],
)  # fmt: skip
def test_what_is_no_table_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode(content)


@pytest.mark.parametrize(
    ("heading", "step"),
    [("time [s],aX,aY,gZ", 0.01), ("timestamp_ms,aX,aY,gZ", 10), ("t [us],aX,aY,gZ", 10_000),
     ("time,aX,aY,gZ", 10), ("micros,aX,aY,gZ", 10_000), ("", 10)],
)  # fmt: skip
def test_times_are_found_with_their_unit(heading: str, step: float) -> None:
    rows = np.column_stack([np.arange(20) * step + 12345, RNG.normal(size=(20, 3))])
    recording = decode(text_of(rows, heading=heading))
    assert np.array_equal(recording.samples, rows[:, 1:].astype(np.float32))
    assert recording.rate_hz == 100


def test_moments_of_the_clock_are_times_too() -> None:
    lines = [f"2026-05-01T10:00:00.{10 * i:03d},{i},0,0" for i in range(10)]
    recording = decode("time,aX,aY,gZ\n" + "\n".join(lines))
    assert recording.samples[:, 0].tolist() == list(range(10))


@pytest.mark.parametrize("own_hz", [50.0, 119.0, 400.0])
def test_another_rate_is_resampled_as_scipy_does(own_hz: float) -> None:
    count = int(4 * own_hz)
    times = np.arange(count) / own_hz
    wave = np.column_stack([1 + 0.5 * np.sin(2 * np.pi * 3 * times), np.ones(count), 0 * times])
    found = decode(text_of(np.column_stack([times, wave]), heading="time [s],aX,aY,gZ"))
    assert abs(found.rate_hz - own_hz) <= 1
    oracle = scipy.signal.resample_poly(wave, 100, int(own_hz), padtype="line")
    size = min(len(oracle), len(found.samples))
    assert abs(len(oracle) - len(found.samples)) <= 1
    inner = slice(40, size - 40)
    np.testing.assert_allclose(found.samples[inner], oracle[inner], atol=0.01)
    np.testing.assert_allclose(found.samples[:, 1], 1.0, atol=0.01)  # gravity, to the very ends


def test_a_few_missing_readings_are_filled_and_counted() -> None:
    times = np.delete(np.arange(40) * 10.0, [7, 20, 21])
    rows = np.column_stack([times, times, 0 * times, 0 * times])
    recording = decode(text_of(rows, heading="time [ms],aX,aY,gZ"))
    assert recording.mended == {"readings missing by their times, filled in": 3}
    np.testing.assert_allclose(recording.samples[:, 0], np.arange(40) * 10.0, atol=1e-3)


def test_a_long_gap_is_refused_with_its_line_and_cut_when_mended() -> None:
    times = np.concatenate([np.arange(20) * 10.0, 1000 + np.arange(20) * 10.0])
    text = text_of(np.column_stack([times, np.ones((40, 3))]), heading="time [ms],aX,aY,gZ")
    with pytest.raises(DataError, match=r"line 22: a gap: 0\.81 s"):
        decode(text)
    mended = decode(text, repair=True)
    assert [part.end for part in mended.parts] == [20, 40]
    assert mended.mended == {"long gaps, cut there": 1}


def test_other_units_are_converted_and_told() -> None:
    recording = decode(text_of(READINGS, heading="aX [m/s2],aY [m/s^2],gZ [deg/s]"))
    rate = "that tell no times or rate, taken to be of 100 Hz"
    assert recording.notes == {"with aX, aY in m/s2, times 0.101972 to g": 1, rate: 1}
    assert decode(text_of(READINGS, heading="aX [g],aY,gZ [dps]")).notes == {rate: 1}
    timed = np.column_stack([np.arange(4) * 10.0, READINGS])
    assert decode(text_of(timed, heading="time [ms],aX [g],aY,gZ")).notes == {}


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(DataError, match=r"line 4: times rise"):
        decode("time [ms],aX,aY,gZ\n0,1,1,1\n10,1,1,1\n5,1,1,1\n20,1,1,1\n")


def test_readings_over_full_scale_are_counted_and_saturate() -> None:
    recording = decode(text_of(np.array([[4.0, -4.5, 0], [3.9, 0, 1999]])))
    assert recording.saturated == 2
    window = MotionFiles().fit(recording.samples, SETTINGS).windows[0].reshape(-1, 3)
    assert (window.max(), window.min()) == (32767, -32768)


def test_arrays_are_read_and_hostile_ones_refused() -> None:
    stream = io.BytesIO()
    np.save(stream, np.stack([READINGS, READINGS]))
    assert [part.end for part in decode(stream.getvalue()).parts] == [4, 8]
    archive = io.BytesIO()
    np.savez_compressed(archive, values=READINGS, names=np.array(["aX [mg]", "aY [g]", "gZ"]))
    np.testing.assert_allclose(decode(archive.getvalue()).samples[:, 0], READINGS[:, 0] / 1000)
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    huge = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    huge += b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 3), }".ljust(117)
    for content in (pickled.getvalue(), huge + b"\n", stream.getvalue()[:-9], b"PK\x03\x04x"):
        with pytest.raises(DataError):
            decode(content)


@given(st.binary(max_size=300) | st.text(alphabet="0123,;. \n\taXgYZ[]#nan-e", max_size=200))
def test_no_file_does_harm(content: bytes | str) -> None:
    try:
        recording = decode(content, repair=True)
    except DataError:
        return
    assert np.isfinite(recording.samples).all()
    assert recording.samples.shape[1] == 3


def test_the_gestures_of_the_real_set_are_five_files_of_many_recordings(shared: Path) -> None:
    folder = shared / "data" / "gestures"
    settings = SETTINGS.model_copy(
        update={
            "sample_rate_hz": 119,
            "channels": ("aX", "aY", "aZ", "gX", "gY", "gZ"),
            "units": ("g",) * 3 + ("deg/s",) * 3,
            "full_scale": (4.0,) * 3 + (2000.0,) * 3,
        }
    )
    counts = {}
    for path in sorted(folder.glob("*.csv")):
        content = path.read_bytes()
        recording = MotionFiles().decode(content, path.name, settings)
        counts[path.stem] = len(recording.parts)
        blocks = content.decode().replace("\r", "").strip().split("\n\n")
        assert len(recording.parts) == len(blocks)
        assert {part.end - part.begin for part in recording.parts} == {119}
    assert len(counts) == 5
