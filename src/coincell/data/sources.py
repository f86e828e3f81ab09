"""data/sources.json: where the recordings come from, and under which licence they are given.

`coincell data fetch` writes it for public sets; an entry for recordings of one's own can be written
by hand: {"name", "title", "page", "licence"}, of which only "name" must be there.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from coincell.data.catalogue import PublicSet
from coincell.errors import DataError
from coincell.files import write_atomic

SOURCES_FILE = "sources.json"
_MOST_BYTES = 1 << 20


class DataSource(BaseModel):
    """A public data set that recordings were taken from.

    Attributes:
        name: of the set.
        title: what it is, in a few words.
        page: where it is described.
        licence: under which it is given, and to whom it is owed.
        sha256: file -> hash of what was fetched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=200)
    title: str = Field("", max_length=1000)
    page: str = Field("", max_length=1000)
    licence: str = Field("", max_length=1000)
    sha256: dict[str, str] = Field({}, max_length=1000)


_SOURCES = TypeAdapter(list[DataSource])


def read_sources(data_directory: Path) -> tuple[DataSource, ...]:
    """What data/sources.json tells; nothing where it is not there.

    Raises:
        DataError: it is not what it should be.
    """
    path = data_directory / SOURCES_FILE
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path} is larger than 1 MiB.", "List only where recordings are from.")
        return tuple(_SOURCES.validate_json(path.read_bytes()))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path}: {place or 'the file'}: {first['msg']}.",
            'It is a list such as [{"name": "my-words", "licence": "CC BY 4.0, Ada"}].',
        ) from error


def note_source(data_directory: Path, chosen: PublicSet, sha256: dict[str, str]) -> None:
    """Add the public set `chosen` to data/sources.json, in the place of an older entry of it.

    Raises:
        DataError: the file that is there is not what it should be.
    """
    entry = DataSource(
        name=chosen.name,
        title=chosen.title,
        page=chosen.page,
        licence=chosen.licence,
        sha256=sha256,
    )
    others = [one for one in read_sources(data_directory) if one.name != chosen.name]
    listed = [one.model_dump(exclude_defaults=True) for one in (*others, entry)]
    text = json.dumps(listed, indent=1, ensure_ascii=False) + "\n"
    write_atomic(data_directory / SOURCES_FILE, text)
