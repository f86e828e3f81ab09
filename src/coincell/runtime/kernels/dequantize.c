#include "kernels/dequantize.h"

#include "kernels/integers.h"

void coincell_dequantize(const coincell_dequantize_parameters *p, const void *input,
                         const float *scale, void *output)
{
    float *out = output;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t value = coincell_read_integer(input, i, p->input_bytes, p->input_signed);
        out[i] = *scale * (float)(value - p->zero_point);
    }
}
