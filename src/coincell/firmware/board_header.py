"""What the firmware's drivers must know of the board, as a C header."""

from __future__ import annotations

from coincell.firmware.description import Board
from coincell.firmware.telemetry import LOG_PAGES


def board_header(board: Board, microphone_gain_db: float = 0.0) -> dict[str, str]:
    """firmware/board.h: which parts the board has, and on which pins. Path -> text.

    `microphone_gain_db`: -20 to 20 in steps of 0.5, of the microphone's interface.
    """
    lines = [f"#define BOARD_LOG_PAGES {LOG_PAGES}u"]
    lines += [f"#define BOARD_CLOCK_MHZ {board.board.clock_hz // 1_000_000}u"]
    if board.pins is not None:
        lines.append(f"#define BOARD_UART_TX {pin_number(board.pins.uart_tx)}u")
        lines.append(f"#define BOARD_UART_RX {pin_number(board.pins.uart_rx)}u")
    lines.append(f"#define BOARD_MICROPHONE {int(board.microphone is not None)}")
    if board.microphone is not None:
        pins = board.microphone
        for name, pin in (("CLOCK", pins.clock), ("DATA", pins.data), ("POWER", pins.power)):
            lines.append(f"#define BOARD_MICROPHONE_{name} {pin_number(pin)}u")
        lines.append(f"#define BOARD_MICROPHONE_SETTLING_MS {pins.settling_ms}u")
        lines.append(f"#define BOARD_MICROPHONE_GAIN_HALF_DB ({round(2 * microphone_gain_db)})")
    lines.append(f"#define BOARD_LIGHT {int(board.light is not None)}")
    if board.light is not None:
        lines.append(f"#define BOARD_LIGHT_PIN {pin_number(board.light.pin)}u")
        lines.append(f"#define BOARD_LIGHT_LOW {int(board.light.low)}")
    text = "\n".join(lines)
    return {
        "firmware/board.h": f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the description of {board.board.title}. Pins by number: 0 to 31 of port 0, from 32
 * on of port 1.
 */
#ifndef COINCELL_BOARD_H
#define COINCELL_BOARD_H

{text}

#endif
"""
    }


def wiring(board: Board) -> dict[str, list[int]]:
    """The same for the virtual board; the form stands in emulator_worker/peripherals."""
    wired: dict[str, list[int]] = {}
    if board.pins is not None:
        wired["line"] = [pin_number(board.pins.uart_tx), pin_number(board.pins.uart_rx)]
    if board.microphone is not None:
        pins = board.microphone
        wired["microphone"] = [pin_number(pin) for pin in (pins.clock, pins.data, pins.power)]
    if board.light is not None:
        wired["led_builtin"] = [pin_number(board.light.pin), int(board.light.low)]
    if board.imu is not None:
        imu = board.imu
        bus = [pin_number(pin) for pin in (imu.data, imu.clock, imu.power, imu.pull_ups)]
        wired["imu"] = [*bus, *imu.addresses]
    return wired


def pin_number(pin: str) -> int:
    """ "P1.03" -> 35."""
    port, _, number = pin.removeprefix("P").partition(".")
    return 32 * int(port) + int(number)
