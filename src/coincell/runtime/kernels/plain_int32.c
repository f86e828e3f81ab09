#include "kernels/plain_int32.h"

static int32_t result_of(int32_t function, int32_t first, int32_t second)
{
    const uint32_t a = (uint32_t)first;
    const uint32_t b = (uint32_t)second;
    switch (function) {
    case COINCELL_PLAIN_ADD:
        return (int32_t)(a + b);
    case COINCELL_PLAIN_SUB:
        return (int32_t)(a - b);
    case COINCELL_PLAIN_MUL:
        return (int32_t)(a * b);
    case COINCELL_PLAIN_SQUARED_DIFFERENCE:
        return (int32_t)((a - b) * (a - b));
    case COINCELL_PLAIN_MAXIMUM:
        return first > second ? first : second;
    default:
        return first < second ? first : second;
    }
}

void coincell_plain_int32(const coincell_plain_int32_parameters *p, const void *first,
                          const void *second, void *output)
{
    const coincell_broadcast_dimensions *d = &p->dimensions;
    int32_t *out = output;
    for (int32_t i = 0; i < d->size_0; ++i) {
        for (int32_t j = 0; j < d->size_1; ++j) {
            for (int32_t k = 0; k < d->size_2; ++k) {
                const int32_t *a = (const int32_t *)first + i * d->first_step_0 +
                                   j * d->first_step_1 + k * d->first_step_2;
                const int32_t *b = (const int32_t *)second + i * d->second_step_0 +
                                   j * d->second_step_1 + k * d->second_step_2;
                for (int32_t l = 0; l < d->size_3; ++l) {
                    *out++ = result_of(p->function, *a, *b);
                    a += d->first_step_3;
                    b += d->second_step_3;
                }
            }
        }
    }
}
