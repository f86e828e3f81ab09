#include "features/fft.h"

#include "features/fixed_point.h"

/* data[points]: pairs of neighbours become their sum and difference, halved. */
static void first_stage_of_two(coincell_complex *data, int32_t points)
{
    for (int32_t i = 0; i < points; i += 2) {
        const coincell_complex a = {(data[i].re + 1) >> 1, (data[i].im + 1) >> 1};
        const coincell_complex b = {(data[i + 1].re + 1) >> 1, (data[i + 1].im + 1) >> 1};
        data[i] = (coincell_complex){a.re + b.re, a.im + b.im};
        data[i + 1] = (coincell_complex){a.re - b.re, a.im - b.im};
    }
}

/* group[0], group[m], group[2m], group[3m]: the transform of four points whose values, each
   divided by four, are x0 ... x3. Bit reversal has put x2 in the second place, x1 in the third. */
static inline void butterfly(coincell_complex *group, int32_t m, coincell_complex x0,
                             coincell_complex x1, coincell_complex x2, coincell_complex x3)
{
    const coincell_complex sum_02 = {x0.re + x2.re, x0.im + x2.im};
    const coincell_complex difference_02 = {x0.re - x2.re, x0.im - x2.im};
    const coincell_complex sum_13 = {x1.re + x3.re, x1.im + x3.im};
    const coincell_complex difference_13 = {x1.re - x3.re, x1.im - x3.im};
    group[0] = (coincell_complex){sum_02.re + sum_13.re, sum_02.im + sum_13.im};
    group[m] = (coincell_complex){difference_02.re + difference_13.im,
                                  difference_02.im - difference_13.re};
    group[2 * m] = (coincell_complex){sum_02.re - sum_13.re, sum_02.im - sum_13.im};
    group[3 * m] = (coincell_complex){difference_02.re - difference_13.im,
                                      difference_02.im + difference_13.re};
}

static inline coincell_complex quarter(coincell_complex v)
{
    return (coincell_complex){(v.re + 2) >> 2, (v.im + 2) >> 2};
}

/* v w / 4, w in Q30. */
static inline coincell_complex rotate_quarter(coincell_complex v, coincell_complex w)
{
    return (coincell_complex){
        coincell_multiply_high_subtract(coincell_multiply_high(v.re, w.re), v.im, w.im),
        coincell_multiply_high_add(coincell_multiply_high(v.re, w.im), v.im, w.re),
    };
}

/* data[points]: groups of four neighbours; all factors are one. */
static void first_stage_of_four(coincell_complex *data, int32_t points)
{
    for (int32_t i = 0; i < points; i += 4)
        butterfly(data + i, 1, quarter(data[i]), quarter(data[i + 2]), quarter(data[i + 1]),
                  quarter(data[i + 3]));
}

/* data[points]: groups of 4 m values hold four transforms of m points; they become one.
   The factors are read once for all groups, hence the outer loop over k. */
static void stage_of_four(coincell_complex *data, int32_t points, int32_t m,
                          const coincell_complex *twiddles)
{
    const int32_t step = points / (2 * m); /* exp(-2 pi i / (4 m)) is entry `step` */
    for (int32_t k = 0; k < m; k++) {
        const coincell_complex w1 = twiddles[step * k];
        const coincell_complex w2 = twiddles[2 * step * k];
        const coincell_complex w3 = twiddles[3 * step * k];
        for (coincell_complex *group = data + k; group < data + points; group += 4 * m)
            butterfly(group, m, quarter(group[0]), rotate_quarter(group[2 * m], w1),
                      rotate_quarter(group[m], w2), rotate_quarter(group[3 * m], w3));
    }
}

void coincell_fft(coincell_complex *data, int32_t log2_points, const coincell_complex *twiddles)
{
    const int32_t points = INT32_C(1) << log2_points;
    int32_t m = log2_points & 1 ? 2 : 4;
    if (m == 2)
        first_stage_of_two(data, points);
    else
        first_stage_of_four(data, points);
    for (; m < points; m *= 4) stage_of_four(data, points, m, twiddles);
}
