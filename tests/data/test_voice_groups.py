"""Groups of voices in the training split: shares met, others left alone, defaults the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coincell.data.synthesis import _plan
from coincell.data.voice_groups import training_groups
from coincell.data.voices import Voice, choose_voices
from coincell.errors import DataError
from coincell.project import SplitSettings, SynthesisSettings
from data.fixtures import MakeProject

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp")
SHARES = SplitSettings(test=0.4, validation=0.1)
BEFORE = "c4b55df393fe040ecf2f0e8f9559b02ae2a0bd6eb0546ffd17c925d4d5d73173"
"""Of every clip that was planned before voices could be asked for by group."""


def dealt(seed: int = 1, count: int = 40, **told: Sequence[str]) -> tuple[list[Voice], list[Voice]]:
    """Voices before and with the groups that are told."""
    before = choose_voices(count, ACCENTS, SHARES, seed)
    wanted = SynthesisSettings.model_validate({"voices": count, "accents": ACCENTS, **told})
    return list(before), list(training_groups(before, wanted, seed))


def of(voices: Sequence[Voice], split: str) -> list[Voice]:
    return [voice for voice in voices if voice.split == split]


def test_the_present_default_data_stay_byte_for_byte(make_project: MakeProject) -> None:
    """A clip is a function of its key: the same keys are the same bytes."""
    digest = hashlib.sha256()
    for seed in (0, 7):
        for count in (3, 20, 32, 40):
            project = make_project(
                "yes", "no", "unknown", "silence", extra=f"[synthesis]\nvoices = {count}\n"
            )
            told = project.configuration.project.model_copy(update={"seed": seed})
            configuration = project.configuration.model_copy(update={"project": told})
            project = type(project)(project.directory, configuration)
            wanted = configuration.synthesis
            voices = choose_voices(count, wanted.accents, configuration.data.split, seed)
            for take in _plan(project, training_groups(voices, wanted, seed), "engine"):
                digest.update(f"{take.file} {take.key}\n".encode())
    assert digest.hexdigest() == BEFORE


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 50), count=st.integers(6, 40), share=st.integers(0, 10), women=st.booleans()
)
def test_a_share_is_met_and_held_out_people_stay(
    seed: int, count: int, share: int, women: bool
) -> None:
    gender = "female" if women else "male"
    before, after = dealt(seed, count, training_shares=[f"gender={gender}:{share / 10}"])
    for split in ("test", "validation"):
        assert of(after, split) == of(before, split)
    training = of(after, "train")
    assert len({voice.variant for voice in after}) == len(after), "nobody is on two sides"
    told = sum(voice.gender == gender for voice in training)
    assert abs(told - share / 10 * len(training)) <= 0.5
    assert 0 < len(training) <= len(of(before, "train"))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(seed=st.integers(0, 50), share=st.integers(0, 10))
def test_accents_are_shared_among_the_same_variants(seed: int, share: int) -> None:
    before, after = dealt(seed, training_shares=[f"accent=en-029:{share / 10}"])
    training = of(after, "train")
    assert {v.variant for v in training} == {v.variant for v in of(before, "train")}
    counts = Counter(voice.accent for voice in training)
    assert abs(counts["en-029"] - share / 10 * len(training)) < 1
    others = [counts[accent] for accent in ACCENTS if accent != "en-029"]
    assert max(others) - min(others) <= 1


def test_added_voices_are_of_the_group_and_in_training_alone() -> None:
    lacking = ["gender=female:0.1"]
    before, few = dealt(training_shares=lacking)
    _, more = dealt(training_shares=lacking, training_added=["gender=female:10"])
    new = [voice for voice in more if voice not in few]
    assert len(more) - len(few) == len(new) == 10
    assert {(voice.gender, voice.split) for voice in new} == {("female", "train")}
    assert len({voice.speaker for voice in more}) == len(more)
    held = {voice.variant for voice in more if voice.split != "train"}
    assert not held & {voice.variant for voice in of(more, "train")}
    back = [voice for voice in before if voice not in few]
    assert {voice for voice in back if voice.gender == "female"} <= set(new), "those first"
    assert len({voice.number for voice in more}) == len(more)


def test_added_accents_come_from_voices_that_nobody_holds_out() -> None:
    _, few = dealt(count=20, training_shares=["accent=en-gb:0"])
    _, more = dealt(
        count=20, training_shares=["accent=en-gb:0"], training_added=["accent=en-gb:12"]
    )
    assert Counter(v.accent for v in of(few, "train"))["en-gb"] == 0
    assert Counter(v.accent for v in of(more, "train"))["en-gb"] == 12


def test_more_voices_than_there_are_is_told_with_their_number() -> None:
    with pytest.raises(DataError, match=r"asks for 200 voices of gender 'female'; there are \d+"):
        dealt(training_added=["gender=female:200"])


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("gender=female", "is written"),
        ("gender=female:nan", "is written"),
        ("gender=female:1.1", "0 to 1"),
        ("gender=female:-0.1", "is written"),
        ("gender=female:1.2.3", "is written"),
        ("age=old:0.1", "is written"),
        ("gender=other:0.1", "no gender 'other'"),
        ("accent=fr:0.1", "no accent 'fr'"),
    ],
)
def test_a_share_that_is_none_is_told(told: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        SynthesisSettings(training_shares=(told,))


@pytest.mark.parametrize(
    ("name", "told", "why"),
    [
        ("training_shares", ["gender=female:0.5", "gender=female:0.4"], "told twice"),
        ("training_shares", ["gender=female:0.5", "gender=male:0.4"], "come to 0.9"),
        ("training_shares", ["gender=female:0.5", "gender=male:0.6"], "come to 1.1"),
        ("training_added", ["gender=female:0"], "whole number"),
        ("training_added", ["gender=female:2.5"], "whole number"),
        ("training_added", ["gender=female:201"], "whole number"),
    ],
)
def test_groups_that_make_no_whole_are_told(name: str, told: list[str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        SynthesisSettings.model_validate({name: told})
