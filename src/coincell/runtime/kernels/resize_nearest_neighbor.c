#include "kernels/resize_nearest_neighbor.h"

#include "kernels/memory.h"

void coincell_resize_nearest_neighbor(const coincell_resize_nearest_neighbor_parameters *p,
                                      const void *input, const int16_t *rows,
                                      const int16_t *columns, void *output)
{
    const int8_t *image = input;
    int8_t *to = output;

    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const int8_t *row = image + rows[y] * p->input_width * p->pixel;
            for (int32_t x = 0; x < p->output_width; ++x) {
                memcpy(to, row + columns[x] * p->pixel, (size_t)p->pixel);
                to += p->pixel;
            }
        }
        image += p->input_height * p->input_width * p->pixel;
    }
}
