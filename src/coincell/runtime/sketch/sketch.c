/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch/sketch.h"

#include <string.h>

#define EDGES (COINCELL_SKETCH_BINS - 1)
#define SIXTEENTHS 16
#define NO_FLOOR 65535u

static int32_t cells_of(const coincell_sketch_plan *plan)
{
    return plan->row_groups * plan->column_groups;
}

coincell_sketch_health *coincell_sketch_health_of(coincell_sketch *sketch)
{
    return (coincell_sketch_health *)(void *)(sketch + 1);
}

uint16_t *coincell_sketch_bins_of(const coincell_sketch_plan *plan, coincell_sketch *sketch)
{
    return (uint16_t *)(void *)(coincell_sketch_health_of(sketch) + plan->channels);
}

uint32_t coincell_sketch_bytes(const coincell_sketch_plan *plan)
{
    const uint32_t bins =
        (uint32_t)COINCELL_SKETCH_BIN_COUNT(cells_of(plan), plan->classes) * sizeof(uint16_t);
    return (uint32_t)sizeof(coincell_sketch) +
           (uint32_t)plan->channels * (uint32_t)sizeof(coincell_sketch_health) + bins;
}

void coincell_sketch_reset(const coincell_sketch_plan *plan, coincell_sketch *sketch)
{
    memset(sketch, 0, coincell_sketch_bytes(plan));
    sketch->least_latency = UINT32_MAX;
    sketch->last_label = -1;
    for (int32_t c = 0; c < plan->channels; c++)
        coincell_sketch_health_of(sketch)[c].floor = NO_FLOOR;
}

/* Rounded down, which C's division is not. count: above 0. */
static int32_t floor_divide(int32_t sum, int32_t count)
{
    const int32_t quotient = sum / count;
    return quotient - (sum < quotient * count);
}

/* bins[count]: adds to one of them, unless they have counted all that they can. Returns whether. */
static int count_in(uint16_t *bins, int32_t count, int32_t bin)
{
    uint32_t counted = 0;
    for (int32_t i = 0; i < count; i++) counted += bins[i];
    if (counted >= COINCELL_SKETCH_MOST_COUNT) return 0;
    bins[bin]++;
    return 1;
}

/* edges[count], ascending -> how many are at or below the value. */
static int32_t bin_of(const int32_t *edges, int32_t count, int32_t value)
{
    int32_t bin = 0;
    while (bin < count && value >= edges[bin]) bin++;
    return bin;
}

/* edges[EDGES], ascending -> how many are at or below the value. */
static int32_t feature_bin_of(const int16_t *edges, int32_t value)
{
    int32_t bin = 0;
    while (bin < EDGES && value >= edges[bin]) bin++;
    return bin;
}

/* The first of `size` places whose place * groups / size is at least `group`. */
static int32_t first_of(int32_t group, int32_t size, int32_t groups)
{
    return (group * size + groups - 1) / groups;
}

/* What is looked at of a cell of a window's features: values `column_step` apart in each of `rows`
 * rows, whose first ones lie `row_stride` apart. */
typedef struct {
    const int8_t *values;
    int32_t rows, columns, row_stride, column_step;
} cell;

/* features[rows][columns] -> one of its cells. */
static cell cell_at(const coincell_sketch_plan *plan, const int8_t *features, int32_t row_group,
                    int32_t column_group)
{
    const int32_t top = first_of(row_group, plan->rows, plan->row_groups);
    const int32_t left = first_of(column_group, plan->columns, plan->column_groups);
    const int32_t rows = first_of(row_group + 1, plan->rows, plan->row_groups) - top;
    const int32_t columns = first_of(column_group + 1, plan->columns, plan->column_groups) - left;
    const cell part = {
        .values = features + top * plan->columns + left,
        .rows = (rows + plan->row_step - 1) / plan->row_step,
        .columns = (columns + plan->column_step - 1) / plan->column_step,
        .row_stride = plan->row_step * plan->columns,
        .column_step = plan->column_step,
    };
    if (part.columns > 1) return part;
    /* A column is walked as a row: the inner loop is the longer one. */
    return (cell){part.values, 1, part.rows, 0, part.row_stride};
}

/* The mean of a cell, in sixteenths, rounded down. */
static int32_t mean_of(cell part)
{
    int32_t sum = 0;
    const int8_t *row = part.values;
    for (int32_t rows = part.rows; rows > 0; rows--, row += part.row_stride) {
        const int8_t *value = row;
        for (int32_t columns = part.columns; columns > 0; columns--, value += part.column_step)
            sum += *value;
    }
    return floor_divide(SIXTEENTHS * sum, part.rows * part.columns);
}

/* The mean absolute deviation of a cell from `mean`, both in sixteenths, rounded down. */
static int32_t spread_of(cell part, int32_t mean)
{
    int32_t sum = 0;
    const int8_t *row = part.values;
    for (int32_t rows = part.rows; rows > 0; rows--, row += part.row_stride) {
        const int8_t *value = row;
        for (int32_t columns = part.columns; columns > 0; columns--, value += part.column_step) {
            const int32_t apart = SIXTEENTHS * *value - mean;
            sum += apart < 0 ? -apart : apart;
        }
    }
    return sum / (part.rows * part.columns);
}

/* bins[cells][BINS]: counts every watched feature. Returns the distance to the centre. */
static int32_t count_features(const coincell_sketch_plan *plan, const int8_t *features,
                              uint16_t *bins)
{
    int32_t distance = 0, place = 0;
    for (int32_t row = 0; row < plan->row_groups; row++) {
        for (int32_t column = 0; column < plan->column_groups; column++, place++) {
            const cell part = cell_at(plan, features, row, column);
            const int32_t mean = mean_of(part);
            const int32_t value = plan->spread ? spread_of(part, mean) : mean;
            const int32_t apart = value - plan->centre[place];
            distance += plan->weights[place] * (apart < 0 ? -apart : apart);
            (void)count_in(bins + place * COINCELL_SKETCH_BINS, COINCELL_SKETCH_BINS,
                           feature_bin_of(plan->edges + place * EDGES, value));
        }
    }
    return distance >> plan->distance_shift;
}

/* scores[labels] -> the place of the highest, of equal ones the first; *margin to the second. */
static int32_t highest(const int8_t *scores, int32_t labels, int32_t *margin)
{
    int32_t best = 0, second = INT8_MIN;
    for (int32_t i = 1; i < labels; i++) {
        if (scores[i] > scores[best]) {
            second = scores[best];
            best = i;
        } else if (scores[i] > second) {
            second = scores[i];
        }
    }
    *margin = labels > 1 ? scores[best] - second : 0;
    return best;
}

/* samples[steps][channels] -> the place of the last step's value of a channel. */
static int32_t newest_of(const coincell_sketch_plan *plan, const coincell_sketch_window *window,
                         int32_t channel)
{
    return (window->steps - 1) * plan->channels + channel;
}

/* One channel of a block, in one pass over its values. */
typedef struct {
    int32_t sum, clipped, equal;
} block;

/* For values of a type: look_at_TYPE (newest[count], which lie `stride` apart going back), and
 * deviation_of_TYPE, the sum of their distances from `mean`. */
#define SAMPLES_OF(type, least, most)                                                           \
    static block look_at_##type(const type##_t *newest, int32_t count, int32_t stride)          \
    {                                                                                           \
        block seen = {0, 0, 0};                                                                 \
        const int32_t first = *newest;                                                          \
        for (int32_t i = 0; i < count; i++) {                                                   \
            const int32_t value = newest[-i * stride];                                          \
            seen.sum += value;                                                                  \
            seen.clipped += value == (least) || value == (most);                                \
            seen.equal += value == first;                                                       \
        }                                                                                       \
        return seen;                                                                            \
    }                                                                                           \
                                                                                                \
    static uint32_t deviation_of_##type(const type##_t *newest, int32_t count, int32_t stride,  \
                                        int32_t mean)                                           \
    {                                                                                           \
        uint32_t deviation = 0;                                                                 \
        for (int32_t i = 0; i < count; i++) {                                                   \
            const int32_t apart = newest[-i * stride] - mean;                                   \
            deviation += (uint32_t)(apart < 0 ? -apart : apart);                                \
        }                                                                                       \
        return deviation;                                                                       \
    }

SAMPLES_OF(int16, INT16_MIN, INT16_MAX)
SAMPLES_OF(uint8, 0, UINT8_MAX)

static void count_health(const coincell_sketch_plan *plan, const coincell_sketch_window *window,
                         int32_t channel, coincell_sketch_health *health)
{
    if (health->windows == COINCELL_SKETCH_MOST_COUNT) return;
    const int32_t count = plan->health_steps, stride = plan->health_stride * plan->channels;
    const int32_t place = newest_of(plan, window, channel);
    const int is_byte = plan->sample_bytes == 1;
    const uint8_t *const bytes = (const uint8_t *)window->samples + (is_byte ? place : 0);
    const int16_t *const words = (const int16_t *)window->samples + (is_byte ? 0 : place);
    const block seen =
        is_byte ? look_at_uint8(bytes, count, stride) : look_at_int16(words, count, stride);
    const int32_t mean = floor_divide(seen.sum, count);
    const uint32_t deviation = is_byte ? deviation_of_uint8(bytes, count, stride, mean)
                                       : deviation_of_int16(words, count, stride, mean);
    const uint32_t level = deviation / (uint32_t)count;
    health->windows++;
    health->clipped += (uint32_t)seen.clipped;
    health->offset += mean;
    health->level += level;
    health->stuck = (uint16_t)(health->stuck + (seen.equal == count));
    if (level < health->floor) health->floor = (uint16_t)level;
}

static int32_t at_most(int32_t value, int32_t most)
{
    return value < most ? value : most;
}

void coincell_sketch_add(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                         const coincell_sketch_window *window)
{
    const int32_t last = plan->classes - 1;
    uint16_t *const predicted = coincell_sketch_bins_of(plan, sketch);
    uint16_t *const events = predicted + plan->classes;
    uint16_t *const scores = events + plan->classes;
    uint16_t *const distances = scores + COINCELL_SKETCH_SCORE_BINS;
    uint16_t *const features = distances + COINCELL_SKETCH_BINS;

    int32_t best = window->label, score = window->score, margin = 0;
    if (plan->labels > 0) {
        best = highest(window->scores, plan->labels, &margin);
        score = window->scores[best];
    }
    if (best >= 0) (void)count_in(predicted, plan->classes, at_most(best, last));
    if (window->label >= 0 && window->label != sketch->last_label)
        (void)count_in(events, plan->classes, at_most(window->label, last));
    sketch->last_label = (int16_t)window->label;
    (void)count_in(scores, COINCELL_SKETCH_SCORE_BINS,
                   bin_of(plan->score_edges, COINCELL_SKETCH_SCORE_BINS - 1, score));
    const int32_t distance = count_features(plan, window->features, features);
    if (count_in(distances, COINCELL_SKETCH_BINS, bin_of(plan->distance_edges, EDGES, distance)))
        sketch->margins += (uint32_t)margin;
    for (int32_t c = 0; c < plan->channels; c++)
        count_health(plan, window, c, coincell_sketch_health_of(sketch) + c);
    sketch->windows++;
}

void coincell_sketch_pass(coincell_sketch *sketch)
{
    sketch->quiet++;
    sketch->last_label = -1;
}

void coincell_sketch_time(coincell_sketch *sketch, uint32_t microseconds)
{
    if (microseconds < sketch->least_latency) sketch->least_latency = microseconds;
    if (microseconds > sketch->most_latency) sketch->most_latency = microseconds;
}
