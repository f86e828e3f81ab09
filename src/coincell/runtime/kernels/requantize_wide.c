#include "kernels/requantize_wide.h"

#include "kernels/fixed_point.h"
#include "kernels/integers.h"

void coincell_requantize_wide(const coincell_requantize_wide_parameters *p, const void *input,
                              void *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t value = coincell_read_integer(input, i, p->input_bytes, p->input_signed);
        const int32_t above = coincell_wrapping_add(value, -p->input_zero_point);
        const int32_t scaled = coincell_rescale(above, p->multiplier, p->shift);
        const int32_t result = coincell_wrapping_add(scaled, p->output_zero_point);
        coincell_write_integer(output, i, p->output_bytes,
                               coincell_clamp(result, p->clamp_min, p->clamp_max));
    }
}
