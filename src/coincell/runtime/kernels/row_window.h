/* Some consecutive rows of an image in memory, and how they follow the image.
 *
 * Row streaming makes a few rows of each layer in turn. Those that are read again stay, in order
 * and side by side with the new ones, so that kernels see a small image. */
#ifndef COINCELL_KERNELS_ROW_WINDOW_H
#define COINCELL_KERNELS_ROW_WINDOW_H

#include <stdint.h>

#include "kernels/memory.h"

/* Moves the last `kept` bytes of a window to its beginning, over the first `used` bytes.
 *
 * window: [used + kept] */
static inline void coincell_rows_keep(int8_t *window, int32_t kept, int32_t used)
{
    while (kept > 0) {
        const int32_t moved = kept < used ? kept : used;
        memcpy(window, window + used, (size_t)moved);
        window += moved;
        kept -= moved;
    }
}

/* Fills those of the rows first_row .. first_row + count - 1 that lie outside the image.
 *
 * rows: [count, row_bytes] */
static inline void coincell_rows_outside(int8_t *rows, int32_t first_row, int32_t count,
                                         int32_t height, int32_t row_bytes, int32_t fill)
{
    if (first_row >= 0 && first_row + count <= height) {
        return;
    }
    for (int32_t row = first_row; row < first_row + count; ++row, rows += row_bytes) {
        if (row < 0 || row >= height) {
            memset(rows, fill, (size_t)row_bytes);
        }
    }
}

/* Copies the rows first_row .. first_row + count - 1; those outside the image are filled.
 *
 * rows:  [count, row_bytes]
 * image: [height, row_bytes] */
static inline void coincell_rows_copy(int8_t *rows, const int8_t *image, int32_t first_row,
                                      int32_t count, int32_t height, int32_t row_bytes,
                                      int32_t fill)
{
    for (int32_t row = first_row; row < first_row + count; ++row, rows += row_bytes) {
        if (row < 0 || row >= height) {
            memset(rows, fill, (size_t)row_bytes);
        } else {
            memcpy(rows, image + row * row_bytes, (size_t)row_bytes);
        }
    }
}

/* Whether any of the rows first_row .. first_row + count - 1 lies in the image. */
static inline int coincell_rows_inside(int32_t first_row, int32_t count, int32_t height)
{
    return first_row + count > 0 && first_row < height;
}

/* How many of `count` rows from first_row on the image has. */
static inline int32_t coincell_rows_left(int32_t first_row, int32_t count, int32_t height)
{
    return first_row + count <= height ? count : height - first_row;
}

#endif
