"""From held-out normal windows to the score that gives an alarm."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coincell.errors import ConfigurationError, DataError


def threshold_for(scores: NDArray[np.int32], false_alarm_rate: float) -> int:
    """The least score that is an alarm, so that a new normal window is one at most so often.

    Of n held-out scores the ceil((n + 1)(1 - rate))-th smallest is taken, and an alarm lies above
    it: a further window from the same source exceeds it with probability at most the rate, over
    the draws of held-out windows too, whatever the scores' distribution (Vovk, Gammerman and
    Shafer 2005, inductive conformal prediction).

    Args:
        scores: int32 [n] of normal windows that the detector was not fitted on.
        false_alarm_rate: wished, between 0 and 1.

    Raises:
        ConfigurationError: the rate is not between 0 and 1.
        DataError: there are too few windows to promise it.
    """
    if not 0 < false_alarm_rate < 1:
        raise ConfigurationError(
            f"A false-alarm rate lies between 0 and 1; received {false_alarm_rate!r}."
        )
    count = len(scores)
    # 1e-9: (n + 1)(1 - rate) that is a whole number must not be rounded past it
    place = math.ceil((count + 1) * (1 - false_alarm_rate) - 1e-9)
    if place > count:
        needed = math.ceil(1 / false_alarm_rate - 1e-9) - 1
        raise DataError(
            f"A false-alarm rate of {false_alarm_rate:g} needs at least {needed} held-out "
            f"normal windows to choose a threshold from; received {count}.",
            hint="Record more normal data, or allow more false alarms.",
        )
    return int(np.partition(scores, place - 1)[place - 1]) + 1
