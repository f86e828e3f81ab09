"""The voices that synthesize: espeak-ng variants that differ and can be understood.

Chosen by measurement from the 101 variants of espeak-ng 1.52: (a) the MLPerf Tiny keyword model,
trained on people, understands at least 55 % of ten words in two accents, spoken by the variant;
(b) its log-mel spectra are not nearly those of another chosen one (several variants are copies of
each other with another pitch: two of them on two sides of a split would be one speaker there);
(c) no whispering, echoing or robot voices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from coincell.data.manifest import Split
from coincell.data.splits import position
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


@dataclass(frozen=True)
class Voice:
    """One synthetic speaker.

    Attributes:
        variant: of espeak-ng: timbre and pitch.
        accent: its one language code.
        gender: "female" or "male", as the variant says or its pitch lets one hear.
        split: the side that all its clips are on.
        number: its place in the seed's order, which its words of the unknown class go by.
    """

    variant: str
    accent: str
    gender: str
    split: Split
    number: int

    @property
    def speaker(self) -> str:
        """Its name in the manifest, as espeak-ng itself writes voices."""
        return f"{self.accent}+{self.variant}"


def choose_voices(
    count: int, accents: Sequence[str], settings: SplitSettings, seed: int
) -> tuple[Voice, ...]:
    """The first `count` voices in the seed's order: women and men in turn, accents in turn.

    Voices are known beforehand, so their splits need no hashing, which would scatter the shares:
    the first three are one of each split, and each next one goes where its gender, its accent and
    the whole lack most. So every split is there from three voices on, the shares are met closely
    for both genders, and no voice moves when `count` grows.
    """
    order = ordered_variants(seed)
    shares: dict[Split, float] = {
        "train": 1.0 - settings.test - settings.validation,
        "test": settings.test,
        "validation": settings.validation,
    }
    first = [split for split, share in shares.items() if share > 0]
    counts: Counter[tuple[str, Split]] = Counter()
    voices: list[Voice] = []
    for number, (variant, gender) in enumerate(order[:count]):
        accent = accents[number % len(accents)]
        kinds = (gender, accent, "all")
        split = first[number] if number < len(first) else _most_lacking(kinds, shares, counts)
        counts.update((kind, split) for kind in kinds)
        voices.append(Voice(variant, accent, gender, split, number))
    return tuple(voices)


def ordered_variants(seed: int) -> list[tuple[str, str]]:
    """(variant, gender) of all voices, in the seed's order: women and men in turn."""
    return [
        (variant, gender)
        for pair in zip_longest(_shuffled(_FEMALE, seed), _shuffled(_MALE, seed))
        for variant, gender in zip(pair, ("female", "male"), strict=True)
        if variant is not None
    ]


def _shuffled(variants: Sequence[str], seed: int) -> list[str]:
    return sorted(variants, key=lambda variant: position(f"voice={variant}", seed))


def _most_lacking(
    kinds: Sequence[str], shares: Mapping[Split, float], counts: Counter[tuple[str, Split]]
) -> Split:
    """The split that lacks most to its share once one more voice of these kinds is there."""

    def lack(split: Split) -> float:
        lacking = 0.0
        for kind in kinds:
            total = 1 + sum(counts[kind, other] for other in shares)
            lacking += shares[split] * total - counts[kind, split]
        return lacking if shares[split] > 0 else -1e9

    return max(shares, key=lack)
