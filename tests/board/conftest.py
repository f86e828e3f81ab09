"""One image of the stand-in application, and one virtual board that runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attached_boards import Attach
from coincell.board import VirtualBoard, flashing
from coincell.firmware import Application, Image, build_image, load_board
from stand_in import stand_in_application


@pytest.fixture(scope="session")
def application() -> Application:
    return stand_in_application()


@pytest.fixture(scope="session")
def image(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Image:
    return build_image(application, load_board("nano33ble"), tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="session")
def running(image: Image) -> Iterator[VirtualBoard]:
    with VirtualBoard(image) as virtual:
        yield virtual


@pytest.fixture
def virtual(running: VirtualBoard) -> VirtualBoard:
    """The session's board, as after power on."""
    running.restart()
    return running


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Attach:
    """Let ports be attached: each call of the arguments in turn, the last one for ever."""

    def put(*states: list[object]) -> None:
        left = list(states)
        monkeypatch.setattr(
            "serial.tools.list_ports.comports", lambda: left.pop(0) if len(left) > 1 else left[0]
        )

    monkeypatch.setattr(flashing, "_SETTLE_S", 0.0)
    monkeypatch.setattr(flashing, "_WAIT_S", 0.3)
    put([])
    return put
