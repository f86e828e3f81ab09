"""What the image of a project keeps, writes and sends: settings and image brought together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincell.audit import privacy_facts
from coincell.board import ImageFile, open_image
from coincell.firmware import load_board
from coincell.pipeline.image_manifest import configuration_digest
from coincell.pipeline.store import Artefact
from coincell.project import Configuration, Project

_IN_RAM = (".data", ".bss")


def device_privacy(project: Project, firmware: Artefact | None = None) -> dict[str, Any]:
    """`coincell.audit.privacy_facts` of a project, and of its image where there is one.

    Args:
        project: whose settings and board count.
        firmware: the stage's artefact; build/firmware.elf unless given. An image of other settings
            than the project's counts as none.

    Raises:
        BoardError: there is no firmware for the board, or its sensor cannot give what the project
            takes; or the file in the image's place is none.
    """
    configuration = project.configuration
    board = load_board(configuration.board.source)
    folder = firmware.folder if firmware else project.build_directory
    image = _image(folder / "firmware.elf", configuration)
    if image is None:
        return privacy_facts(configuration, board)
    return privacy_facts(configuration, board, _memory(image), image.description)


def _image(path: Path, configuration: Configuration) -> ImageFile | None:
    if not path.is_file():
        return None
    image = open_image(path)
    of_these = image.description.get("configuration") == configuration_digest(configuration)
    return image if of_these else None


def _memory(image: ImageFile) -> Mapping[str, int]:
    """Objects in RAM -> bytes; of equal names together, as static variables of functions are."""
    found: Counter[str] = Counter()
    for symbol in image.elf.symbols:
        if not symbol.function and symbol.section in _IN_RAM:
            found[re.sub(r"\.\d+$", "", symbol.name)] += symbol.size
    return found
