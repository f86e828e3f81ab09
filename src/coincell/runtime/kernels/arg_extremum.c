#include "kernels/arg_extremum.h"

void coincell_arg_extremum(const coincell_arg_extremum_parameters *p, const int8_t *input,
                           void *output)
{
    int32_t place = 0;
    for (int32_t outer = 0; outer < p->outer; ++outer, input += p->count * p->inner) {
        for (int32_t inner = 0; inner < p->inner; ++inner) {
            int32_t found = 0;
            int32_t extreme = input[inner] * p->sign;
            for (int32_t i = 1; i < p->count; ++i) {
                const int32_t value = input[i * p->inner + inner] * p->sign;
                if (value > extreme) {
                    extreme = value;
                    found = i;
                }
            }
            if (p->wide) {
                ((int64_t *)output)[place++] = found;
            } else {
                ((int32_t *)output)[place++] = found;
            }
        }
    }
}
