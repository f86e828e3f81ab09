"""The BMI270's configuration: found in a user's library, checked, and put into C."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from coincell.errors import DataError
from coincell.firmware import find_bmi270_configuration, load_board, sensor_sources
from coincell.firmware.application import device_sources
from coincell.firmware.image import link_image

LIBRARY = "libraries/Arduino_BMI270_BMM150/src/utilities/BMI270-Sensor-API/bmi270.c"


PROGRAM = """
#include "sensors/imu.h"
int main(void);
int main(void)
{
    imu_device device;
    return imu_begin(&device, IMU_ACCELERATION, 100) != IMU_OK;
}
"""


def installed(folder: Path, content: bytes, text: str = "") -> Path:
    """A sketchbook with the library, whose array holds `content`."""
    path = folder / LIBRARY
    path.parent.mkdir(parents=True)
    rows = [", ".join(f"0x{byte:02x}" for byte in content[i : i + 9]) for i in range(0, 8192, 9)]
    array = ",\n    ".join(row for row in rows if row)
    path.write_text(text or f"/* 0x00, */\nconst uint8_t bmi270_config_file[] = {{\n{array}\n}};\n")
    return folder


def test_it_is_found_and_comes_into_the_image(tmp_path: Path) -> None:
    content = np.random.default_rng(2).integers(0, 256, 8192, dtype=np.uint8).tobytes()
    found = find_bmi270_configuration([tmp_path / "none", installed(tmp_path / "a", content)])
    assert found == content
    firmware = device_sources("firmware")
    start = ("memory.c", "startup.c", "startup.h", "nrf52840.h")
    sources = {f"firmware/{name}": firmware[f"firmware/{name}"] for name in start}
    sources |= device_sources("freestanding") | {"main.c": PROGRAM}
    image = link_image(sources | sensor_sources(found), load_board("nano33ble"), tmp_path / "with")
    assert content in image.bin.read_bytes()
    bare = link_image(sources | sensor_sources(), load_board("nano33ble"), tmp_path / "without")
    assert 8192 <= image.image_flash_bytes - bare.image_flash_bytes < 8192 + 64


def test_without_the_library_there_is_none(tmp_path: Path) -> None:
    assert find_bmi270_configuration([tmp_path]) is None
    text = sensor_sources()["sensors/bmi270_configuration.c"]
    assert re.search(r"bytes = 0u;", text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "const uint8_t bmi270_config_file[] = { 1, 2, 3 };",
        "const uint8_t bmi270_config_file[] = { " + "1, " * 8191 + "256 };",
        "const uint8_t bmi270_config_file[] = { " + "1, " * 8191 + "sizeof(int) };",
        "const uint8_t bmi270_config_file[] = { " + "1, " * 9000,
    ],
)
def test_another_file_of_that_name_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"should hold bmi270_config_file, 8,192 bytes"):
        find_bmi270_configuration([installed(tmp_path / "a", b"", text)])
