"""[synthesis]: what `coincell data synthesize` makes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from coincell.project.section import Range, Section, WholeRange, Words, check_ordered
from coincell.project.vibration_settings import VibrationSettings
from coincell.project.voice_groups import (
    GroupNumber,
    GroupTexts,
    check_added,
    check_shares,
    read_group,
)


class SynthesisSettings(Section):
    """[synthesis]: what `coincell data synthesize` makes"""

    words: Words = Field(
        (), description="Words to speak; empty: the labels that are neither silence nor unknown."
    )
    unknown_words: Words = Field(
        ("happy", "house", "seven", "tree", "wow", "bird", "sheila", "cat", "learn", "visual"),
        description="Words of the unknown class.",
    )
    voices: int = Field(32, ge=3, le=40, description="How many espeak-ng voice variants speak.")
    accents: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp"),
        min_length=1,
        description="espeak-ng language codes; a voice has one accent.",
    )
    clips_per_word_and_voice: int = Field(
        5, ge=1, le=50, description="Takes a voice speaks of each word, with other rate and pitch."
    )
    rate_wpm: WholeRange = Field((130, 210), description="Speaking rate, words a minute.")
    pitch: WholeRange = Field((30, 70), description="espeak-ng pitch, 0 to 99.")
    unknown_clips_per_voice: int = Field(
        0,
        ge=0,
        le=1000,
        description="Other words a voice speaks; 0: three times the takes of a word.",
    )
    silence_clips: int = Field(0, ge=0, description="Clips without speech; 0: as many as a word.")
    noise_snr_db: Range = Field(
        (10.0, 40.0), description="Background noise mixed under each clip, decibels of SNR."
    )
    training_shares: GroupTexts = Field(
        (),
        description='Voices of the training split alone, such as "gender=female:0.1"; test and '
        "validation keep theirs.",
    )
    training_added: GroupTexts = Field(
        (), description='More voices of a group for the training split, such as "gender=female:10".'
    )
    vibration: VibrationSettings = VibrationSettings()

    @model_validator(mode="after")
    def _groups(self) -> Self:
        check_shares(self.shares(), self.accents)
        check_added(self.added(), self.accents)
        return self

    def shares(self) -> tuple[GroupNumber, ...]:
        """`training_shares`, read."""
        return tuple(read_group(text) for text in self.training_shares)

    def added(self) -> tuple[GroupNumber, ...]:
        """`training_added`, read."""
        return tuple(read_group(text) for text in self.training_added)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        check_ordered("rate_wpm", self.rate_wpm)
        check_ordered("pitch", self.pitch)
        check_ordered("noise_snr_db", self.noise_snr_db)
        return self
