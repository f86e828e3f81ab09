"""The level decision in C: mean, hysteresis and refractory time, against plain Python."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int16, c_int32, c_void_p

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coincell.runtime.library import load_library


class Config(ctypes.Structure):
    _fields_ = (
        ("windows", c_int32),
        ("fraction_bits", c_int32),
        ("threshold", c_int32),
        ("release", c_int32),
        ("refractory", c_int32),
    )


class State(ctypes.Structure):
    _fields_ = (
        ("ring", c_void_p),
        ("filled", c_int32),
        ("next", c_int32),
        ("above", c_int32),
        ("rests", c_int32),
    )


class Result(ctypes.Structure):
    _fields_ = (("score", c_int32), ("label", c_int16))


def by_c(config: Config, values: list[int]) -> list[tuple[int, int]]:
    library = load_library("decision")
    step = library.coincell_level_step
    step.restype = Result
    step.argtypes = [POINTER(Config), POINTER(State), c_int32]
    ring = np.zeros(config.windows, np.int32)
    state = State(ring.ctypes.data)
    library.coincell_level_reset(ctypes.byref(state))
    results = [step(ctypes.byref(config), ctypes.byref(state), value) for value in values]
    return [(result.label, result.score) for result in results]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    values=st.lists(st.integers(-30, 30), min_size=1, max_size=40),
    windows=st.integers(1, 4),
    bits=st.integers(0, 8),
    threshold=st.integers(-20, 20),
    below=st.integers(0, 20),
    refractory=st.integers(0, 5),
)
def test_it_is_above_until_the_release_and_then_rests(
    values: list[int], windows: int, bits: int, threshold: int, below: int, refractory: int
) -> None:
    high, low = threshold << bits, (threshold - below) << bits
    expected, above, last = [], False, -(10**9)
    for number in range(len(values)):
        seen = values[max(0, number - windows + 1) : number + 1]
        mean = (sum(seen) << bits) // len(seen)
        above = mean >= low if above else mean >= high and number - last > refractory
        last = number if above else last
        expected.append((int(above), mean))
    assert by_c(Config(windows, bits, high, low, refractory), values) == expected
