#define COINCELL_VALUE int16_t
#define COINCELL_SUM int64_t
#include "kernels/transpose_conv_int16.h"

#include "kernels/fixed_point_int16.h"
#include "kernels/spread_loops.h"

/* pixel, tap: [depth] */
static int64_t product_of(const void *parameters, int64_t sum, const int16_t *pixel,
                          const int8_t *tap, int32_t depth)
{
    (void)parameters;
    return coincell_dot_product_int16(sum, pixel, tap, depth);
}

static int16_t output_of(const void *parameters, int64_t sum, int32_t multiplier, int32_t shift)
{
    const coincell_transpose_conv_int16_parameters *p = parameters;
    const int32_t scaled = coincell_rescale_wide(sum, multiplier, shift);
    return (int16_t)coincell_clamp(scaled, p->clamp_min, p->clamp_max);
}

void coincell_transpose_conv_int16(const coincell_transpose_conv_int16_parameters *p,
                                   const int16_t *input, const int8_t *filter, const int64_t *bias,
                                   const int32_t *multiplier, const int8_t *shift,
                                   int16_t *output)
{
    const coincell_spread_layer layer = {p,    product_of, output_of, filter,
                                         bias, multiplier, shift};
    coincell_spread(&p->sizes, &layer, input, output);
}
