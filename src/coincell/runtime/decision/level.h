/* From one number a window to a decision: smoothing over the last windows, then a threshold. */
#ifndef COINCELL_DECISION_LEVEL_H
#define COINCELL_DECISION_LEVEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int32_t windows;       /* how many the mean spans, 1 to 4096 */
    int32_t fraction_bits; /* of the mean: 0 to 8, so that value * 2^bits fits int32 */
    int32_t threshold;     /* a mean that reaches it is above */
    int32_t release;       /* a mean below it is no longer above; at most threshold */
    int32_t refractory;    /* windows behind the last one above in which none is above anew */
} coincell_level_config;

typedef struct {
    int32_t *ring;  /* [windows], the caller's */
    int32_t filled; /* windows seen so far, at most config.windows */
    int32_t next;   /* place of the ring that the next window takes */
    int32_t above;  /* 1 from the mean that reached the threshold to the one below release */
    int32_t rests;  /* windows for which nothing is above anew */
} coincell_level_state;

typedef struct {
    int32_t score; /* the mean times 2^fraction_bits, rounded down */
    int16_t label; /* 1 above, else 0 */
} coincell_level_result;

/* Forgets everything: the next window stands alone. */
void coincell_level_reset(coincell_level_state *state);

/* A window passes of which nothing is computed: the smoothing is empty behind it, nothing is above,
   and what rests has rested for one window more. */
void coincell_level_pass(const coincell_level_config *config, coincell_level_state *state);

/* One more window's value -> the decision over the last config.windows of them, or over as many
   as there were since the reset. Hysteresis, as Schmitt's trigger has it: a mean between release
   and threshold changes nothing. */
coincell_level_result coincell_level_step(const coincell_level_config *config,
                                          coincell_level_state *state, int32_t value);

#ifdef __cplusplus
}
#endif

#endif
