"""What folds say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coincell.evaluation._estimate import Estimate


def over_folds(values: Sequence[float], *, share: bool = False) -> Estimate:
    """The mean over k folds with a 95 % interval.

    Folds share most of their training windows, so that their figures are alike; the variance of the
    mean is corrected for that, as Nadeau and Bengio 2003 do, by the share of judged windows:

        variance of the mean = variance over folds * (1 / k + 1 / (k - 1)),  Student's t with k - 1

    Args:
        values: [k], a figure of each fold.
        share: whether it is one from 0 to 1, which its interval then does not leave.
    """
    from scipy.stats import t

    count, mean = len(values), float(np.mean(values))
    if count < 2:
        return Estimate(mean)
    scale = float(np.var(values, ddof=1)) * (1 / count + 1 / (count - 1))
    reach = float(t.ppf(0.975, count - 1)) * scale**0.5
    low, high = mean - reach, mean + reach
    return Estimate(mean, max(low, 0.0), min(high, 1.0)) if share else Estimate(mean, low, high)
