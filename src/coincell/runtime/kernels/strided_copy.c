#include "kernels/strided_copy.h"

#include "kernels/memory.h"

/* The innermost loop: size_5 runs from input[from] on to output[to] on. */
static void copy_runs(const coincell_strided_copy_parameters *p, const int8_t *input, int32_t from,
                      int8_t *output, int32_t to)
{
    const int32_t input_step = p->input_step_5;
    const int32_t output_step = p->output_step_5;

    if (p->run == 1 && input_step == 0 && output_step == 1) {
        memset(output + to, input[from], (size_t)p->size_5);
        return;
    }
    if (p->run == 1) {
        for (int32_t count = p->size_5; count > 0; --count) {
            output[to] = input[from];
            from += input_step;
            to += output_step;
        }
        return;
    }
    for (int32_t count = p->size_5; count > 0; --count) {
        memcpy(output + to, input + from, (size_t)p->run);
        from += input_step;
        to += output_step;
    }
}

/* The three innermost loops. */
static void copy_block(const coincell_strided_copy_parameters *p, const int8_t *input, int32_t from,
                       int8_t *output, int32_t to)
{
    for (int32_t i = 0; i < p->size_3; ++i) {
        for (int32_t j = 0; j < p->size_4; ++j) {
            copy_runs(p, input, from + j * p->input_step_4, output, to + j * p->output_step_4);
        }
        from += p->input_step_3;
        to += p->output_step_3;
    }
}

void coincell_strided_copy(const coincell_strided_copy_parameters *p, const void *input,
                           void *output)
{
    int32_t from_0 = p->input_start;
    int32_t to_0 = p->output_start;

    for (int32_t i = 0; i < p->size_0; ++i) {
        int32_t from_1 = from_0;
        int32_t to_1 = to_0;
        for (int32_t j = 0; j < p->size_1; ++j) {
            int32_t from_2 = from_1;
            int32_t to_2 = to_1;
            for (int32_t k = 0; k < p->size_2; ++k) {
                copy_block(p, input, from_2, output, to_2);
                from_2 += p->input_step_2;
                to_2 += p->output_step_2;
            }
            from_1 += p->input_step_1;
            to_1 += p->output_step_1;
        }
        from_0 += p->input_step_0;
        to_0 += p->output_step_0;
    }
}
