"""Windows put into a virtual board's memory are processed as those that come over its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.board import BoardClient, PlacingClient, VirtualBoard
from coincell.errors import BoardError
from coincell.firmware import Application, build_host_library, build_image, load_board
from coincell.firmware.usb_identity import Link
from stand_in import random_windows

MILLISECOND = 64_000
USUAL_BYTES = 300
"""Of the messages that ask for a window's result."""


class CountingBoard(VirtualBoard):
    """Counts the bytes that go to the board."""

    sent = 0

    def send(self, data: bytes) -> None:
        self.sent += len(data)
        super().send(data)


@pytest.mark.parametrize("link", ["uart", "usb"])
def test_results_are_the_hosts_and_the_first_window_alone_goes_over_the_line(
    application: Application, link: Link, tmp_path: Path
) -> None:
    windows = random_windows(6)
    expected = build_host_library(application).process(windows)
    image = build_image(application, load_board("nano33ble"), tmp_path, link=link)
    with CountingBoard(image) as virtual:
        virtual.advance(200 * MILLISECOND)  # it listens meanwhile, into the same buffer
        virtual.discard()
        client, bytes_sent = PlacingClient(virtual), []
        for i, window in enumerate(windows):
            virtual.sent = 0
            client.reset()
            result = client.process(window)
            bytes_sent.append(virtual.sent)
            np.testing.assert_array_equal(result.features, expected.features[i])
            np.testing.assert_array_equal(result.scores, expected.scores[i])
            assert result.label == expected.labels[i]
        with pytest.raises(BoardError, match="takes int16 windows of 1600 values"):
            client.process(windows[0][:-1])
    assert bytes_sent[0] > windows[0].nbytes
    assert max(bytes_sent[1:]) < USUAL_BYTES


def test_a_silent_window_tells_nothing_of_the_buffer(
    application: Application, virtual: VirtualBoard
) -> None:
    windows = np.concatenate([np.zeros((1, 1600), np.int16), random_windows(2)])
    expected = build_host_library(application).process(windows)
    client, plain = PlacingClient(virtual), BoardClient(virtual)
    for i, window in enumerate(windows):
        client.reset()
        np.testing.assert_array_equal(client.process(window).scores, expected.scores[i])
    plain.reset()
    np.testing.assert_array_equal(plain.process(windows[1]).scores, expected.scores[1])
