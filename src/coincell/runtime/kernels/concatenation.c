#include "kernels/concatenation.h"

#include "kernels/memory.h"

void coincell_concatenation(const coincell_concatenation_parameters *p, const int8_t *input,
                            int8_t *output)
{
    output += p->output_offset;
    for (int32_t row = 0; row < p->rows; ++row) {
        memcpy(output, input, (size_t)p->input_row);
        input += p->input_row;
        output += p->output_row;
    }
}
