/* From scores to a decision: smoothing over the last windows, then a threshold. */
#ifndef COINCELL_DECISION_DECISION_H
#define COINCELL_DECISION_DECISION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A mean score is in 1/256 of the network's output unit: q, the int8 score, is q * 256. */
#define COINCELL_DECISION_FRACTION_BITS 8
#define COINCELL_DECISION_NONE (-1)

/* Bytes of the ring that the caller gives to a decision. */
#define COINCELL_DECISION_RING_BYTES(classes, windows) ((classes) * (windows))

typedef struct {
    int32_t classes;   /* 1 to 32767 */
    int32_t windows;   /* how many the mean spans, 1 to 4096 */
    int32_t threshold; /* least mean score that decides, in 1/256 */
} coincell_decision_config;

typedef struct {
    int8_t *ring;   /* [windows][classes], the caller's */
    int32_t filled; /* windows seen so far, at most config.windows */
    int32_t next;   /* row of the ring that the next window takes */
} coincell_decision_state;

typedef struct {
    int32_t score; /* the highest mean, rounded down to 1/256 */
    int16_t label; /* its class, or COINCELL_DECISION_NONE when it is below the threshold */
} coincell_decision_result;

/* Empties the smoothing: the next window stands alone. */
void coincell_decision_reset(coincell_decision_state *state);

/* scores[classes] of one more window -> the decision over the last config.windows of them, or
   over as many as there were since the reset. Of equal means the first class wins.
   The rounding is harmless: a mean reaches an integer threshold exactly when its floor does. */
coincell_decision_result coincell_decision_step(const coincell_decision_config *config,
                                                coincell_decision_state *state,
                                                const int8_t *scores);

#ifdef __cplusplus
}
#endif

#endif
