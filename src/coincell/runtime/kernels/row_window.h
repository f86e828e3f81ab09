/* Consecutive rows of an image in memory; a new row pushes the oldest one out.
 *
 * Row streaming makes each layer's rows just before they are read, so that only as many are kept
 * as the layers behind need. Rows stay in order and side by side: kernels read them as a small
 * image. */
#ifndef COINCELL_KERNELS_ROW_WINDOW_H
#define COINCELL_KERNELS_ROW_WINDOW_H

#include <stdint.h>

#include "kernels/memory.h"

/* The rows first .. end - 1 are in memory. */
typedef struct {
    int16_t first;
    int16_t end;
} coincell_row_window;

/* Makes room for row `end` and counts it as there; returns its place.
 *
 * rows: [capacity, row_bytes] */
static inline int8_t *coincell_row_window_push(coincell_row_window *window, int8_t *rows,
                                               int32_t row_bytes, int32_t capacity)
{
    const int32_t held = window->end - window->first;
    window->end = (int16_t)(window->end + 1);
    if (held < capacity) {
        return rows + held * row_bytes;
    }
    window->first = (int16_t)(window->first + 1);
    for (int32_t row = 1; row < capacity; ++row, rows += row_bytes) {
        memcpy(rows, rows + row_bytes, (size_t)row_bytes);
    }
    return rows;
}

/* The place of `row`, which is in memory.
 *
 * rows: [capacity, row_bytes] */
static inline const int8_t *coincell_row_window_at(const coincell_row_window *window,
                                                   const int8_t *rows, int32_t row_bytes,
                                                   int32_t row)
{
    return rows + (row - window->first) * row_bytes;
}

#endif
