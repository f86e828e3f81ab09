/* Which pixels of an image reach one place of what it is spread over. */
#ifndef COINCELL_KERNELS_CONTRIBUTIONS_H
#define COINCELL_KERNELS_CONTRIBUTIONS_H

#include <stdint.h>

/* The taps that reach one place of the output along one dimension: `count` of them, the first being
 * tap `tap` of pixel `pixel`; from one to the next it is `stride` taps on and one pixel back. */
typedef struct {
    int32_t count;
    int32_t tap;
    int32_t pixel;
} coincell_contributions;

/* place: in the output, counted from the padding's start; taps: of the filter; size: pixels */
static inline coincell_contributions coincell_contributions_at(int32_t place, int32_t stride,
                                                               int32_t taps, int32_t size)
{
    coincell_contributions found = {0, place % stride, place / stride};
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

#endif
