"""What a contributor agreed to, as the page of `coincell data invite` records it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from coincell.errors import DataError
from coincell.files import write_atomic

CONSENT_FILE = "consent.json"
CONSENTS_FOLDER = "consents"
FORMAT = 1
_MOST_BYTES = 1 << 16
_ID = re.compile(r"[0-9a-f]{12,64}")


def read_consent(folder: Path) -> dict[str, Any] | None:
    """The record in an unpacked contribution; None where there is none.

    Raises:
        DataError: it is damaged, or says that nobody agreed.
    """
    path = folder / CONSENT_FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"larger than {_MOST_BYTES} bytes")
        record = json.loads(path.read_bytes())
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise ValueError(f"format {FORMAT} expected")
        if not isinstance(record.get("id"), str) or not _ID.fullmatch(record["id"]):
            raise ValueError("id must be 12 to 64 hexadecimal digits")
        if not isinstance(record.get("text"), str) or not record["text"].strip():
            raise ValueError("text, what was agreed to, is missing")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{CONSENT_FILE} in the archive is no record of consent: {error}.",
            "Ask the contributor for the ZIP as the page made it.",
        ) from error
    if record.get("agreed") is not True:
        raise DataError(
            f"{CONSENT_FILE} in the archive says that the contributor did not agree: nothing of "
            "it is imported.",
            "Delete the archive.",
        )
    return record


def keep_consent(record: dict[str, Any], data_directory: Path) -> Path:
    """Write the record to data/consents/ID.json; clips name it in their column `consent`."""
    path = data_directory / CONSENTS_FOLDER / f"{record['id']}.json"
    write_atomic(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return path
