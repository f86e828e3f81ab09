"""Another make-up of the training split's voices; test and validation keep theirs.

A share takes voices out and puts others in: what a lacking group does to a model can be tried. An
addition is the repair: more voices of a group, beside all that are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from coincell.data.voices import Voice, ordered_variants
from coincell.errors import DataError
from coincell.project import GroupNumber, SynthesisSettings


def training_groups(
    voices: Sequence[Voice], settings: SynthesisSettings, seed: int
) -> tuple[Voice, ...]:
    """`voices` with the training split's shares and additions; the same ones where none are told.

    Raises:
        DataError: espeak-ng has too few voices for what is asked.
    """
    shares, added = settings.shares(), settings.added()
    if not shares and not added:
        return tuple(voices)
    held_out = [voice for voice in voices if voice.split != "train"]
    spare = _spare(voices, settings.accents, seed)
    training = [voice for voice in voices if voice.split == "train"]
    if genders := _of(shares, "gender"):
        training = _shared_by_gender(training, spare, genders)
    if accents := _of(shares, "accent"):
        training = _shared_by_accent(training, accents, settings.accents)
    held = {voice.variant for voice in held_out}
    for each in added:
        training += _added(training, held, each, settings.accents, seed)
    return tuple(sorted((*held_out, *training), key=lambda voice: voice.number))


def _of(groups: Sequence[GroupNumber], column: str) -> dict[str, float]:
    return {each.value: each.number for each in groups if each.column == column}


def _spare(voices: Sequence[Voice], accents: Sequence[str], seed: int) -> list[Voice]:
    """Variants that none of `voices` is, as they would come next, all for training."""
    taken = {voice.variant for voice in voices}
    return [
        Voice(variant, accents[number % len(accents)], gender, "train", number)
        for number, (variant, gender) in enumerate(ordered_variants(seed))
        if variant not in taken
    ]


def _shared_by_gender(
    training: Sequence[Voice], spare: Sequence[Voice], shares: Mapping[str, float]
) -> list[Voice]:
    """As many voices as before where there are enough of each gender, else the most that keep the
    shares."""
    female = shares.get("female", 1 - shares.get("male", 0.0))
    pool = {
        gender: [voice for voice in (*training, *spare) if voice.gender == gender]
        for gender in ("female", "male")
    }
    for count in range(len(training), 0, -1):
        women = int(count * female + 0.5)
        if women <= len(pool["female"]) and count - women <= len(pool["male"]):
            return [*pool["female"][:women], *pool["male"][: count - women]]
    raise DataError("No voice is left to train on.", "Ask for more in synthesis.voices.")


def _shared_by_accent(
    training: Sequence[Voice], shares: Mapping[str, float], accents: Sequence[str]
) -> list[Voice]:
    """The same variants; those beyond their accent's share speak the one that lacks most."""
    rest = [accent for accent in accents if accent not in shares]
    left = max(0.0, 1 - sum(shares.values()))
    wanted = {accent: shares.get(accent, left / max(1, len(rest))) for accent in accents}
    quota = _whole({accent: share * len(training) for accent, share in wanted.items()})
    kept: Counter[str] = Counter()
    found = []
    moved = []
    for voice in sorted(training, key=lambda voice: voice.number):
        if kept[voice.accent] < quota.get(voice.accent, 0):
            kept[voice.accent] += 1
            found.append(voice)
        else:
            moved.append(voice)
    for voice in moved:
        accent = max(accents, key=lambda each: quota[each] - kept[each])
        kept[accent] += 1
        found.append(replace(voice, accent=accent))
    return found


def _whole(parts: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers of the same sum, by largest remainders."""
    whole = {name: int(part + 1e-9) for name, part in parts.items()}
    by_remainder = sorted(parts, key=lambda name: whole[name] - parts[name])
    for name in by_remainder[: round(sum(parts.values())) - sum(whole.values())]:
        whole[name] += 1
    return whole


def _added(
    training: Sequence[Voice],
    held: set[str],
    group: GroupNumber,
    accents: Sequence[str],
    seed: int,
) -> list[Voice]:
    """Voices of a group beside `training`: first variants that nobody speaks with, then those of
    the training split in further accents. No variant of another split: it would be one speaker on
    two sides."""
    there = {voice.speaker for voice in training}
    spoken = {voice.variant for voice in training}
    fresh: list[Voice] = []
    again: list[Voice] = []
    for voice in _candidates(group, accents, seed):
        if voice.variant not in held and voice.speaker not in there:
            (again if voice.variant in spoken else fresh).append(voice)
            spoken.add(voice.variant)
    count = int(group.number)
    if len(fresh) + len(again) < count:
        raise DataError(
            f"synthesis.training_added asks for {count} voices of {group.column} "
            f"{group.value!r}; there are {len(fresh) + len(again)} that no other split has.",
            "Ask for fewer, or name more accents in synthesis.accents.",
        )
    return [*fresh, *again][:count]


def _candidates(group: GroupNumber, accents: Sequence[str], seed: int) -> Iterator[Voice]:
    """All voices of a group, each variant once in every accent it may have, one accent after
    another; numbered behind the seed's order by what they are, so that none changes with others."""
    order = ordered_variants(seed)
    for turn in range(len(accents)):
        for at, (variant, gender) in enumerate(order):
            accent = accents[(at + turn) % len(accents)]
            if group.value == (gender if group.column == "gender" else accent):
                yield Voice(variant, accent, gender, "train", at + turn * len(order))
