"""What coincell.toml may say, and what a person is told when it says something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from coincell.errors import ConfigurationError
from coincell.project import Configuration, parse_configuration

MINIMAL = """
[project]
name = "words"
[data]
labels = ["yes", "no"]
"""


def refused(text: str) -> ConfigurationError:
    """The error that `text` gives."""
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)
    return caught.value


def test_two_keys_are_enough() -> None:
    configuration = parse_configuration(MINIMAL)
    assert configuration.data.labels == ("yes", "no")
    assert configuration.data.window_samples == 16000
    assert configuration.training.epochs == 30


def test_a_configuration_is_frozen() -> None:
    configuration = parse_configuration(MINIMAL)
    with pytest.raises(ValidationError):
        configuration.training.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[training]\nepoch = 3", "training.epoch", "training.epochs"),
        ("[training]\nbatchsize = 3", "training.batchsize", "training.batch_size"),
        ("[traning]\nepochs = 3", "traning", "training"),
        ("[model]\nepochs = 3", "model.epochs", "training.epochs"),
        ("[features]\nmfcc_coefficients = 3", "features.mfcc_coefficients", "coefficients"),
        ("[gates]\nmax_flash = 3", "gates.max_flash", "gates.max_flash_bytes"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_right_one(
    text: str, key: str, nearest: str
) -> None:
    error = refused(MINIMAL + text)
    assert f"unknown key '{key}'" in error.message
    assert nearest in error.hint


def test_the_nearest_key_may_be_a_table_below() -> None:
    assert refused(MINIMAL + "test = 0.2").hint == "Did you mean 'data.split.test'?"


def test_a_key_like_no_other_points_to_the_list() -> None:
    assert "docs/configuration.md" in refused(MINIMAL + "[data.split]\nqqqqqq = 1").hint


def test_a_misspelt_section_is_told_before_the_one_that_is_missing() -> None:
    error = refused(MINIMAL.replace("[data]", "[dta]"))
    assert "unknown key 'dta'" in error.message
    assert "1 more to mend" in error.message
    assert error.hint == "Did you mean 'data'?"


def test_a_missing_key_is_named() -> None:
    assert "'project' is missing" in refused('[data]\nlabels = ["a", "b"]').message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[training]\nepochs = "3"', ["training.epochs", "valid integer", "'3'"]),
        ("[training]\nepochs = true", ["training.epochs", "valid integer", "True"]),
        ("[training]\nepochs = 0", ["training.epochs", "greater than or equal to 1", "0"]),
        ("[training]\nlearning_rate = nan", ["training.learning_rate", "finite"]),
        ("[gates]\nmax_latency_ms = inf", ["gates.max_latency_ms", "finite"]),
        ('[training]\noptimizer = "sdg"', ["'sgd', 'adam' or 'adamw'", "'sdg'"]),
        ("[augmentation]\ngain_db = [6, -12]", ["low <= high", "[6.0, -12.0]"]),
        ("[augmentation]\ngain_db = 6", ["augmentation.gain_db", "a list"]),
        ("[data.split]\ntest = 0.6\nvalidation = 0.5", ["leave room for training"]),
        ("[features]\nfft_size = 500", ["power of two", "500"]),
        ("[features]\nfft_size = 256", ["at least the frame's 480 samples", "256"]),
        ("[features]\nlow_hz = 4000", ["low_hz must be below high_hz"]),
        ("[features]\nhigh_hz = 9000", ["half the sample rate (8000)", "9000"]),
        ('[features]\nblock = "mfcc"\ncoefficients = 41', ["must not exceed bands (40)"]),
        ("[synthesis]\npitch = [70, 30]", ["pitch", "low <= high"]),
    ],
)
def test_an_impossible_value_is_named_with_its_rule(text: str, words: list[str]) -> None:
    message = refused(MINIMAL + text).message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ('["yes", "yes"]', "labels must be unique"),
        ('["yes"]', "at least 2"),
        ('["yes", ""]', "data.labels.1"),
        ('["yes", "../no"]', "data.labels.1"),
        ('"yes"', "a list"),
    ],
)
def test_labels_are_checked(labels: str, words: str) -> None:
    assert words in refused(MINIMAL.replace('["yes", "no"]', labels)).message


def test_a_long_value_is_cut_in_the_message() -> None:
    message = refused(MINIMAL + f'[board]\nclips = "{"x" * 5000}"').message
    assert len(message) < 300


def test_text_that_is_no_toml_is_named_with_its_line() -> None:
    assert "line 2" in refused("[project]\nname = words").message


def test_nesting_without_end_is_refused() -> None:
    assert "nested too deeply" in refused("x = " + "[" * 100_000).message


@given(st.text(max_size=200))
@settings(derandomize=True, max_examples=200)
def test_any_text_is_refused_in_words(text: str) -> None:
    assert refused(text).message


def _fields(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, object]]:
    for name, field in section.model_fields.items():
        kinds = get_args(field.annotation) or (field.annotation,)
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        for table in tables:
            yield from _fields(table, f"{path}{name}.")
        if not tables:
            yield f"{path}{name}", field


@pytest.mark.parametrize(
    ("name", "field"), [pytest.param(*setting, id=setting[0]) for setting in _fields(Configuration)]
)
def test_every_setting_says_what_it_is(name: str, field: object) -> None:
    description = getattr(field, "description", None)
    assert description, name
    assert description.endswith("."), name


def test_every_default_passes_its_own_rule() -> None:
    """pydantic does not check defaults; a default outside its bounds would be a trap."""
    table: dict[str, dict[str, object]] = {}
    for name, field in Configuration.model_fields.items():
        if field.default is not PydanticUndefined:
            table[name] = field.default.model_dump(mode="json")
    table["project"] = {"name": "words"}
    table["data"] = {"labels": ["yes", "no"]}
    assert Configuration.model_validate(table) == parse_configuration(MINIMAL)


def test_silence_is_not_the_unknown_class() -> None:
    error = refused(MINIMAL + 'silence_label = "rest"\nunknown_label = "rest"\n')
    assert "must differ" in error.message
    parse_configuration(MINIMAL + 'silence_label = ""\nunknown_label = ""\n')
