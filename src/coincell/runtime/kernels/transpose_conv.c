#include "kernels/transpose_conv.h"

#include "kernels/dot_product.h"
#include "kernels/fixed_point.h"

/* The taps that reach one place of the output along one dimension: `count` of them, the first being
 * tap `tap` of pixel `pixel`; from one to the next it is `stride` taps on and one pixel back. */
typedef struct {
    int32_t count;
    int32_t tap;
    int32_t pixel;
} contributions;

/* place: in the output, counted from the padding's start; taps: of the filter; size: pixels */
static contributions contributions_at(int32_t place, int32_t stride, int32_t taps, int32_t size)
{
    contributions found = {0, place % stride, place / stride};
    if (found.pixel >= size) {
        const int32_t back = found.pixel - (size - 1);
        found.pixel = size - 1;
        if (back > (taps - 1 - found.tap) / stride) {
            return found;
        }
        found.tap += back * stride;
    }
    if (found.tap < taps) {
        const int32_t left = (taps - 1 - found.tap) / stride;
        found.count = (left < found.pixel ? left : found.pixel) + 1;
    }
    return found;
}

/* The sum of one output channel at one place.
 *
 * image:  [input_height, input_width, input_channels]
 * filter: [filter_height, filter_width, input_channels] */
static int32_t accumulate(const coincell_transpose_conv_parameters *p, const contributions *rows,
                          const contributions *columns, const int8_t *image, const int8_t *filter,
                          int32_t sum)
{
    const int32_t depth = p->input_channels;

    for (int32_t i = 0; i < rows->count; ++i) {
        const int32_t row = (rows->pixel - i) * p->input_width;
        const int32_t tap_row = (rows->tap + i * p->stride_height) * p->filter_width;
        for (int32_t j = 0; j < columns->count; ++j) {
            const int8_t *pixel = image + (row + columns->pixel - j) * depth;
            const int8_t *tap = filter + (tap_row + columns->tap + j * p->stride_width) * depth;
            sum = coincell_dot_product(sum, pixel, tap, depth, p->input_zero_point);
        }
    }
    return sum;
}

void coincell_transpose_conv(const coincell_transpose_conv_parameters *p, const int8_t *input,
                             const int8_t *filter, const int32_t *bias,
                             const int32_t *multiplier, const int8_t *shift, int8_t *output)
{
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const contributions rows = contributions_at(y + p->padding_top, p->stride_height,
                                                        p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const contributions columns = contributions_at(
                    x + p->padding_left, p->stride_width, p->filter_width, p->input_width);
                for (int32_t channel = 0; channel < p->output_channels; ++channel) {
                    const int32_t sum =
                        accumulate(p, &rows, &columns, input, filter + channel * filter_size,
                                   bias ? bias[channel] : 0);
                    const int32_t scaled =
                        coincell_rescale(sum, multiplier[channel], shift[channel]);
                    *output++ = (int8_t)coincell_clamp(scaled + p->output_zero_point,
                                                       p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
