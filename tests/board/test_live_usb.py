"""Listening with the computer on USB, and with none: the line that a shipped image has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from board.listening import listening_host
from coincell.board import BoardClient, Listening, VirtualBoard
from coincell.board.stream import stream_events
from coincell.firmware import Application, build_image, load_board
from stand_in import random_windows

SECOND = 64_000_000


@pytest.fixture(scope="module")
def usb(
    application: Application, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VirtualBoard]:
    folder: Path = tmp_path_factory.mktemp("usb")
    image = build_image(application, load_board("nano33ble"), folder, link="usb")
    with VirtualBoard(image) as virtual:
        yield virtual


def test_decisions_over_usb_equal_the_host_librarys(
    application: Application, usb: VirtualBoard
) -> None:
    samples = random_windows(40).ravel()
    expected = listening_host(application).process(samples)
    assert list(stream_events(usb, samples)) == expected
    assert len(expected) > 14
    assert BoardClient(usb).info().window_values == 1600, "and it answers meanwhile"


def test_without_a_computer_it_listens_and_the_crystal_runs_for_the_microphone_alone(
    application: Application, usb: VirtualBoard
) -> None:
    usb.restart()
    client = BoardClient(usb)
    client.listen(Listening.ALL)
    usb.put_world("microphone", np.zeros(16, np.int16).tobytes(), rate=16_000)
    usb.put_world("usb", plugged=False)
    usb.advance(SECOND // 10)
    usb.activity(restart=True)
    usb.advance(3 * SECOND)
    cycles = usb.activity()[0]["cycles"]
    assert set(cycles["pdm"]) == set(cycles["microphone"]) == {"on"}
    assert set(cycles["hfclk"]) == {"crystal"}
    assert cycles["cpu"]["sleep"] > 2.5 * SECOND, "events that nobody takes hold nothing up"
    usb.put_world("usb", plugged=True)
    usb.advance(SECOND)
    usb.discard()
    client = BoardClient(usb)
    client.listen(Listening.OFF)
    usb.put_world("usb", plugged=False)
    usb.advance(SECOND // 10)
    usb.activity(restart=True)
    usb.advance(SECOND)
    cycles = usb.activity()[0]["cycles"]
    assert set(cycles["pdm"]) == set(cycles["microphone"]) == {"off"}
    assert set(cycles["hfclk"]) == {"off"}
    assert set(cycles["cpu"]) == {"sleep"}
