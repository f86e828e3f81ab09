#include "kernels/transpose_conv.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"
#include "kernels/spread_loops.h"

/* pixel, tap: [depth] */
static int32_t product_of(const void *parameters, int32_t sum, const int8_t *pixel,
                          const int8_t *tap, int32_t depth)
{
    const coincell_transpose_conv_parameters *p = parameters;
    return coincell_dot_product(sum, pixel, tap, depth, p->input_zero_point);
}

static int8_t output_of(const void *parameters, int32_t sum, int32_t multiplier, int32_t shift)
{
    const coincell_transpose_conv_parameters *p = parameters;
    const int32_t scaled = coincell_rescale(sum, multiplier, shift);
    return (int8_t)coincell_clamp(scaled + p->output_zero_point, p->clamp_min, p->clamp_max);
}

void coincell_transpose_conv(const coincell_transpose_conv_parameters *p, const int8_t *input,
                             const int8_t *filter, const int32_t *bias,
                             const int32_t *multiplier, const int8_t *shift, int8_t *output)
{
    const coincell_spread_layer layer = {p,    product_of, output_of, filter,
                                         bias, multiplier, shift};
    coincell_spread(&p->sizes, &layer, input, output);
}
