"""The documentation is true: written from the code, or checked against it."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from coincell.pipeline.stages.table import STAGES
from source_tree import PACKAGE, ROOT, where

DOCS = ROOT / "docs"


def _generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "generate_docs", ROOT / "scripts" / "generate_docs.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("examples/**/*.md")])


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("name", ["configuration.md", "commands.md"])
def test_pages_that_come_from_the_code_are_fresh(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == _generator().pages()[name], "run scripts/docs"


@pytest.mark.parametrize("path", _documents(), ids=where)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        assert place.exists(), f"{where(path)} links to {target}"
        if anchor and place.suffix == ".md":
            assert anchor in _anchors(place), f"{where(path)} links to {target}"


@pytest.mark.parametrize("path", _documents(), ids=where)
def test_commands_that_are_named_exist(path: Path) -> None:
    known = {name for name, _ in _generator().walk(_generator().cli, "coincell")}
    groups = {name.rsplit(" ", 1)[0] for name in known if name.count(" ") == 2}
    text = path.read_text(encoding="utf-8")
    for verb, below in re.findall(
        r"(?:^|[`/ ])coincell ([a-z]+)(?: ([a-z]+))?", text, re.MULTILINE
    ):
        if not re.search(rf"[`/]coincell {verb}|^ *coincell {verb}", text, re.MULTILINE):
            continue  # a sentence about Coincell, not a command
        assert f"coincell {verb}" in known, f"{where(path)} names `coincell {verb}`"
        if f"coincell {verb}" in groups and below:
            assert f"coincell {verb} {below}" in known, f"{where(path)}: `{verb} {below}`"


@pytest.mark.parametrize("path", _documents(), ids=where)
def test_python_names_that_are_imported_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for module, names in re.findall(
        r"^from (coincell[.\w]*) import ([\w, ]+)$", text, re.MULTILINE
    ):
        offered = importlib.import_module(module).__all__
        assert set(re.split(r", *", names)) <= set(offered), f"{where(path)}: {names}"


@pytest.mark.parametrize("path", _documents(), ids=where)
def test_scripts_that_are_named_exist(path: Path) -> None:
    for script in re.findall(r"(?:\./|`)scripts/(\w+)", path.read_text(encoding="utf-8")):
        assert (ROOT / "scripts" / script).exists() or script == "generate_docs"


@pytest.mark.parametrize("name", ["docs/index.md", "docs/commands.md", "ARCHITECTURE.md"])
def test_the_stages_are_told_in_their_order(name: str) -> None:
    text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    assert ", ".join(stage.name for stage in STAGES) in text


def _said() -> str:
    """Everything that the product and its scripts can say, texts over several lines joined."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "scripts").iterdir()]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"\"\s*\n\s*[fr]*\"", "", text)


def test_the_words_that_the_page_on_troubles_quotes_are_those_that_are_said() -> None:
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    said = _said()
    quotes = re.findall(r"\*\*\"(.+?)\"\*\*", page)
    assert len(quotes) > 15
    parts = [part for quote in quotes for part in quote.split(" ... ")]
    assert [part for part in parts if part not in said] == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [
        path.name
        for path in DOCS.glob("*.md")
        if path.name != "index.md" and f"({path.name}" not in index
    ]
    assert not missing
