"""requirements.lock: hashes only, and all that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from source_tree import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _asked_for() -> list[Requirement]:
    """Every requirement of the product, the extras in `all`, its developers and its build."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*table["project"]["dependencies"], *table["build-system"]["requires"]]
    extras = table["project"]["optional-dependencies"]
    (everything,) = map(Requirement, extras["all"])
    for members in (
        *(extras[name] for name in everything.extras),
        *table["dependency-groups"].values(),
    ):
        lines += members
    return [Requirement(line) for line in lines]


def test_every_line_is_a_version_or_a_hash() -> None:
    pattern = r"[a-z0-9-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|#.*|"
    faults = [line for line in LOCK.splitlines() if not re.fullmatch(pattern, line)]
    assert not faults


def test_it_holds_what_pyproject_asks_for() -> None:
    held = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))
    unmet = [
        str(requirement)
        for requirement in _asked_for()
        if not requirement.specifier.contains(
            held.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]
    assert not unmet, f"run scripts/lock: {unmet}"


def test_it_tells_the_size_of_the_download() -> None:
    assert re.search(r"Download: \d+ MB\.$", LOCK.splitlines()[0])
