"""The always-on firmware on pictures: a frame every hop, decided on as the host decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.board import BoardClient, VirtualBoard
from coincell.board.protocol import Listening
from coincell.errors import BoardError
from coincell.features import make_feature_block
from coincell.firmware import Application, HostStream, StreamEvent, build_image, load_board
from coincell.project import DecisionSettings, PictureSettings, WindowForm
from stand_in import stand_in_application

SECOND = 64_000_000


def seeing(width: int, height: int, channels: int) -> Application:
    """Pictures -> 8 x 4 gray -> 3 labels."""
    form = WindowForm("picture", 1, channels, 0, width, height)
    return replace(
        stand_in_application(),
        features=make_feature_block(PictureSettings(width=8, height=4), form),
        labels=("nobody", "person", "cat"),
        decision=DecisionSettings(smoothing_windows=2, threshold=0.3, hop_ms=1000),
    )


def scenes(count: int) -> NDArray[np.uint8]:
    """uint8 (count, 480, 640, 3): blotches of colours."""
    coarse = np.random.default_rng(4).integers(0, 256, (count, 12, 16, 3), np.uint8)
    return np.kron(coarse, np.ones((1, 40, 40, 1), np.uint8))


def picture_of(virtual: VirtualBoard, application: Application) -> NDArray[np.uint8]:
    """What the firmware's window holds."""
    symbol = next(s for s in virtual.elf.symbols if s.name == "samples")
    return np.frombuffer(virtual.read_memory(symbol.address, application.form.values), np.uint8)


@pytest.mark.parametrize(("width", "height", "channels"), [(96, 96, 1), (64, 48, 3)])
def test_decisions_equal_the_host_librarys(
    width: int, height: int, channels: int, tmp_path: Path
) -> None:
    application = seeing(width, height, channels)
    image = build_image(application, load_board("nano33ble"), tmp_path, link="usb")
    pictures, decided = [], []
    with VirtualBoard(image) as virtual:
        virtual.put_world("scene", scenes(3).tobytes(), seconds=1.0, channels=3)
        virtual.restart()  # so that the firmware finds the camera, and takes its pin from NFC
        virtual.advance(SECOND // 4)
        client = BoardClient(virtual)
        client.listen(Listening.ALL)
        virtual.activity(restart=True)
        for _ in range(40):
            virtual.advance(SECOND // 10)
            while client.event_kept or virtual.waiting:
                event = client.next_event()
                assert (event.lost, event.status) == (0, 0)
                decided.append(StreamEvent(event.samples, event.label, event.score))
                pictures.append(picture_of(virtual, application))
        cpu = virtual.activity()[0]["cycles"]["cpu"]
    assert len(decided) >= 3
    expected = HostStream(application).process(np.concatenate(pictures))
    assert decided == expected
    assert len({event.label for event in expected}) > 1
    assert len({picture.tobytes() for picture in pictures}) >= 3
    assert cpu["sleep"] > cpu["run"]


def test_without_a_camera_the_board_says_so(tmp_path: Path) -> None:
    image = build_image(seeing(96, 96, 1), load_board("nano33ble"), tmp_path, link="usb")
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        with pytest.raises(BoardError, match="no camera answers"):
            client.listen(Listening.ALL)
        assert client.info().window_values == 96 * 96


def test_a_picture_larger_than_the_cameras_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="320 x 240") as refusal:
        build_image(seeing(400, 240, 1), load_board("nano33ble"), tmp_path, link="usb")
    assert "data.camera" in refusal.value.hint


def test_over_the_uart_no_camera_has_pins(tmp_path: Path) -> None:
    image = build_image(seeing(96, 96, 1), load_board("nano33ble"), tmp_path, link="uart")
    with VirtualBoard(image) as virtual, pytest.raises(BoardError, match="does not listen"):
        BoardClient(virtual).listen(Listening.ALL)


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.0771])
def test_a_camera_that_is_unplugged_is_told(moment: float, tmp_path: Path) -> None:
    """Between frames or within one; the board answers on."""
    image = build_image(seeing(96, 96, 1), load_board("nano33ble"), tmp_path, link="usb")
    with VirtualBoard(image) as virtual:
        virtual.put_world("scene", scenes(1).tobytes(), seconds=1.0, channels=3)
        virtual.restart()
        virtual.advance(SECOND // 4)
        client = BoardClient(virtual)
        client.listen(Listening.ALL)
        virtual.advance(2 * SECOND + round((0.1 + moment) * SECOND))
        virtual.put_world("scene", fitted=False)
        virtual.advance(2 * SECOND)
        statuses = []
        while client.event_kept or virtual.waiting:
            statuses.append(client.next_event().status)
        assert statuses[0] == 0
        assert statuses[-1] == 256 + 68
        assert client.info().window_values == 96 * 96
