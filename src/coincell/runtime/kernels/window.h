/* Which part of a filter or pooling window lies inside the input, along one dimension. */
#ifndef COINCELL_KERNELS_WINDOW_H
#define COINCELL_KERNELS_WINDOW_H

#include <stdint.h>

/* Taps first .. last - 1 of the window fall on the input, at positions origin + tap * dilation;
 * first == last where the whole window lies in the padding. */
typedef struct {
    int32_t origin;
    int32_t first;
    int32_t last;
} coincell_window;

/* origin: position of tap 0 in the input, negative inside the padding; dilation: 1 or more. */
static inline coincell_window coincell_clip_window(int32_t origin, int32_t taps, int32_t dilation,
                                                   int32_t input_size)
{
    coincell_window window = {origin, 0, taps};
    if (origin < 0) {
        window.first = (-origin + dilation - 1) / dilation;
    }
    if (origin + (taps - 1) * dilation >= input_size) {
        const int32_t room = input_size - origin;
        window.last = room > 0 ? (room + dilation - 1) / dilation : 0;
    }
    if (window.first > window.last) {
        window.first = window.last;
    }
    return window;
}

#endif
