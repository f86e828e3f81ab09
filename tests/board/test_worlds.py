"""Motion from CSV: what is read, and what is refused."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from coincell.board.worlds import MOTION_COLUMNS, read_motion, read_scene
from coincell.errors import DataError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "motion.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_in_any_order_and_those_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "time,AZ, ay ,ax\n0,3,2,1\n0.01,6,5,4\n\n0.02,9,8,7\n")
    motion = read_motion(path)
    assert motion.rate_hz == pytest.approx(100)
    assert not motion.resampled
    assert motion.rows.shape == (3, 9)
    assert np.array_equal(motion.rows[:, :3], [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert not motion.rows[:, 3:].any()


def test_nine_columns_with_a_rate(tmp_path: Path) -> None:
    table = np.arange(45.0).reshape(5, 9)
    lines = [",".join(MOTION_COLUMNS), *(",".join(map(repr, map(float, row))) for row in table)]
    motion = read_motion(written(tmp_path, "\ufeff" + "\r\n".join(lines)), rate_hz=52.0)
    assert np.array_equal(motion.rows, table)
    assert motion.seconds == pytest.approx(5 / 52)


@given(st.lists(st.floats(0.004, 0.03), min_size=2, max_size=40))
def test_uneven_times_become_even(steps: list[float]) -> None:
    """A straight line stays one, whatever the times."""
    times = np.cumsum(steps)
    rows = "\n".join(f"{t!r},{2 * t!r},0,1" for t in map(float, times))
    with tempfile.TemporaryDirectory() as folder:
        motion = read_motion(written(Path(folder), f"time,ax,ay,az\n{rows}\n"))
    found = times[0] + np.arange(len(motion.rows)) / motion.rate_hz
    inside = np.minimum(found, times[-1])
    assert np.allclose(motion.rows[:, 0], 2 * inside, atol=1e-3)
    assert np.allclose(motion.rows[:, 2], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column ax"),
        ("time,ax,ay\n0,1,2\n", "lacks the column az"),
        ("time,ax,ay,az,gx\n", "lacks the column gy"),
        ("time,ax,ay,az,speed\n", "column 'speed', which no motion has"),
        ("time,ax,ay,az,ax\n", "names a column twice"),
        ("ax,ay,az\n1,2,3\n1,2,3\n", "neither a column time nor a rate"),
        ("time,ax,ay,az\n0,1,2,3\n", "1 rows; a motion needs two"),
        ("time,ax,ay,az\n0,1,2,3\n1,1,2\n", "line 3: 3 fields where the first line names 4"),
        ("time,ax,ay,az\n0,1,2,3\n1,1,2,x\n", "line 3: az is 'x'"),
        ("time,ax,ay,az\n0,1,2,3\n1,1,2,nan\n", "line 3: az is 'nan'"),
        ("time,ax,ay,az\n0,1,2,9810\n1,1,2,3\n", "line 2: az is '9810'; a number up to 1000"),
        ("time,ax,ay,az\n0,1,2,3\n0,1,2,3\n", "time does not grow at row 2"),
        ("time,ax,ay,az\n0,1,2,3\n1e-9,1,2,3\n", "rows a second"),
        (b"time,ax,ay,az\n\xff\xfe", "is no CSV: a motion is a table in text"),
        (b"time,ax,ay,az\n0,\x00,1,1\n", "line|CSV"),
    ],
)
def test_a_file_that_is_no_motion_is_refused(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        read_motion(written(tmp_path, text))


def test_units_of_the_heading_and_of_the_image(tmp_path: Path) -> None:
    """1 g, 1 deg/s and 1 uT, told in other units; standard gravity as the SI defines it."""
    told = "time [ms],aX [m/s2],aY (mg),aZ,gX [rad/s],gY,gZ,mX [gauss],mY,mZ\n"
    row = f"9.80665,1000,9.80665,{math.pi / 180},1,1,0.01,1,1\n"
    path = written(tmp_path, told + "".join(f"{20 * step},{row}" for step in range(3)))
    motion = read_motion(path, units={"aZ": "m/s2", "gX": "deg/s"})
    assert motion.rate_hz == pytest.approx(50)
    np.testing.assert_allclose(motion.rows, 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("heading", "step"),
    [("timestamp", 0.02), ("Timestamp_ms", 20), ("millis", 20), ("t [us]", 20000)],
)
def test_times_are_named_as_import_takes_them(tmp_path: Path, heading: str, step: float) -> None:
    rows = "".join(f"{step * number},1,0,0\n" for number in range(4))
    motion = read_motion(written(tmp_path, f"{heading},ax,ay,az\n{rows}"))
    assert motion.rate_hz == pytest.approx(50)


def test_a_unit_that_is_not_the_sensors_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "time,ax [V],ay,az\n0,0,0,0\n1,0,0,0\n")
    with pytest.raises(DataError, match="ax has the unit 'V'"):
        read_motion(path)
    plain = written(tmp_path, "time,ax,ay,az\n0,0,0,0\n1,0,0,0\n")
    with pytest.raises(DataError, match="ax has the unit 'rpm'"):
        read_motion(plain, units={"aX": "rpm"})


def test_a_rate_must_be_one_and_only_one(tmp_path: Path) -> None:
    path = written(tmp_path, "ax,ay,az\n1,2,3\n1,2,3\n")
    with pytest.raises(DataError, match="rows a second"):
        read_motion(path, rate_hz=0.0)
    timed = written(tmp_path, "time,ax,ay,az\n0,1,2,3\n1,1,2,3\n")
    with pytest.raises(DataError, match="both a column time and a rate"):
        read_motion(timed, rate_hz=10.0)
    with pytest.raises(DataError, match="cannot be read"):
        read_motion(tmp_path / "missing.csv")


def test_pictures_of_the_cameras_size_come_as_they_are(tmp_path: Path) -> None:
    shown = np.random.default_rng(3).integers(0, 256, (2, 480, 640), dtype=np.uint8)
    for name, picture in zip(("b.png", "a.pgm"), shown, strict=True):
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    told: list[tuple[int, int]] = []
    scene = read_scene(tmp_path, lambda done, of: told.append((done, of)))
    assert [file.name for file in scene.files] == ["a.pgm", "b.png"]
    assert np.array_equal(scene.pictures, shown[::-1])
    assert told == [(1, 2), (2, 2)]


def test_a_wide_colour_picture_is_cut_to_its_middle(tmp_path: Path) -> None:
    wide = np.zeros((96, 256, 3), np.uint8)
    wide[:, 64:192] = (50, 50, 50)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    (picture,) = read_scene(tmp_path / "wide.png").pictures
    assert picture.shape == (480, 640)
    assert np.all(picture == 50)


def test_one_picture_in_colour_makes_the_scene_coloured(tmp_path: Path) -> None:
    shown = np.random.default_rng(4).integers(0, 256, (480, 640, 3), np.uint8)
    Image.fromarray(shown).save(tmp_path / "b.png")
    Image.fromarray(shown[..., 0]).save(tmp_path / "a.png")
    scene = read_scene(tmp_path)
    assert scene.pictures.shape == (2, 480, 640, 3)
    assert np.array_equal(scene.pictures[1], shown)
    assert np.array_equal(scene.pictures[0], np.repeat(shown[..., :1], 3, axis=2))


def test_what_is_no_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds 0 pictures"):
        read_scene(tmp_path)
    with pytest.raises(DataError, match=r"There is no .*gone\.png"):
        read_scene(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match=r"text\.png is no picture"):
        read_scene(tmp_path)
    Image.fromarray(np.zeros((480, 640), np.uint8)).save(tmp_path / "text.png")
    data = (tmp_path / "text.png").read_bytes()
    (tmp_path / "text.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"text\.png is no picture"):
        read_scene(tmp_path)
    (tmp_path / "text.png").write_bytes(b"P5 60000 60000 255\n" + bytes(100))
    with pytest.raises(DataError, match=r"60000 x 60000|no picture"):
        read_scene(tmp_path)


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for endless in (pipe, Path("/dev/zero")):
        with pytest.raises(DataError, match="not a file"):
            read_motion(endless)
        with pytest.raises(DataError, match="not a file"):
            read_scene(endless)


def test_a_line_of_a_motion_has_its_limit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 2 has more than 1,000 characters"):
        read_motion(written(tmp_path, "time,ax,ay,az\n" + "0," * 1_000_000))
    with pytest.raises(DataError, match="line 1 has more"):
        read_motion(written(tmp_path, '"' + "x" * 100_000))


def test_a_time_has_its_limit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 3: time is '1e308'"):
        read_motion(written(tmp_path, "time,ax,ay,az\n0,0,0,0\n1e308,0,0,0\n"))
