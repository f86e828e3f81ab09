/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture in the size of a network's input.
 */
#include "sensors/camera.h"

typedef struct {
    uint32_t top, left, rows, columns;
} area;

static area middle_of(uint32_t from_rows, uint32_t from_columns, uint32_t to_rows,
                      uint32_t to_columns)
{
    /* sizes up to 4096; the largest part in the middle that has the shape of `to` */
    area part = {0, 0, from_rows, from_columns};
    if (from_rows * to_columns > from_columns * to_rows) {
        part.rows = from_columns * to_rows / to_columns;
    } else {
        part.columns = from_rows * to_columns / to_rows;
    }
    part.top = (from_rows - part.rows) / 2u;
    part.left = (from_columns - part.columns) / 2u;
    return part;
}

static area share_of(area part, uint32_t i, uint32_t j, uint32_t rows, uint32_t columns)
{
    /* part: of a picture, in (rows, columns) shares; returns the pixels that (i, j) touches */
    const uint32_t top = i * part.rows / rows;
    const uint32_t left = j * part.columns / columns;
    const uint32_t bottom = ((i + 1u) * part.rows + rows - 1u) / rows;
    const uint32_t right = ((j + 1u) * part.columns + columns - 1u) / columns;
    const area share = {part.top + top, part.left + left, bottom - top, right - left};
    return share;
}

void picture_fit(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                 uint32_t to_rows, uint32_t to_columns)
{
    /* from: (from_rows, from_columns) up to 4096 each; to: (to_rows, to_columns), not larger.
     * The largest part in the middle that has the shape of `to` is taken; each value is the rounded
     * mean of the values that its share of that part touches. */
    const area part = middle_of(from_rows, from_columns, to_rows, to_columns);
    for (uint32_t i = 0; i < to_rows; i++) {
        for (uint32_t j = 0; j < to_columns; j++) {
            const area share = share_of(part, i, j, to_rows, to_columns);
            const uint32_t count = share.rows * share.columns;
            uint32_t sum = count / 2u;
            for (uint32_t y = share.top; y < share.top + share.rows; y++) {
                for (uint32_t x = share.left; x < share.left + share.columns; x++) {
                    sum += from[y * from_columns + x];
                }
            }
            *to++ = (uint8_t)(sum / count);
        }
    }
}

static void add_rgb565(uint32_t *sums, const uint8_t *pixel)
{
    /* sums: 3, of red, green and blue; pixel: 2 bytes, the high one first; each colour is spread to
     * 0 to 255 */
    const uint32_t red = pixel[0] >> 3;
    const uint32_t green = (pixel[0] & 7u) << 3 | pixel[1] >> 5;
    const uint32_t blue = pixel[1] & 31u;
    sums[0] += red << 3 | red >> 2;
    sums[1] += green << 2 | green >> 4;
    sums[2] += blue << 3 | blue >> 2;
}

void picture_fit_rgb565(const uint8_t *from, uint32_t from_rows, uint32_t from_columns, uint8_t *to,
                        uint32_t to_rows, uint32_t to_columns)
{
    /* from: (from_rows, from_columns, 2); to: (to_rows, to_columns, 3): red, green and blue, 0 to
     * 255; the rest is as with picture_fit */
    const area part = middle_of(from_rows, from_columns, to_rows, to_columns);
    for (uint32_t i = 0; i < to_rows; i++) {
        for (uint32_t j = 0; j < to_columns; j++) {
            const area share = share_of(part, i, j, to_rows, to_columns);
            const uint32_t count = share.rows * share.columns;
            uint32_t sums[3] = {count / 2u, count / 2u, count / 2u};
            for (uint32_t y = share.top; y < share.top + share.rows; y++) {
                for (uint32_t x = share.left; x < share.left + share.columns; x++) {
                    add_rgb565(sums, from + 2u * (y * from_columns + x));
                }
            }
            for (uint32_t channel = 0; channel < 3; channel++) {
                *to++ = (uint8_t)(sums[channel] / count);
            }
        }
    }
}
