#include "kernels/cast.h"

#include "kernels/integers.h"

void coincell_cast(const coincell_cast_parameters *p, const void *input, void *output)
{
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t value = coincell_read_integer(input, i, p->input_bytes, p->input_signed);
        if (p->to_float) {
            ((float *)output)[i] = (float)value;
        } else {
            coincell_write_integer(output, i, p->output_bytes, value);
        }
    }
}
