#include "kernels/row_sums.h"

#include "kernels/fixed_point.h"

/* What one channel's sum comes to. */
static int32_t mean_of(const coincell_row_sums_parameters *p, int32_t sum)
{
    if (p->divisor) {
        return (sum > 0 ? sum + p->divisor / 2 : sum - p->divisor / 2) / p->divisor;
    }
    return coincell_rescale(sum, p->multiplier, p->shift) + p->output_zero_point;
}

void coincell_row_sums(const coincell_row_sums_parameters *p, const int8_t *input, int32_t row,
                       int32_t *sums, int8_t *output)
{
    const int32_t channels = p->channels;
    for (int32_t channel = 0; channel < channels; ++channel) {
        int32_t sum = row == 0 ? p->start : sums[channel];
        for (int32_t x = 0; x < p->width; ++x) {
            sum += input[x * channels + channel];
        }
        sums[channel] = sum;
    }
    if (row + 1 < p->rows) {
        return;
    }
    for (int32_t channel = 0; channel < channels; ++channel) {
        output[channel] = (int8_t)coincell_clamp(mean_of(p, sums[channel]), p->clamp_min,
                                                 p->clamp_max);
    }
}
