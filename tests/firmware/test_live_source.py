"""What an image senses by itself on a board; and where it senses nothing, why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coincell.firmware import Application, Channels, live_source, load_board, why_no_source
from coincell.project import WindowForm
from exporting_senses import sensing
from stand_in import stand_in_application

MOVED = sensing("gesture")
UNNAMED = replace(MOVED, channels=Channels(("x", "y"), ("g", "g"), (4.0, 4.0)))


class _Slow:
    """Sound of half the microphone's rate."""

    form = WindowForm("sound", 800, 1, 8000)
    sample_rate_hz = 8000
    channels = None


@pytest.mark.parametrize(
    ("application", "without", "line", "wanted"),
    [
        (stand_in_application(), "", "uart", "microphone"),
        (MOVED, "", "uart", "motion"),
        (sensing("pictures"), "", "usb", "camera"),
        (stand_in_application(), "microphone", "uart", "has no microphone"),
        (MOVED, "imu", "uart", "has no inertial sensor"),
        (sensing("pictures"), "camera", "usb", "has no camera"),
        (sensing("pictures"), "", "uart", 'board.link = "usb"'),
        (UNNAMED, "", "uart", "data.channels are x, y"),
        (replace(MOVED, channels=None), "", "uart", "data.channels are none"),
        (_Slow(), "", "uart", "data.sample_rate_hz = 16000"),
    ],
)
def test_an_image_senses_or_tells_why_not(
    application: Application, without: str, line: str, wanted: str
) -> None:
    board = load_board("nano33ble")
    if without:
        board = board.model_copy(update={without: None})
    source = live_source(application, board, line)
    reason = why_no_source(application, board, line)
    if source == "none":
        assert wanted in reason
    else:
        assert (source, reason) == (wanted, "")
