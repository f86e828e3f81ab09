"""The documentation is true: written from the code, or checked against it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from coincell import errors
from coincell.errors import CoincellError, InternalError
from coincell.monitor.database import StoreError
from coincell.pipeline.stages.table import STAGES
from source_tree import PACKAGE, ROOT, syntax_tree, where

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


def anchor_of(heading: str) -> str:
    """A heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {anchor_of(text) for text in headings}


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


def _raised() -> list[tuple[type[CoincellError], str]]:
    """Each error that the sources make with words of their own: its class and the words, a NUL
    where a value stands."""
    kinds = {**vars(errors), StoreError.__name__: StoreError}
    return [
        (kind, "".join(map(_words, node.args)))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (kind := kinds.get(node.func.id)) is not None
        and isinstance(kind, type)
    ]


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(map(_words, node.values)) if isinstance(node, ast.JoinedStr) else "\0"


def _sections() -> dict[str, str]:
    """Anchor -> text of each part of the page on troubles."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {anchor_of(part.partition("\n")[0]): part.partition("\n")[2] for part in parts}


def test_an_error_leads_to_the_part_that_quotes_it() -> None:
    """What a part of the page quotes is said by an error whose `more:` line names that part."""
    raised, seen, wrong = _raised(), set(), []
    for anchor, text in _sections().items():
        for quote in re.findall(r"\*\*\"(.+?)\"", text):
            said = re.compile(".*".join(map(re.escape, quote.split(" ... "))), re.DOTALL)
            topics = {kind.topic for kind, words in raised if said.search(words)}
            if topics:
                seen.add(anchor)
            if topics and anchor not in topics:
                wrong.append((quote, anchor, topics))
    assert not wrong
    assert seen >= {kind.topic for kind, _ in raised} - {"missing-packages", InternalError.topic}


def test_the_page_on_commands_names_every_kind_of_error() -> None:
    raisable = {kind.__name__ for kind, _ in _raised()} & set(vars(errors))
    told = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert {name for name in raisable if not re.search(rf"\b{name}\b", told)} == set()


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [
        path.name
        for path in DOCS.glob("*.md")
        if path.name != "index.md" and f"({path.name}" not in index
    ]
    assert not missing
