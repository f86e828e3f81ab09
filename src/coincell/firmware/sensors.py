"""The drivers of the board's sensors, and the configuration that one of the sensors needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from coincell.errors import DataError
from coincell.firmware.application import device_sources
from coincell.firmware.board_header import pin_number
from coincell.firmware.description import Board, Imu

CONFIGURATION_BYTES = 8192
_PLACE = Path("libraries/Arduino_BMI270_BMM150/src/utilities/BMI270-Sensor-API/bmi270.c")
_SKETCHBOOKS = ("Arduino", "Documents/Arduino")
_MAX_BYTES = 4 << 20
_ARRAY = re.compile(r"\bbmi270_config_file\s*\[[^\]]*\]\s*=\s*\{([^}]*)\}")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,2}|\d{1,3}")
_BYTES_A_LINE = 16


def find_bmi270_configuration(sketchbooks: Sequence[Path] | None = None) -> bytes | None:
    """Bosch's configuration of the BMI270, from the Arduino library Arduino_BMI270_BMM150.

    The Nano 33 BLE Sense Rev2's accelerometer measures nothing without it. It is Bosch's, under its
    own licence, and not part of Coincell.

    Args:
        sketchbooks: folders that may hold libraries/; else Arduino's usual ones.

    Returns:
        8192 bytes; None when the library is not installed.

    Raises:
        DataError: the library is there, and the configuration in it is not as expected.
    """
    if sketchbooks is None:
        sketchbooks = [Path.home() / name for name in _SKETCHBOOKS]
    for folder in sketchbooks:
        path = folder / _PLACE
        if path.is_file():
            return _read_configuration(path)
    return None


def _read_configuration(path: Path) -> bytes:
    hint = "Install Arduino_BMI270_BMM150 anew with Arduino's library manager."
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MAX_BYTES)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.", hint) from error
    found = _ARRAY.search(re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL))
    fields = [field.strip() for field in found[1].split(",") if field.strip()] if found else []
    good = all(_NUMBER.fullmatch(field) and int(field, 0) < 256 for field in fields)
    if len(fields) != CONFIGURATION_BYTES or not good:
        raise DataError(
            f"{path} should hold bmi270_config_file, {CONFIGURATION_BYTES:,} bytes; "
            f"{len(fields):,} were found.",
            hint,
        )
    return bytes(int(field, 0) for field in fields)


def sensor_sources(
    configuration: bytes | None = None, board: Board | None = None
) -> dict[str, str]:
    """C of the drivers for the board's inertial sensors and camera: relative path -> text.

    Args:
        configuration: of the BMI270; without it, an image says on a Rev2 board that it lacks it.
        board: whose pins lead to the inertial sensor; the Nano 33 BLE Sense unless given.
    """
    data = configuration or b""
    lines = [
        "    " + " ".join(f"0x{byte:02X}," for byte in data[begin : begin + _BYTES_A_LINE])
        for begin in range(0, len(data), _BYTES_A_LINE)
    ] or ["    0,"]
    text = "\n".join(
        [
            "/* Generated: Bosch's configuration of the BMI270, or none. */",
            '#include "sensors/imu.h"',
            "",
            f"const uint32_t bmi270_configuration_bytes = {len(data)}u;",
            "const uint8_t bmi270_configuration[] = {",
            *lines,
            "};",
            "",
        ]
    )
    made = {"sensors/bmi270_configuration.c": text}
    if board is not None and board.imu is not None:
        made["sensors/wiring.h"] = _wiring_header(board.imu)
    return device_sources("sensors") | made


def _wiring_header(imu: Imu) -> str:
    pins = {
        "IMU_CLOCK": imu.clock,
        "IMU_DATA": imu.data,
        "IMU_POWER": imu.power,
        "IMU_PULL_UPS": imu.pull_ups,
        "IMU_INTERRUPT_PIN": imu.interrupt,
    }
    lines = [f"#define {name} {pin_number(pin)}u" for name, pin in pins.items()]
    return "\n".join(
        [
            "/* Generated: where the inertial sensor is, pins by number. */",
            "#ifndef COINCELL_SENSORS_WIRING_H",
            "#define COINCELL_SENSORS_WIRING_H",
            "",
            *lines,
            "",
            "#endif",
            "",
        ]
    )
