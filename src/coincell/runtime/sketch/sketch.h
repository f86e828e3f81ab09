/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device counts of the windows it decides on: integers of fixed size, no window's own
 * values. docs/telemetry.md says what each counter means. The same source runs on the board and on
 * the host.
 */
#ifndef COINCELL_SKETCH_SKETCH_H
#define COINCELL_SKETCH_SKETCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COINCELL_SKETCH_MOST_CELLS 40
#define COINCELL_SKETCH_MOST_CHANNELS 16
#define COINCELL_SKETCH_MOST_CLASSES 16
#define COINCELL_SKETCH_BINS 8        /* of a watched feature, and of the distance */
#define COINCELL_SKETCH_SCORE_BINS 16
#define COINCELL_SKETCH_MOST_COUNT 65535u
#define COINCELL_SKETCH_IDENTITY_BYTES 8

/* What is watched and compared with what: constants of a reference. */
typedef struct {
    int32_t rows, columns;            /* of a window's int8 features */
    int32_t row_groups, column_groups; /* cells; at most MOST_CELLS in all */
    int32_t row_step, column_step;     /* of a cell every so manyth row and column is looked at */
    int32_t labels;       /* int8 scores a window; 0: one int32 score, and no margin */
    int32_t classes;      /* counters: labels, MOST_CLASSES at most; the last takes all beyond it */
    int32_t channels;     /* of the sensor, side by side in a step */
    int32_t sample_bytes; /* 2: int16, 1: uint8 */
    int32_t health_steps, health_stride;
    int32_t spread; /* of a cell is watched: 0 its mean, 1 its mean absolute deviation from that */
    int32_t distance_shift;
    const int16_t *edges;          /* [cells][BINS - 1] in sixteenths, ascending */
    const int16_t *centre;         /* [cells] in sixteenths */
    const uint8_t *weights;        /* [cells] */
    const int32_t *distance_edges; /* [BINS - 1] */
    const int32_t *score_edges;    /* [SCORE_BINS - 1] */
    uint8_t reference[COINCELL_SKETCH_IDENTITY_BYTES];
} coincell_sketch_plan;

typedef struct {
    uint32_t clipped; /* values at the end of the range */
    int32_t offset;   /* sum of the blocks' means */
    uint32_t level;   /* sum of the blocks' mean absolute deviations */
    uint16_t windows;
    uint16_t stuck; /* blocks whose values are all equal */
    uint16_t floor; /* the least of the blocks' mean absolute deviations; 65535: none yet */
    uint16_t unused;
} coincell_sketch_health;

/* What was counted. Behind it stand coincell_sketch_health[channels], then uint16[] of bins in the
 * order of the sections: predicted, events, score, distance, watched features. */
typedef struct {
    uint32_t windows, quiet;             /* since the last report */
    uint32_t least_latency, most_latency; /* microseconds; least above most: nothing timed */
    uint32_t margins;                    /* their sum, as long as the distance is counted */
    int16_t last_label;
    uint16_t next_section; /* that a report begins with, in the order of the ring */
} coincell_sketch;

#define COINCELL_SKETCH_BIN_COUNT(cells, classes) \
    (2 * (classes) + COINCELL_SKETCH_SCORE_BINS + COINCELL_SKETCH_BINS * (1 + (cells)))

/* uint32 words that the caller gives to a sketch. */
#define COINCELL_SKETCH_WORDS(cells, classes, channels)                              \
    ((sizeof(coincell_sketch) + (channels) * sizeof(coincell_sketch_health)) / 4 +   \
     (COINCELL_SKETCH_BIN_COUNT(cells, classes) + 1) / 2)

/* One window on which something was decided. */
typedef struct {
    const int8_t *features; /* [rows][columns] */
    const int8_t *scores;   /* [labels]; not looked at when plan.labels is 0 */
    int32_t score;          /* looked at when plan.labels is 0 */
    int32_t label;          /* as decided; -1 for none */
    const void *samples;    /* [steps][channels] of int16 or uint8: the newest ones */
    int32_t steps;          /* at least (health_steps - 1) * health_stride + 1 */
} coincell_sketch_window;

/* Bytes of a plan's sketch, without what rounds them up to words. */
uint32_t coincell_sketch_bytes(const coincell_sketch_plan *plan);

/* Nothing was counted. */
void coincell_sketch_reset(const coincell_sketch_plan *plan, coincell_sketch *sketch);

/* Counts a window. */
void coincell_sketch_add(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                         const coincell_sketch_window *window);

/* Counts a window that was passed over as quiet. */
void coincell_sketch_pass(coincell_sketch *sketch);

/* Counts how long a decision took. */
void coincell_sketch_time(coincell_sketch *sketch, uint32_t microseconds);

coincell_sketch_health *coincell_sketch_health_of(coincell_sketch *sketch);
uint16_t *coincell_sketch_bins_of(const coincell_sketch_plan *plan, coincell_sketch *sketch);

#ifdef __cplusplus
}
#endif

#endif
