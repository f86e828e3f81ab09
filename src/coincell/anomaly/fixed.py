"""Forms as the integers that runtime/anomaly/detector.c reads, and the proof that none overflows.

Every bound is taken over all int8 features, not over those that were seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.forms import Float, Forms, Shape
from coincell.errors import DataError

CENTRE_BITS = 7
NAT_BITS = 16
MOST_COLUMNS, MOST_CENTRES, MOST_TRIANGULAR = 4096, 64, 512
SCORE_BITS = 12
_FORM_LIMIT = 1 << 62
_LEAST_FACTOR_BITS = 8

_HINT = (
    "Raise the detector's regularization, or let the features be standardised: some of them "
    "hardly vary, others a great deal."
)


@dataclass(frozen=True)
class FixedForms:
    """The arrays and shifts of coincell_anomaly_detector, and what a score's step is worth.

    Attributes:
        shape: of the forms.
        likelihood: nats; else a distance.
        score_bits: a score is the real one times 2^score_bits.
        centre: int16 [k, columns], 7 fraction bits.
        precision: uint32: spherical [k], diagonal [k, columns]; else empty.
        factor: int16 [k, columns (columns + 1) / 2], triangular, row by row; else empty.
        row_shift: uint8 [k, columns], triangular; else empty.
        form_shift: uint8 [k].
        constant: int32 [k], nats with 16 fraction bits; zeros for distances.
        form_bits: [k]: a form's sum, before form_shift, is the real one times 2^form_bits.
        row_bits: [k, columns], triangular: a factor is the real one times 2^row_bits.
    """

    shape: Shape
    likelihood: bool
    score_bits: int
    centre: NDArray[np.int16]
    precision: NDArray[np.uint32]
    factor: NDArray[np.int16]
    row_shift: NDArray[np.uint8]
    form_shift: NDArray[np.uint8]
    constant: NDArray[np.int32]
    form_bits: NDArray[np.int64]
    row_bits: NDArray[np.int64]

    @property
    def centres(self) -> int:
        """How many there are."""
        return int(self.centre.shape[0])

    @property
    def columns(self) -> int:
        """Features of a window."""
        return int(self.centre.shape[1])

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """By the names of the C struct, in its order; those of this shape only."""
        named: dict[str, NDArray[np.generic]] = {"centre": self.centre}
        if self.shape == "triangular":
            named |= {"factor": self.factor, "row_shift": self.row_shift}
        else:
            named["precision"] = self.precision
        named["form_shift"] = self.form_shift
        return named | {"constant": self.constant} if self.likelihood else named

    def as_forms(self) -> Forms:
        """What these integers say, in float64."""
        precisions, factors = None, None
        bits = self.form_bits
        if self.shape == "triangular":
            factors = (
                unpack_rows(self.factor, self.columns) * np.exp2(-1.0 * self.row_bits)[:, :, None]
            )
        elif self.shape == "spherical":
            precisions = self.precision * np.exp2(2.0 * CENTRE_BITS - 32 - bits)
        else:
            precisions = self.precision * np.exp2(2.0 * CENTRE_BITS - bits)[:, None]
        return Forms(
            self.likelihood,
            self.centre.astype(np.float64) * 2.0**-CENTRE_BITS,
            precisions,
            factors,
            self.constant.astype(np.float64) * 2.0**-NAT_BITS,
        )


def fix(forms: Forms) -> FixedForms:
    """The integers nearest to `forms`.

    Raises:
        DataError: some bound fits no shift.
    """
    if forms.shape == "triangular" and forms.columns > MOST_TRIANGULAR:
        raise DataError(
            f"Full covariances take at most {MOST_TRIANGULAR} features; received {forms.columns}.",
            hint='Choose covariance = "diagonal" or k-means, or fewer features.',
        )
    centre = np.rint(forms.centres * 2**CENTRE_BITS).astype(np.int16)
    precision, factor = np.zeros(0, np.uint32), np.zeros(0, np.int16)
    row_shift, row_bits = np.zeros(0, np.uint8), np.zeros(0, np.int64)
    if forms.factors is not None:
        factor, row_shift, row_bits, form_bits = _fix_factors(forms.factors, centre)
    else:
        assert forms.precisions is not None
        fixed = [_fix_precision(*each) for each in zip(forms.precisions, centre, strict=True)]
        precision = np.array([mantissa for mantissa, _ in fixed], np.uint32)
        form_bits = np.array([bits for _, bits in fixed])
    bounds = largest_forms(forms.shape, centre, precision, factor, row_shift)
    score_bits = min(SCORE_BITS, most_score_bits(forms, bounds, form_bits))
    if score_bits < 1:
        raise DataError("The detector's scores do not fit 32 bits.", hint=_HINT)
    unit_bits = NAT_BITS - 1 if forms.likelihood else 2 * score_bits
    form_shift = form_bits - unit_bits
    if form_shift.min() < 0 or form_shift.max() > 62 or np.abs(forms.constants).max() > 32767:
        raise DataError("The detector does not fit its integers.", hint=_HINT)
    return FixedForms(
        forms.shape, forms.likelihood, score_bits, centre, precision, factor, row_shift,
        form_shift.astype(np.uint8), np.rint(forms.constants * 2**NAT_BITS).astype(np.int32),
        form_bits, row_bits,
    )  # fmt: skip


def most_score_bits(forms: Forms, bounds: list[int], form_bits: NDArray[np.int64]) -> int:
    """Most fraction bits with which no score leaves int32; bounds [k] of the forms' sums.

    A sum of exponentials is at least its largest term: no score exceeds any centre's own.
    """
    largest = np.array(
        [math.ldexp(bound, -int(bits)) for bound, bits in zip(bounds, form_bits, strict=True)]
    )
    if forms.likelihood:
        high = float((largest / 2 + forms.constants).min())
        low = float(forms.constants.min()) - math.log(len(largest))
        return math.floor(31 - math.log2(max(abs(high), abs(low)) + 1))
    bits = math.floor(31 - math.log2(math.sqrt(largest.min()) + 1))
    return min(bits, int(form_bits.min()) // 2)


def reach(centre: NDArray[np.int16]) -> NDArray[np.int64]:
    """The largest difference to any int8 feature, 7 fraction bits: [k, columns] -> the same."""
    wide = centre.astype(np.int64)
    return np.maximum(wide - (-128 << CENTRE_BITS), (127 << CENTRE_BITS) - wide)


def largest_forms(
    shape: Shape,
    centre: NDArray[np.int16],
    precision: NDArray[np.uint32],
    factor: NDArray[np.int16],
    row_shift: NDArray[np.uint8],
) -> list[int]:
    """What each form's sum reaches at most, before its shift; exact integers.

    Raises:
        DataError: a sum or a row leaves the type that the C keeps it in.
    """
    apart = reach(centre)
    if shape == "triangular":
        rows = np.abs(unpack_rows(factor, centre.shape[1])) * apart[:, None, :]
        sums = [[int(row) for row in each] for each in rows.sum(axis=2)]
        sizes = [
            [(row >> int(shift)) + 1 for row, shift in zip(*pair, strict=True)]
            for pair in zip(sums, row_shift, strict=True)
        ]
        if max(map(max, sizes)) >= 1 << 31:
            raise DataError("A row of the detector leaves 32 bits.", hint=_HINT)
        bounds = [sum(size**2 for size in each) for each in sizes]
    else:
        squares = [[int(value) ** 2 for value in row] for row in apart]
        if shape == "spherical":
            bounds = [
                (sum(row) * int(own)) >> 32 for row, own in zip(squares, precision, strict=True)
            ]
        else:
            bounds = [
                sum(square * int(own) for square, own in zip(*pair, strict=True))
                for pair in zip(squares, precision, strict=True)
            ]
    if max(bounds) >= _FORM_LIMIT:
        raise DataError("A form of the detector leaves 62 bits.", hint=_HINT)
    return bounds


def _fix_precision(precision: Float, centre: NDArray[np.int16]) -> tuple[NDArray[np.uint32], int]:
    """Of one centre: mantissas, and the fraction bits of its form's sum.

    A single precision weighs the sum of squares; one a column weighs each square, and their sum
    must stay below 2^62.
    """
    highest = 32 - math.frexp(float(np.max(precision)))[1]
    if precision.ndim == 0:
        mantissa = np.rint(np.ldexp(precision, highest))
        bits = 2 * CENTRE_BITS + highest - 32
    else:
        bound = float((reach(centre).astype(np.float64) ** 2 * precision).sum())
        highest = min(highest, 61 - math.frexp(bound)[1])
        mantissa = np.rint(np.ldexp(precision, highest))
        bits = 2 * CENTRE_BITS + highest
    return np.minimum(mantissa, 2.0**32 - 1).astype(np.uint32), bits


def _fix_factors(
    factors: Float, centre: NDArray[np.int16]
) -> tuple[NDArray[np.int16], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """factors [k, n, n] -> packed mantissas, shifts of rows, bits of rows [k, n], of forms [k].

    Each row has bits of its own; after its shift all rows of a centre have the same.
    """
    largest = np.abs(factors).max(axis=2)
    row_bits = np.floor(np.log2(32767 / largest)).astype(np.int64)
    sums = (np.abs(factors) * reach(centre)[:, None, :]).sum(axis=2) * 2.0**-CENTRE_BITS
    room = np.minimum(
        np.floor(np.log2((2.0**31 - 2) / (sums.max(axis=1) + 1))),
        np.floor(np.log2(_FORM_LIMIT / ((sums + 1) ** 2).sum(axis=1)) / 2 - 0.01),
    )
    bits = np.minimum(np.minimum(room, 14), row_bits.min(axis=1) + CENTRE_BITS).astype(np.int64)
    if bits.min() < _LEAST_FACTOR_BITS:
        raise DataError("A covariance of the detector is too narrow for 16 bits.", hint=_HINT)
    row_bits = np.minimum(row_bits, bits[:, None] + 62 - CENTRE_BITS)
    packed = np.rint(factors * np.exp2(1.0 * row_bits)[:, :, None]).astype(np.int16)
    below = np.tril_indices(factors.shape[1])
    row_shift = (row_bits + CENTRE_BITS - bits[:, None]).astype(np.uint8)
    return packed[:, below[0], below[1]], row_shift, row_bits, 2 * bits


def unpack_rows(packed: NDArray[np.int16], columns: int) -> NDArray[np.int64]:
    """[k, columns (columns + 1) / 2] -> lower triangular [k, columns, columns]."""
    whole = np.zeros((len(packed), columns, columns), np.int64)
    below = np.tril_indices(columns)
    whole[:, below[0], below[1]] = packed
    return whole
