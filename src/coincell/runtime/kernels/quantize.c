#include "kernels/quantize.h"

#include "kernels/fixed_point.h"
#include "kernels/integers.h"

void coincell_quantize(const coincell_quantize_parameters *p, const void *input,
                       const float *scale, void *output)
{
    const float *in = input;
    const float limit = 65536.0f; /* beyond it, any zero point saturates */
    for (int32_t i = 0; i < p->count; ++i) {
        const float quotient = in[i] / *scale;
        const float above = quotient > -limit ? quotient : -limit; /* also if not a number */
        const float limited = above < limit ? above : limit;
        const int32_t whole = (int32_t)limited;
        const float rest = limited - (float)whole;
        const int32_t nearest = whole + (rest >= 0.5f) - (rest <= -0.5f);
        coincell_write_integer(output, i, p->output_bytes,
                               coincell_clamp(nearest + p->zero_point, p->low, p->high));
    }
}
