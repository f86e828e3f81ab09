"""`coincell board run` with motion, sensors and a scene, by an image that reads them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coincell.cli import main
from coincell.firmware import device_sources, link_image, load_board

Call = Callable[..., tuple[int, str, str]]

PROGRAM = """
#include "sensors/imu.h"
#include "firmware/nrf52840.h"
const uint32_t bmi270_configuration_bytes = 8192;
const uint8_t bmi270_configuration[8192] = {1, 2, 3};
int main(void);
int main(void)
{
    imu_device device;
    if (imu_begin(&device, IMU_ACCELERATION | IMU_ROTATION, 100) != IMU_OK) {
        REGISTER(0x10000000u) = 0; /* a fault, and so an end with 2 */
    }
    for (;;) {
        wait_for_interrupt();
    }
}
"""


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    firmware = device_sources("firmware")
    start = ("memory.c", "startup.c", "startup.h", "nrf52840.h")
    sources = {f"firmware/{name}": firmware[f"firmware/{name}"] for name in start}
    sources |= device_sources("sensors", "freestanding") | {"main.c": PROGRAM}
    return link_image(sources, load_board("nano33ble"), tmp_path_factory.mktemp("image")).elf


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: object) -> tuple[int, str, str]:
        begin = ["coincell", "board", "run", "--board", "nano33ble", "--seconds", "1"]
        monkeypatch.setattr(sys, "argv", [*begin, *map(str, words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = leaving.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return call


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    path = tmp_path / "motion.csv"
    path.write_text("ax,ay,az\n0,0,1\n0,0.5,1\n")
    return path


@pytest.mark.parametrize(("which", "state"), [("first", "gyroscope_low"), ("rev2", "normal")])
def test_the_sensor_that_is_fitted_draws_its_current(
    which: str, state: str, run: Call, elf: Path, motion: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(tmp_path / "a.png")
    words = ("--motion", motion, "--motion-rate", 10, "--scene", tmp_path, "--json")
    code, out, err = run(elf, "--sensors", which, *words)
    assert code == 0, err
    found = {(line["component"], line["state"]) for line in json.loads(out)["energy"]}
    assert {("imu", state), ("camera", "standby")} <= found


def test_the_first_example_of_the_page_runs_as_it_stands(
    run: Call, elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the board as it comes: with no file but the one that the page shows."""
    page = Path("docs/sensors.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"```csv\n(.+?)```", page, re.DOTALL)
    (tmp_path / "walk.csv").write_text(table)
    words = re.search(r"^coincell board run \. (.+)$", page, re.MULTILINE)[1].split()
    assert "--sensors" not in words
    monkeypatch.chdir(tmp_path)
    code, out, err = run(elf, *words, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["seconds"] == pytest.approx(8, abs=0.1)
    assert ("imu", "gyroscope_low") in {(e["component"], e["state"]) for e in found["energy"]}


def test_without_a_sensor_the_image_says_so(run: Call, elf: Path) -> None:
    code, _, err = run(elf, "--sensors", "none")
    assert code == 2
    assert "faulted in main" in err


def test_wrong_files_and_options(run: Call, elf: Path, motion: Path, tmp_path: Path) -> None:
    cases: list[tuple[tuple[object, ...], str]] = [
        (("--motion", motion), "neither a column time nor a rate"),
        (("--motion", tmp_path / "none.csv", "--motion-rate", 1), "none.csv cannot be read"),
        (("--motion-rate", 5), "there is none"),
        (("--scene", tmp_path), "holds 0 pictures"),
        (("--sensors", "gps"), "gps"),
    ]
    for words, message in cases:
        code, _, err = run(elf, *words)
        assert code == 2
        assert message in " ".join(err.split())
