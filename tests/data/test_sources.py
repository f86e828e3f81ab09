"""data/sources.json may be written by hand, and so by anyone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coincell.data import SOURCES_FILE, DataSource, read_sources
from coincell.errors import DataError


def test_without_the_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_sources(tmp_path) == ()


def test_a_name_is_enough(tmp_path: Path) -> None:
    (tmp_path / SOURCES_FILE).write_text('[{"name": "mine", "licence": "CC BY 4.0"}]')
    assert read_sources(tmp_path) == (DataSource(name="mine", licence="CC BY 4.0"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "valid array"),
        ("nonsense", "Invalid JSON"),
        ("[" * 100_000, "Invalid JSON"),
        ("[{}]", "0.name: Field required"),
        ('[{"name": 3}]', "0.name: Input should be a valid string"),
        ('[{"name": "mine", "license": "CC0"}]', "0.license: Extra inputs"),
        (json.dumps([{"name": "x" * 201}]), "at most 200"),
        (" " * (1 << 20) + "[]", "larger than 1 MiB"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / SOURCES_FILE).write_text(text)
    with pytest.raises(DataError, match=told):
        read_sources(tmp_path)
