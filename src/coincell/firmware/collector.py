"""Firmware that collects: the board's sensor onto the line, as the device will feel it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from coincell.errors import BoardError
from coincell.firmware.application import device_sources
from coincell.firmware.board_header import board_header
from coincell.firmware.channels import Channels
from coincell.firmware.description import Board, need_firmware
from coincell.firmware.image import Image, link_image
from coincell.firmware.live_source import MICROPHONE_RATE_HZ, Sensing, live_source, live_sources
from coincell.firmware.usb_identity import Link, link_of, usb_sources
from coincell.project import DataSettings, DecisionSettings, WindowForm
from coincell.toolchain import Compiler

_NOT_OURS = ("main.c", "live.c", "live.h", "protocol.c", "protocol.h", "cycle_counter.h")
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
) -> Image:
    """The collecting firmware for `board`; writes firmware.elf, .hex and .bin into `directory`.

    Raises:
        BoardError: the board has no such sensor, or it cannot give what the project takes.
        ToolchainError: there is no compiler, or it refused.
    """
    need_firmware(board)
    collector = Collector.of(settings)
    line = link_of(board, link)
    if live_source(collector, board, line) == "none":
        raise BoardError(_missing(collector, board, line), hint=_HINTS[settings.sense])
    device = device_sources("firmware", "freestanding") | board_header(board)
    for name in _NOT_OURS:
        device.pop(f"firmware/{name}", None)
    if line == "usb":
        del device["firmware/transport_uarte.c"]
        device |= usb_sources(board)
    device |= live_sources(collector, board, line, imu_configuration)
    device |= device_sources("collector") | _generated(collector, board)
    return link_image(device, board, directory, compiler)


def collector_sketch() -> str:
    """The sketch for Arduino that prints readings of motion, a line each."""
    path = resources.files(__package__) / "device" / "collector" / "motion.ino"
    return path.read_text(encoding="utf-8")


_HINTS = {
    "sound": f"data.sample_rate_hz must be {MICROPHONE_RATE_HZ}, and the board needs a microphone.",
    "motion": "data.channels must be of aX, aY, aZ, gX, gY, gZ, mX, mY, mZ, and the board needs "
    "the sensor; any other board can print its readings: `coincell data collect` reads text too.",
    "picture": "A camera's pins are those of the UART: take --link usb, and a board with a camera.",
}


def _missing(collector: Sensing, board: Board, line: str) -> str:
    what = {"sound": "microphone", "motion": "inertial sensor", "picture": "camera"}
    return (
        f"{board.board.title} has no {what[collector.form.sense]}, over {line}, that gives what "
        "the project's [data] describes."
    )


def _generated(collector: Collector, board: Board) -> dict[str, str]:
    form = collector.form
    step = form.channels if form.sense != "picture" else form.values
    every = form.rate_hz or 2
    heading = collector.heading(board.name)
    if len(heading) > MAX_HEADING_BYTES:
        raise BoardError(
            f"The channels' names and units take {len(heading)} bytes; a frame holds "
            f"{MAX_HEADING_BYTES}.",
            hint="Give the channels shorter names.",
        )
    rows = [heading[begin : begin + 16] for begin in range(0, len(heading), 16)]
    lines = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    note = "/* SPDX-License-Identifier: Apache-2.0\n *\n * Generated: what is collected.\n */\n"
    chain = f"""\
{note}#ifndef COINCELL_CHAIN_H
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
    application = f"""\
{note}#ifndef COINCELL_APPLICATION_H
#define COINCELL_APPLICATION_H

#include "application/chain.h"

/* Where a picture is made: application_sample[APPLICATION_WINDOW_VALUES]. */
application_sample *application_samples(void);

#endif
"""
    head = f"""\
{note}#ifndef COINCELL_HEADING_H
#define COINCELL_HEADING_H

#include <stdint.h>

#define HEADING_EVERY_STEPS {every}u

/* What the image tells of itself, JSON in UTF-8; programs find it by this name. */
extern const uint32_t application_description_bytes;
extern const uint8_t application_description[];

#endif
"""
    description = f"""\
{note}#include "collector/heading.h"

const uint32_t application_description_bytes = {len(heading)}u;
const uint8_t application_description[{len(heading)}] = {{
{lines}
}};
"""
    return {
        "collector/heading.c": description,
        "application/chain.h": chain,
        "application/application.h": application,
        "collector/heading.h": head,
    }
