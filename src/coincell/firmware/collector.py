"""Firmware that collects: the board's sensor onto the line, as the device will feel it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from coincell.errors import BoardError
from coincell.firmware.application import device_sources
from coincell.firmware.board_header import board_header
from coincell.firmware.channels import Channels
from coincell.firmware.description import Board, need_firmware
from coincell.firmware.image import Image, link_image
from coincell.firmware.live_source import (
    MICROPHONE_RATE_HZ,
    live_source,
    live_sources,
    why_no_source,
)
from coincell.firmware.usb_identity import Link, link_of, usb_sources
from coincell.project import DataSettings, DecisionSettings, WindowForm
from coincell.runtime import c_values
from coincell.toolchain import Compiler

_NOT_OURS = (
    "main.c",
    "live.c",
    "live.h",
    "protocol.c",
    "protocol.h",
    "reporting.c",
    "reporting.h",
    "flash_pages.c",
    "flash_pages.h",
    "telemetry_registers.h",
    "cycle_counter.h",
)
_PICTURE_EVERY_MS = 500
MAX_HEADING_BYTES = 1024


@dataclass(frozen=True)
class Collector:
    """What a board collects, by a project's settings.

    Attributes:
        form: of the values.
        channels: of motion.
        decision: of pictures, how often one is taken.
    """

    form: WindowForm
    channels: Channels | None
    decision: DecisionSettings

    @classmethod
    def of(cls, settings: DataSettings) -> Collector:
        """For a project's recordings."""
        channels = None
        if settings.sense == "motion":
            channels = Channels(settings.channels, settings.units, settings.full_scale)
        return cls(settings.form, channels, DecisionSettings(hop_ms=_PICTURE_EVERY_MS))

    @property
    def sample_rate_hz(self) -> int:
        """Steps a second; 0 of pictures."""
        return self.form.rate_hz

    def heading(self, board: str) -> bytes:
        """What the image tells of its values every second: JSON in UTF-8."""
        form, channels = self.form, self.channels
        facts = {
            "kind": "collector",
            "board": board,
            "sense": form.sense,
            "rate_hz": form.rate_hz,
            "channels": list(channels.names) if channels else [],
            "units": list(channels.units) if channels else [],
            "full_scale": list(channels.full_scale) if channels else [],
            "width": form.width,
            "height": form.height,
            "values_a_step": form.channels,
        }
        return json.dumps(facts, separators=(",", ":")).encode()


def build_collector(
    settings: DataSettings,
    board: Board,
    directory: Path,
    compiler: Compiler | None = None,
    link: Link = "auto",
    imu_configuration: bytes | None = None,
    microphone_gain_db: float = 0.0,
) -> Image:
    """The collecting firmware for `board`; writes firmware.elf, .hex and .bin into `directory`.

    `microphone_gain_db` is what the project's device has, so that recordings are as loud.

    Raises:
        BoardError: the board has no such sensor, or it cannot give what the project takes.
        ToolchainError: there is no compiler, or it refused.
    """
    need_firmware(board)
    collector = Collector.of(settings)
    line = link_of(board, link)
    if live_source(collector, board, line) == "none":
        reason = why_no_source(collector, board, line)
        raise BoardError(reason, hint=SENSOR_HINTS[settings.sense])
    device = device_sources("firmware", "freestanding") | board_header(board, microphone_gain_db)
    for name in _NOT_OURS:
        device.pop(f"firmware/{name}", None)
    if line == "usb":
        del device["firmware/transport_uarte.c"]
        device |= usb_sources(board)
    device |= live_sources(collector, board, line, imu_configuration)
    device |= device_sources("collector")
    device |= collector_facts(collector, board.name, collector.form.rate_hz or 2)
    return link_image(device, board, directory, compiler)


SENSOR_HINTS = {
    "sound": f"data.sample_rate_hz must be {MICROPHONE_RATE_HZ}, and the board needs a microphone.",
    "motion": "data.channels must be of aX, aY, aZ, gX, gY, gZ, mX, mY, mZ, and the board needs "
    "the sensor; any other board can print its readings: `coincell data collect` reads text too.",
    "picture": "A camera's pins are those of the UART: take --link usb, and a board with a camera.",
}


def collector_facts(collector: Collector, board: str, heading_every: int) -> dict[str, str]:
    """What the C of device/collector must know of a project; path -> text.

    Args:
        collector: what is collected.
        board: its name, for the heading.
        heading_every: steps between headings; of pictures their number.

    Raises:
        BoardError: the channels' names take more than a frame holds.
    """
    heading = collector.heading(board)
    if len(heading) > MAX_HEADING_BYTES:
        raise BoardError(
            f"The channels' names and units take {len(heading)} bytes; a frame holds "
            f"{MAX_HEADING_BYTES}.",
            hint="Give the channels shorter names.",
        )
    return {
        "collector/heading.c": _heading_source(heading),
        "collector/heading.h": _HEADING_HEADER.format(heading_every),
        "application/chain.h": _chain_header(collector.form),
        "application/application.h": _APPLICATION_HEADER,
    }


_NOTE = "/* SPDX-License-Identifier: Apache-2.0\n *\n * Generated: what is collected.\n */\n"

_APPLICATION_HEADER = f"""\
{_NOTE}#ifndef COINCELL_APPLICATION_H
#define COINCELL_APPLICATION_H

#include "application/chain.h"

/* Where a picture is made: application_sample[APPLICATION_WINDOW_VALUES]. */
application_sample *application_samples(void);

#endif
"""

_HEADING_HEADER = f"""\
{_NOTE}#ifndef COINCELL_HEADING_H
#define COINCELL_HEADING_H

#include <stdint.h>

#define HEADING_EVERY_STEPS {{}}u

/* What the image tells of itself, JSON in UTF-8; programs find it by this name. */
extern const uint32_t application_description_bytes;
extern const uint8_t application_description[];

#endif
"""


def _heading_source(heading: bytes) -> str:
    lines = c_values(map(str, heading))
    return f"""\
{_NOTE}#include "collector/heading.h"

const uint32_t application_description_bytes = {len(heading)}u;
const uint8_t application_description[{len(heading)}] = {{
{lines}
}};
"""


def _chain_header(form: WindowForm) -> str:
    step = form.channels if form.sense != "picture" else form.values
    return f"""\
{_NOTE}#ifndef COINCELL_CHAIN_H
#define COINCELL_CHAIN_H

#include <stdint.h>

#define SENSE_SOUND 1
#define SENSE_MOTION 2
#define SENSE_PICTURE 3
#define APPLICATION_SENSE SENSE_{form.sense.upper()}

typedef {form.dtype}_t application_sample;

#define APPLICATION_WINDOW_VALUES {form.values}
#define APPLICATION_CHANNELS {form.channels}
#define APPLICATION_STEP_VALUES {step}
#define APPLICATION_WIDTH {form.width}
#define APPLICATION_HEIGHT {form.height}
#define APPLICATION_SAMPLE_RATE_HZ {form.rate_hz}
#define APPLICATION_HOP_VALUES {max(1, form.rate_hz // 10) * step}

#endif
"""
