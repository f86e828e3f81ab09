#include "kernels/row_sums.h"

#include "kernels/fixed_point.h"

enum { TOGETHER = 4 };

/* What one channel's sum comes to. */
static int32_t mean_of(const coincell_row_sums_parameters *p, int32_t sum)
{
    if (p->divisor) {
        return (sum > 0 ? sum + p->divisor / 2 : sum - p->divisor / 2) / p->divisor;
    }
    return coincell_rescale(sum, p->multiplier, p->shift) + p->output_zero_point;
}

/* Adds TOGETHER neighbouring channels of all positions.
 *
 * input: [positions, channels], from the first of these channels on
 * sums:  [TOGETHER] */
static void add_together(const int8_t *input, int32_t positions, int32_t channels, int32_t *sums)
{
    int32_t first = sums[0], second = sums[1], third = sums[2], fourth = sums[3];
    for (; positions > 0; --positions, input += channels) {
        first += input[0];
        second += input[1];
        third += input[2];
        fourth += input[3];
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    sums[3] = fourth;
}

void coincell_row_sums(const coincell_row_sums_parameters *p, const int8_t *input, int32_t row,
                       int32_t rows, int32_t *sums, int8_t *output)
{
    const int32_t channels = p->channels, positions = rows * p->width;
    int32_t channel = 0;
    if (row == 0) {
        for (int32_t i = 0; i < channels; ++i) {
            sums[i] = p->start;
        }
    }
    for (; channel + TOGETHER <= channels; channel += TOGETHER) {
        add_together(input + channel, positions, channels, sums + channel);
    }
    for (; channel < channels; ++channel) {
        for (int32_t x = 0; x < positions; ++x) {
            sums[channel] += input[x * channels + channel];
        }
    }
    if (row + rows < p->rows) {
        return;
    }
    for (channel = 0; channel < channels; ++channel) {
        output[channel] = (int8_t)coincell_clamp(mean_of(p, sums[channel]), p->clamp_min,
                                                 p->clamp_max);
    }
}
