"""Whether an image may go onto a real board: it is the one that passed its project's gates."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from coincell.board import ImageFile
from coincell.errors import FileError, GateError
from coincell.firmware import Board
from coincell.report import Report, verdict

_MOST_BYTES = 256 << 20
_FORCE = "`--force` flashes it all the same."
_AGAIN = f"`coincell run` writes it anew. {_FORCE}"


def permit_flash(image: ImageFile, board: Board) -> None:
    """Let only an image pass that the report beside it vouches for.

    Raises:
        GateError: there is no report, a gate failed or was not reached, or the report is about
            another image.
        UserError: the report is damaged, or cannot be read.
    """
    path = image.path.parent / "report.json"
    report = _read(path, image)
    state = verdict(report)
    if state.state != "passed":
        raise GateError(
            f"{image.path.name} did not pass its gates: {state.title}. {state.sentence}",
            hint=f"Mend what the report names, and `coincell run` again. {_FORCE}",
        )
    vouched = report.provenance.hashes.get("firmware.bin", "")
    found = image.sha256(board)
    if vouched != found:
        raise GateError(
            f"{image.path.name} is not the image that {path} vouches for: its SHA-256 is "
            f"{found[:16]} ..., and {vouched[:16] or 'none'} ... passed.",
            hint=f"`coincell run` builds and proves it anew. {_FORCE}",
        )


def _read(path: Path, image: ImageFile) -> Report:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FileError(f"{path} is larger than 256 MiB: no report of a run.", _AGAIN)
        return Report.from_json(path.read_bytes())
    except FileNotFoundError as error:
        raise GateError(
            f"No report vouches for {image.path.name}: there is no {path}.",
            hint=f"Flash the image in the project's build folder, after `coincell run`. {_FORCE}",
        ) from error
    except OSError as error:
        raise FileError(f"Cannot read {path}: {error.strerror}.", _AGAIN) from error
    except ValidationError as error:
        raise FileError(
            f"A report as `coincell run` writes it is needed; {path} is damaged, or another "
            "version's.",
            _AGAIN,
        ) from error
