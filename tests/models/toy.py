"""A small problem that every network can learn: each class has a pattern, with noise on it."""

from __future__ import annotations

import numpy as np

from coincell.features import InputQuantization
from coincell.models import Examples

QUANTIZATION = InputQuantization(scale=0.0625, zero_point=40)
CLASSES = 3


def make_examples(seed: int, count: int, shape: tuple[int, int] = (21, 10)) -> Examples:
    """`count` samples of `CLASSES` classes; the patterns are the same for all seeds."""
    patterns = np.random.default_rng(99).normal(0, 40, (CLASSES, *shape))
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    noisy = patterns[labels] - 30 + generator.normal(0, 30, (count, *shape))
    return Examples(np.clip(noisy, -128, 127).astype(np.int8), labels, QUANTIZATION)
