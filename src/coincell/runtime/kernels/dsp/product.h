/* The product of two int8 tensors, element by element. */
#ifndef COINCELL_KERNELS_DSP_PRODUCT_H
#define COINCELL_KERNELS_DSP_PRODUCT_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/dsp/requantization.h"
#include "kernels/fixed_point.h"

typedef struct {
    int32_t rows;
    int32_t count;
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t left_shift; /* this and the following: of a product, see requantization.h */
    int32_t right_shift;
    int32_t bias;
    int32_t multiplier;
    int32_t offset;
    int32_t step;
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_product_parameters;

/* One element. */
COINCELL_INLINE void coincell_product_one(const coincell_product_parameters *p,
                                          int32_t first, int32_t second, int8_t *output)
{
    const int32_t product = (first - p->first_zero_point) * (second - p->second_zero_point);
    const int32_t x = (int32_t)((uint32_t)p->bias + ((uint32_t)product << p->left_shift));
    const int32_t made =
        coincell_output_of(x, p->multiplier, p->offset, p->step, p->right_shift);
    coincell_store_byte(output, coincell_clamp(made, p->clamp_min, p->clamp_max));
}

/* first:  [rows, count] int8
 * second: [count] int8, the same for every row
 * output: [rows, count] int8; may be the first input, the second where there is one row, or lie
 *         before them */
COINCELL_INLINE void coincell_product(const coincell_product_parameters *p,
                                      const void *first, const void *second, void *output)
{
    const int8_t *a = first;
    int8_t *out = output;
    for (int32_t row = 0; row < p->rows; ++row) {
        const int8_t *b = second;
        for (const int8_t *end = a + (p->count & ~1); a != end; a += 2, b += 2, out += 2) {
            const int32_t factors[4] = {a[0], a[1], b[0], b[1]};
            coincell_product_one(p, factors[0], factors[2], out);
            coincell_product_one(p, factors[1], factors[3], out + 1);
        }
        if (p->count & 1) {
            coincell_product_one(p, *a++, *b, out++);
        }
    }
}

#endif
