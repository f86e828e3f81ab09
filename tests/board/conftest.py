"""One image of the stand-in application, and one virtual board that runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coincell.board import VirtualBoard
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
