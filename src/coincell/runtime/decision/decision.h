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

/* Bytes of the ring that the caller gives to a decision: the scores of the windows, and for each
   class how long it rests. */
#define COINCELL_DECISION_RING_BYTES(classes, windows) ((classes) * ((windows) + 1))

#define COINCELL_DECISION_MOST_REFRACTORY 255

typedef struct {
    int32_t classes;    /* 1 to 32767 */
    int32_t windows;    /* how many the mean spans, 1 to 4096 */
    int32_t threshold;  /* least mean score that decides, in 1/256 */
    int32_t release;    /* the label told last stays while its mean reaches this; at most threshold:
                           hysteresis, as Schmitt's trigger has it. threshold: none */
    int32_t refractory; /* windows behind an event in which no new one is told, 0 to 255; 0: none */
    int32_t refractory_any;     /* 1: none of any class; 0: none of the same class */
    const uint8_t *is_event;    /* [classes], 1: of something; null: every class is */
} coincell_decision_config;

typedef struct {
    int8_t *ring;   /* [COINCELL_DECISION_RING_BYTES], the caller's */
    int32_t filled; /* windows seen so far, at most config.windows */
    int32_t next;   /* row of the ring that the next window takes */
    int32_t told;   /* the label of the window before plus 1; 0 for none */
    int32_t begun;  /* 0 until the first window behind a reset */
} coincell_decision_state;

typedef struct {
    int32_t score; /* the mean of the label, or without one the highest, rounded down to 1/256 */
    int16_t label; /* the class, or COINCELL_DECISION_NONE */
} coincell_decision_result;

/* Forgets everything: the next window stands alone. */
void coincell_decision_reset(coincell_decision_state *state);

/* A window passes of which nothing is computed, and on which nothing is decided: the smoothing is
   empty behind it, and who rests has rested for one window more. */
void coincell_decision_pass(const coincell_decision_config *config, coincell_decision_state *state);

/* scores[classes] of one more window -> the decision over the last config.windows of them, or
   over as many as there were since the reset. The class of the highest mean is told when that
   reaches the threshold, of equal means the first; else the label of the window before while its
   mean reaches the release. An event is a label of config.is_event that the window before did not
   have; for config.refractory windows behind the last window that told it, another is told as none.
   The rounding is harmless: a mean reaches an integer threshold exactly when its floor does. */
coincell_decision_result coincell_decision_step(const coincell_decision_config *config,
                                                coincell_decision_state *state,
                                                const int8_t *scores);

#ifdef __cplusplus
}
#endif

#endif
