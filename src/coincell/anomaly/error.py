"""How far an integer score can be from float64's: a proof for each window, not an estimate.

With D = the root of a form of float64, of which the integers make D':
    |D' - D| <= relative (D + absolute) + absolute + rounding
- absolute: |factor (centre' - centre)|, what the rounded centre moves;
- relative: the spectral norm of (factor' - factor) factor^-1, what the rounded weights stretch;
- rounding: half a step of each row's sum.
The score rises with every form, so that the ends of these intervals give those of the score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.fixed import NAT_BITS, FixedForms
from coincell.anomaly.forms import Float, Forms, negative_log_sum

_JOIN_ERROR = 1.5e-4  # of coincell_anomaly_join, in nats


def error_bound(forms: Forms, fixed: FixedForms, features: NDArray[np.int8]) -> Float:
    """int8 [n, columns] -> how far `fixed`'s score can be from `forms`', in its real unit [n]."""
    relative, absolute, rounding = _terms(forms, fixed)
    roots = np.sqrt(forms.values(features))
    wrong = relative * (roots + absolute) + absolute + rounding
    low, high = np.maximum(roots - wrong, 0), roots + wrong
    step = 2.0**-fixed.score_bits
    if not forms.likelihood:
        score, ends = roots.min(axis=1), (low.min(axis=1), high.min(axis=1))
        loss = 3 * step  # a form and its root are rounded to the score's step
    else:
        score = negative_log_sum(roots**2 / 2 + forms.constants)
        ends = (
            negative_log_sum(low**2 / 2 + forms.constants),
            negative_log_sum(high**2 / 2 + forms.constants),
        )
        loss = (len(forms.centres) - 1) * _JOIN_ERROR + 3 * 2.0**-NAT_BITS + step / 2
    bound: Float = np.maximum(score - ends[0], ends[1] - score) + loss
    return bound


def _terms(forms: Forms, fixed: FixedForms) -> tuple[Float, Float, Float]:
    """relative, absolute, rounding; [k] each."""
    made = fixed.as_forms()
    moved = made.centres - forms.centres
    if forms.factors is None or made.factors is None:
        assert forms.precisions is not None
        assert made.precisions is not None
        weights = forms.precisions.reshape(len(moved), -1)
        stretched = np.sqrt(made.precisions.reshape(weights.shape) / weights)
        relative: Float = np.abs(stretched - 1).max(axis=1)
        return relative, np.sqrt((moved**2 * weights).sum(axis=1)), np.zeros(len(moved))
    inverses = np.linalg.inv(forms.factors)
    differences = (made.factors - forms.factors) @ inverses
    relative = np.linalg.norm(differences, ord=2, axis=(1, 2))
    absolute = np.linalg.norm(np.einsum("kij,kj->ki", forms.factors, moved), axis=1)
    rounding = np.sqrt(forms.columns) / 2 * np.exp2(-fixed.form_bits / 2)
    return relative, absolute, rounding
