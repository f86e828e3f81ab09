"""Splits: deterministic, stable when data grows, nobody on two sides, no class left out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coincell.data import SPLITS, Split
from coincell.data.splits import Unit, assign_splits, position, split_at
from coincell.data.voices import MAX_VOICES, choose_voices
from coincell.project import SplitSettings, SynthesisSettings

SHARES = SplitSettings(validation=0.15, test=0.2)
LABELS = ["yes", "no", "up"]


def units_of(labels: dict[str, list[str]]) -> list[Unit]:
    return [Unit(key, frozenset(said)) for key, said in labels.items()]


people = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=3, unique=True),
    min_size=1,
    max_size=30,
)


def test_the_place_is_a_pure_function_and_uniform() -> None:
    places = [position(f"speaker={number}", 1) for number in range(4000)]
    assert places == [position(f"speaker={number}", 1) for number in range(4000)]
    tenths = Counter(int(place * 10) for place in places)
    assert min(tenths[i] for i in range(10)) > 330
    assert max(tenths.values()) < 470
    assert position("speaker=1", 1) != position("speaker=1", 2)


def test_shares_are_met_by_many() -> None:
    units = [Unit(f"speaker={n}", frozenset(LABELS)) for n in range(4000)]
    counts = Counter(assign_splits(units, {}, SHARES, 1, {}).values())
    assert counts["test"] / 4000 == pytest.approx(0.2, abs=0.02)
    assert counts["validation"] / 4000 == pytest.approx(0.15, abs=0.02)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(labels=people, seed=st.integers(0, 5))
def test_every_class_is_everywhere_when_it_can_be(labels: dict[str, list[str]], seed: int) -> None:
    units = units_of(labels)
    splits = assign_splits(units, {}, SHARES, seed, {})
    assert splits.keys() == labels.keys()
    assert assign_splits(units[::-1], {}, SHARES, seed, {}) == splits
    for label in {label for said in labels.values() for label in said}:
        sides = {splits[key] for key, said in labels.items() if label in said}
        assert "train" in sides  # what is never learned cannot be told
    if all(said == labels[next(iter(labels))] for said in labels.values()) and len(labels) >= 3:
        assert set(splits.values()) == set(SPLITS)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(before=people, more=people, seed=st.integers(0, 5))
def test_growth_moves_nobody(
    before: dict[str, list[str]], more: dict[str, list[str]], seed: int
) -> None:
    first = assign_splits(units_of(before), {}, SHARES, seed, {})
    both = {key: sorted({*before.get(key, []), *more.get(key, [])}) for key in before | more}
    second = assign_splits(units_of(both), first, SHARES, seed, {})
    assert first.items() <= second.items()


@settings(derandomize=True, max_examples=100, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(60, 90))
def test_with_enough_people_nothing_but_the_hash_decides(seed: int, count: int) -> None:
    units = [Unit(f"speaker={number}", frozenset(LABELS)) for number in range(count)]
    expected = {unit.key: split_at(position(unit.key, seed), SHARES) for unit in units}
    if len(set(expected.values())) == 3:
        assert assign_splits(units, {}, SHARES, seed, {}) == expected


def test_one_person_learns_two_are_learned_and_tested() -> None:
    for seed in range(20):
        one = assign_splits([Unit("a", frozenset(LABELS))], {}, SHARES, seed, {})
        assert one == {"a": "train"}
        two = assign_splits([Unit(k, frozenset(LABELS)) for k in "ab"], {}, SHARES, seed, {})
        assert sorted(two.values()) == ["test", "train"] or sorted(two.values()) == [
            "train",
            "validation",
        ]


def test_what_other_clips_cover_needs_no_move() -> None:
    units = [Unit(f"speaker={n}", frozenset(["yes"])) for n in range(2)]
    everywhere: dict[Split, frozenset[str]] = {split: frozenset(["yes"]) for split in SPLITS}
    for seed in range(30):
        expected = {unit.key: split_at(position(unit.key, seed), SHARES) for unit in units}
        assert assign_splits(units, {}, SHARES, seed, everywhere) == expected


@pytest.mark.parametrize("seed", range(20))
def test_voices_meet_the_shares_for_both_genders_and_stay_when_more_come(seed: int) -> None:
    accents = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp")
    most = choose_voices(MAX_VOICES, accents, SHARES, seed)
    assert len({voice.speaker for voice in most}) == MAX_VOICES
    for count in range(3, MAX_VOICES + 1):
        voices = choose_voices(count, accents, SHARES, seed)
        assert voices == most[:count]
        assert {voice.split for voice in voices} == set(SPLITS)
        for gender in ("female", "male"):
            counts = Counter(voice.split for voice in voices if voice.gender == gender)
            for split, share in (("test", 0.2), ("validation", 0.15)):
                assert abs(counts[split] - share * counts.total()) < 1.6
        if count >= 32:
            assert {voice.accent for voice in voices if voice.split == "test"} == set(accents)
        counts = Counter(voice.split for voice in voices)
        assert abs(counts["test"] - 0.2 * count) < 1.6
        assert abs(counts["validation"] - 0.15 * count) < 1.6


def test_a_project_can_ask_for_all_voices_and_no_more() -> None:
    assert SynthesisSettings(voices=MAX_VOICES).voices == MAX_VOICES
    with pytest.raises(ValidationError, match=f"less than or equal to {MAX_VOICES}"):
        SynthesisSettings(voices=MAX_VOICES + 1)


def test_another_seed_holds_out_other_voices() -> None:
    held_out = set()
    for seed in range(5):
        voices = choose_voices(32, ["en-us"], SHARES, seed)
        held_out.add(frozenset(voice.speaker for voice in voices if voice.split == "test"))
    assert len(held_out) == 5
