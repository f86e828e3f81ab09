#include "features/biquad.h"

int32_t coincell_biquad_step(const coincell_biquad *sections, coincell_biquad_state *states,
                             int32_t count, int32_t x)
{
    const int32_t bits = 29;
    for (int32_t i = 0; i < count; i++) {
        const coincell_biquad *section = sections + i;
        coincell_biquad_state *state = states + i;
        /* Five products, each at most 2^60. */
        const int64_t sum = (int64_t)section->b0 * x + (int64_t)section->b1 * state->x1 +
                            (int64_t)section->b2 * state->x2 - (int64_t)section->a1 * state->y1 -
                            (int64_t)section->a2 * state->y2 + state->rest;
        const int32_t y = (int32_t)(sum >> bits);
        state->rest = (int32_t)(sum & ((INT32_C(1) << bits) - 1));
        state->x2 = state->x1;
        state->x1 = x;
        state->y2 = state->y1;
        state->y1 = y;
        x = y;
    }
    return x;
}
