#include "kernels/gather.h"

#include "kernels/fixed_point.h"
#include "kernels/memory.h"

void coincell_gather(const coincell_gather_parameters *p, const void *input, const void *indices,
                     void *output)
{
    const int8_t *from = input;
    const int32_t *chosen = indices;
    int8_t *to = output;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t i = 0; i < p->outer; ++i) {
            for (int32_t j = 0; j < p->count; ++j) {
                const int32_t index = coincell_clamp(chosen[j], 0, p->size - 1);
                memcpy(to, from + index * p->inner, (size_t)p->inner);
                to += p->inner;
            }
            from += p->size * p->inner;
        }
        chosen += p->count;
    }
}
