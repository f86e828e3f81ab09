#include "kernels/resize_bilinear.h"

#define ONE COINCELL_BILINEAR_ONE

/* One pixel between four.
 *
 * upper, lower: rows of the image, [input_width, channels]
 * output:       [channels] */
static void interpolate(int32_t channels, const int8_t *upper, const int8_t *lower,
                        int32_t row_far, const coincell_neighbours *columns, int8_t *output)
{
    const int32_t left = columns->lower * channels;
    const int32_t right = columns->upper * channels;
    const int32_t far = columns->far;

    for (int32_t channel = 0; channel < channels; ++channel) {
        const int32_t above = upper[left + channel] * (ONE - far) + upper[right + channel] * far;
        const int32_t below = lower[left + channel] * (ONE - far) + lower[right + channel] * far;
        const int32_t sum = above * (ONE - row_far) + below * row_far;
        const int32_t half = sum > 0 ? ONE * ONE / 2 : -ONE * ONE / 2;
        output[channel] = (int8_t)((sum + half) / (ONE * ONE));
    }
}

void coincell_resize_bilinear(const coincell_resize_bilinear_parameters *p, const int8_t *input,
                              int8_t *output)
{
    const int32_t row_size = p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const coincell_neighbours rows =
                coincell_neighbours_at(y * p->row_scale + p->row_offset, p->input_height);
            const int8_t *upper = input + rows.lower * row_size;
            const int8_t *lower = input + rows.upper * row_size;
            for (int32_t x = 0; x < p->output_width; ++x) {
                const coincell_neighbours columns =
                    coincell_neighbours_at(x * p->column_scale + p->column_offset, p->input_width);
                interpolate(p->channels, upper, lower, rows.far, &columns, output);
                output += p->channels;
            }
        }
        input += p->input_height * row_size;
    }
}
