/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture in the size of a network's input.
 */
#include "sensors/camera.h"

void picture_fit(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                 uint32_t to_rows, uint32_t to_columns)
{
    /* from: (from_rows, from_columns) up to 4096 each; to: (to_rows, to_columns), not larger.
     * The largest part in the middle that has the shape of `to` is taken; each value is the rounded
     * mean of the values that its share of that part touches. */
    uint32_t rows = from_rows;
    uint32_t columns = from_columns;
    if (from_rows * to_columns > from_columns * to_rows) {
        rows = from_columns * to_rows / to_columns;
    } else {
        columns = from_rows * to_columns / to_rows;
    }
    from += (from_rows - rows) / 2u * from_columns + (from_columns - columns) / 2u;
    for (uint32_t i = 0; i < to_rows; i++) {
        const uint32_t top = i * rows / to_rows;
        const uint32_t bottom = ((i + 1u) * rows + to_rows - 1u) / to_rows;
        for (uint32_t j = 0; j < to_columns; j++) {
            const uint32_t left = j * columns / to_columns;
            const uint32_t right = ((j + 1u) * columns + to_columns - 1u) / to_columns;
            const uint32_t count = (bottom - top) * (right - left);
            uint32_t sum = count / 2u;
            for (uint32_t y = top; y < bottom; y++) {
                for (uint32_t x = left; x < right; x++) {
                    sum += from[y * from_columns + x];
                }
            }
            *to++ = (uint8_t)(sum / count);
        }
    }
}
