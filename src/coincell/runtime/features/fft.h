/* Fourier transform of a real frame, in 32-bit integers with 64-bit products. */
#ifndef COINCELL_FEATURES_FFT_H
#define COINCELL_FEATURES_FFT_H

#include <stdint.h>

typedef struct {
    int32_t re, im;
} coincell_complex;

/* data[points]: a complex signal in bit-reversed order; on return its discrete Fourier transform
   divided by `points`, in natural order.

   The real frame x of 2 points samples is packed as z[n] = x[2n] + i x[2n+1]
   (coincell_fft_real_bin takes it apart again).

   twiddles[3 points / 2]: exp(-2 pi i j / (2 points)) in Q30.
   log2_points: 5 to 10.
   Every component of data must be at most 2^30 in size. Each stage divides by its radix, so no
   complex value ever exceeds the largest one at the input, sqrt(2) 2^30 < 2^31.
   Radix-4 decimation in time after Cooley and Tukey (1965), with a first stage of radix 2 where
   `points` is no power of four. */
void coincell_fft(coincell_complex *data, int32_t log2_points, const coincell_complex *twiddles);

/* a, b: values k and points - k of what coincell_fft left (value `points` is value 0).
   w: twiddle k. Returns bin k of the transform of the real frame of 2 points samples, divided by
   `points`, for 0 <= k <= points.

   The sums stay within 31 bits because a Hann window halves the frame's mean size:
   |a|, |b| <= sqrt(2) 2^30 / 2. */
static inline coincell_complex coincell_fft_real_bin(coincell_complex a, coincell_complex b,
                                                     coincell_complex w)
{
    const int32_t one = INT32_C(1) << 30, half = one; /* of Q30; of what the shift drops */
    const int32_t sum_re = a.re + b.re, sum_im = a.im - b.im;
    const int32_t difference_re = a.re - b.re, difference_im = a.im + b.im;
    /* X = (sum - i w difference) / 2: the Q30 products leave one bit more to drop. */
    const int64_t re = (int64_t)sum_re * one + (int64_t)difference_im * w.re +
                       (int64_t)difference_re * w.im + half;
    const int64_t im = (int64_t)sum_im * one + (int64_t)difference_im * w.im -
                       (int64_t)difference_re * w.re + half;
    return (coincell_complex){(int32_t)(re >> 31), (int32_t)(im >> 31)};
}

#endif
