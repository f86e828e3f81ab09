"""Groups of synthetic voices and how many of each: "gender=female:0.1", as text and read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

VoiceColumn = Literal["gender", "accent"]
GENDERS = ("female", "male")
MOST_ADDED = 200
"""Voices that one group may be given: 13 or 27 variants, each in several accents."""

GroupTexts = Annotated[
    tuple[Annotated[str, Field(max_length=100)], ...], Field(strict=False, max_length=50)
]
_FORM = re.compile(r"(gender|accent)=([A-Za-z0-9_-]+):([0-9.]{1,20})")
_EPSILON = 1e-9  # shares that a person wrote, such as 0.1 + 0.2 + 0.7


@dataclass(frozen=True)
class GroupNumber:
    """A group of voices and its number.

    Attributes:
        column: "gender" or "accent".
        value: of that column, such as "female" or "en-gb".
        number: a share, 0 to 1, or a count.
    """

    column: VoiceColumn
    value: str
    number: float

    @property
    def text(self) -> str:
        """As coincell.toml has it."""
        return f"{self.column}={self.value}:{self.number:g}"


def read_group(text: str) -> GroupNumber:
    """A group from "gender=female:0.1".

    Raises:
        ValueError: it is no such text.
    """
    found = _FORM.fullmatch(text)
    try:
        number = float(found[3]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or not math.isfinite(number):
        raise ValueError(
            'a group of voices is written "gender=female:0.1" or "accent=en-gb:0.2"; '
            f"received {text!r}"
        )
    column: VoiceColumn = "gender" if found[1] == "gender" else "accent"
    return GroupNumber(column, found[2], number)


def check_shares(shares: Sequence[GroupNumber], accents: Sequence[str]) -> None:
    """Whether shares of a column make a whole.

    Raises:
        ValueError: a group is unknown or told twice, or the shares are no shares.
    """
    _check_groups(shares, accents)
    for column, values in (("gender", GENDERS), ("accent", tuple(accents))):
        own = [each for each in shares if each.column == column]
        if any(each.number > 1 for each in own):
            raise ValueError(f"a share of voices is 0 to 1; received {own[0].text!r}")
        total = sum(each.number for each in own)
        told = {each.value for each in own}
        if total > 1 + _EPSILON or (set(values) <= told and total < 1 - _EPSILON):
            raise ValueError(
                f"the shares of voices by {column} come to {total:g}: all groups together "
                "are 1, and those that are not told share what is left"
            )


def check_added(added: Sequence[GroupNumber], accents: Sequence[str]) -> None:
    """Whether numbers of voices are whole.

    Raises:
        ValueError: a group is unknown or told twice, or its number is none.
    """
    _check_groups(added, accents)
    for each in added:
        if not (1 <= each.number <= MOST_ADDED and each.number == int(each.number)):
            raise ValueError(
                f"added voices are a whole number from 1 to {MOST_ADDED}; received {each.text!r}"
            )


def _check_groups(groups: Sequence[GroupNumber], accents: Sequence[str]) -> None:
    told = [(each.column, each.value) for each in groups]
    for each in groups:
        known = GENDERS if each.column == "gender" else tuple(accents)
        if each.value not in known:
            raise ValueError(
                f"voices have no {each.column} {each.value!r}; there are: {', '.join(known)}"
            )
        if told.count((each.column, each.value)) > 1:
            raise ValueError(f"{each.column}={each.value} is told twice")
