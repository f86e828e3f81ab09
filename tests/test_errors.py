"""The exception tree: exit codes, and a way from each error to a page that helps."""

from __future__ import annotations

import inspect
import re

import pytest

from coincell import errors
from source_tree import ROOT

ALL = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.CoincellError)
]


def test_the_tree_drawn_at_the_top_is_the_tree() -> None:
    assert errors.__doc__ is not None
    names = re.findall(r"\b\w+Error\b", errors.__doc__)
    assert sorted(names) == sorted(error.__name__ for error in ALL)


@pytest.mark.parametrize("error", ALL)
def test_exit_codes_say_whose_fault_it_is(error: type[errors.CoincellError]) -> None:
    if issubclass(error, errors.UserError):
        assert error.exit_code == 2
    else:
        assert error.exit_code == (1 if error is errors.GateError else 3)


@pytest.mark.parametrize("error", ALL)
def test_every_error_has_a_heading_in_the_page_on_troubles(
    error: type[errors.CoincellError],
) -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}
    assert error.topic in anchors


def test_an_error_keeps_message_and_hint() -> None:
    error = errors.DataError("no recordings", hint="add some")
    assert (error.message, error.hint, str(error)) == ("no recordings", "add some", "no recordings")


def test_a_missing_extra_names_itself() -> None:
    error = errors.MissingExtraError("voices", "espeakng-loader", "Synthesis")
    assert error.extra == "voices"
    assert "espeakng-loader" in error.message
    assert "coincell[voices]" in error.hint
