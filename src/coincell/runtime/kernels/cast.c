#include "kernels/cast.h"

#include "kernels/integers.h"

/* A float without what is behind its point, saturated to a signed integer of so many bytes. */
static int32_t whole_of(float value, int32_t bytes)
{
    const float limit = bytes == 4 ? 2147483648.0f : bytes == 2 ? 32768.0f : 128.0f;
    if (value >= limit) {
        return bytes == 4 ? INT32_MAX : (int32_t)limit - 1;
    }
    return value > -limit ? (int32_t)value : bytes == 4 ? INT32_MIN : -(int32_t)limit;
}

static void cast_floats(const coincell_cast_parameters *p, const float *input, void *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        if (p->to_float) {
            ((float *)output)[i] = input[i];
        } else {
            coincell_write_integer(output, i, p->output_bytes, whole_of(input[i], p->output_bytes));
        }
    }
}

void coincell_cast(const coincell_cast_parameters *p, const void *input, void *output)
{
    if (p->from_float) {
        cast_floats(p, input, output);
        return;
    }
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t value = coincell_read_integer(input, i, p->input_bytes, p->input_signed);
        if (p->to_float) {
            ((float *)output)[i] = (float)value;
        } else {
            coincell_write_integer(output, i, p->output_bytes, value);
        }
    }
}
