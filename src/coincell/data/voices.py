"""The voices that synthesize: espeak-ng variants that differ and can be understood.

Chosen by measurement from the 101 variants of espeak-ng 1.52: (a) the MLPerf Tiny keyword model,
trained on people, understands at least 55 % of ten words in two accents, spoken by the variant;
(b) its log-mel spectra are not nearly those of another chosen one (several variants are copies of
each other with another pitch: two of them on two sides of a split would be one speaker there);
(c) no whispering, echoing or robot voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from coincell.data.manifest import Split
from coincell.data.splits import position, split_at
from coincell.project import SplitSettings

_FEMALE = (
    "f2", "linda", "Annie", "f4", "Andrea", "f1", "aunty", "f3", "belinda", "steph2", "f5",
    "grandma", "anika",
)  # fmt: skip
_MALE = (
    "pedro", "m3", "Reed", "m4", "john", "boris", "victor", "m8", "Jacky", "iven", "Storm",
    "Gene2", "miguel", "m2", "rob", "pablo", "m7", "antonio", "klatt3", "ed", "paul", "david",
    "Mario", "quincy", "caleb", "m1", "max",
)  # fmt: skip
MAX_VOICES = len(_FEMALE) + len(_MALE)
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Voice:
    """One synthetic speaker.

    Attributes:
        variant: of espeak-ng: timbre and pitch.
        accent: its one language code.
        gender: "female" or "male", as the variant says or its pitch lets one hear.
        split: the side that all its clips are on.
    """

    variant: str
    accent: str
    gender: str
    split: Split

    @property
    def speaker(self) -> str:
        """Its name in the manifest, as espeak-ng itself writes voices."""
        return f"{self.accent}+{self.variant}"


def choose_voices(
    count: int, accents: Sequence[str], settings: SplitSettings, seed: int
) -> tuple[Voice, ...]:
    """The first `count` voices, women and men in turn, accents in turn, splits shared out evenly.

    Each gender's voices step through [0, 1) by the golden ratio from a start that the seed gives,
    and their place tells their split. So the shares are met closely for each gender (hashing would
    scatter them), and no voice moves when `count` grows.
    """
    order = [
        (variant, gender, index)
        for index, pair in enumerate(zip_longest(_FEMALE, _MALE))
        for variant, gender in zip(pair, ("female", "male"), strict=True)
        if variant is not None
    ]
    return tuple(
        Voice(
            variant,
            accents[number % len(accents)],
            gender,
            split_at((position(f"voices {gender}", seed) + index * _GOLDEN) % 1.0, settings),
        )
        for number, (variant, gender, index) in enumerate(order[:count])
    )
