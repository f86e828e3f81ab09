"""Motion from CSV: what is read, and what is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.board.worlds import MOTION_COLUMNS, read_motion
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
        (b"time,ax,ay,az\n\xff\xfe", "cannot be read as CSV"),
        (b"time,ax,ay,az\n0,\x00,1,1\n", "line|CSV"),
    ],
)
def test_a_file_that_is_no_motion_is_refused(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        read_motion(written(tmp_path, text))


def test_a_rate_must_be_one_and_only_one(tmp_path: Path) -> None:
    path = written(tmp_path, "ax,ay,az\n1,2,3\n1,2,3\n")
    with pytest.raises(DataError, match="rows a second"):
        read_motion(path, rate_hz=0.0)
    timed = written(tmp_path, "time,ax,ay,az\n0,1,2,3\n1,1,2,3\n")
    with pytest.raises(DataError, match="both a column time and a rate"):
        read_motion(timed, rate_hz=10.0)
    with pytest.raises(DataError, match="cannot be read"):
        read_motion(tmp_path / "missing.csv")
