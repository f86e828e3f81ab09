#include "kernels/pad.h"

#include "kernels/memory.h"

static int8_t *fill(int8_t *output, int32_t value, int32_t count)
{
    memset(output, value, (size_t)count);
    return output + count;
}

void coincell_pad(const coincell_pad_parameters *p, const int8_t *input, int8_t *output)
{
    const int32_t row = p->before_3 + p->size_3 + p->after_3;
    const int32_t plane = (p->before_2 + p->size_2 + p->after_2) * row;
    const int32_t volume = (p->before_1 + p->size_1 + p->after_1) * plane;

    output = fill(output, p->value, p->before_0 * volume);
    for (int32_t i = 0; i < p->size_0; ++i) {
        output = fill(output, p->value, p->before_1 * plane);
        for (int32_t j = 0; j < p->size_1; ++j) {
            output = fill(output, p->value, p->before_2 * row);
            for (int32_t k = 0; k < p->size_2; ++k) {
                output = fill(output, p->value, p->before_3);
                memcpy(output, input, (size_t)p->size_3);
                input += p->size_3;
                output = fill(output + p->size_3, p->value, p->after_3);
            }
            output = fill(output, p->value, p->after_2 * row);
        }
        output = fill(output, p->value, p->after_1 * plane);
    }
    fill(output, p->value, p->after_0 * volume);
}
