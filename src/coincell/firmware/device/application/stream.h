/* SPDX-License-Identifier: Apache-2.0
 *
 * An endless stream of samples: one decision every APPLICATION_HOP_VALUES, on the window that ends
 * there. Where a step has several channels, their values stand side by side, and all sizes count
 * values; of pictures, each is a window. Every row of features is computed once, when its last
 * sample comes, and serves all windows that it belongs to; where rows depend on the whole window
 * (level = peak), windows are computed whole. Either way a decision is the one that the window's
 * samples alone would give, smoothed over those before it. The same source runs on the board and on
 * the host.
 *
 * With APPLICATION_WAKE_LEVEL above 0, the network runs only on windows that hold a sample of that
 * size. A quiet window has no label and the score 0, and empties the smoothing.
 *
 * With APPLICATION_TELEMETRY, what is decided is counted in a sketch (docs/telemetry.md).
 */
#ifndef COINCELL_STREAM_H
#define COINCELL_STREAM_H

#include <stdint.h>

#include "application/application.h"
#if APPLICATION_TELEMETRY
#include "sketch/sketch.h"
#endif

/* What waits for more samples: a frame of the next row, or a window. And how far it then moves. */
#if APPLICATION_BY_ROW
#define APPLICATION_STREAM_BUFFER APPLICATION_FRAME_VALUES
#define APPLICATION_STREAM_STEP APPLICATION_FRAME_HOP_VALUES
#define APPLICATION_STREAM_ROWS (APPLICATION_FRAMES * (APPLICATION_FEATURES / APPLICATION_FRAMES))
#else
#define APPLICATION_STREAM_BUFFER APPLICATION_WINDOW_VALUES
#define APPLICATION_STREAM_STEP APPLICATION_HOP_VALUES
#define APPLICATION_STREAM_ROWS 1
#endif

typedef struct {
    application_sample *samples; /* [APPLICATION_STREAM_BUFFER], the caller's */
    uint64_t position; /* values of the stream so far, those that were lost included */
    uint32_t settling; /* values still to pass over before the first window */
    uint32_t filled;   /* of samples */
    uint32_t skipped;  /* values still to pass over: a step may be longer than the buffer */
    int32_t row;       /* of rows, the next to be filled, which is the oldest */
    int32_t missing;   /* rows, or windows, until the next decision */
    int32_t loud;      /* so many rows, or windows, from the newest on hold a loud one */
    application_smoothing smoothing;
#if APPLICATION_TELEMETRY
    coincell_sketch *sketch; /* of coincell_plan, counts every window; null: nothing does */
#endif
    int16_t rows[APPLICATION_STREAM_ROWS]; /* ring [frames][columns] */
    application_smoothed ring[APPLICATION_SMOOTHED];
} application_stream;

typedef struct {
    uint64_t position; /* where the window ends: samples (steps) from the stream's begin */
    application_decision decision;
} application_event;

/* Begins a stream. samples: [APPLICATION_STREAM_BUFFER], which the stream keeps. settling: so many
 * of its first values count, but no window holds them: the sensor settles. */
void application_stream_begin(application_stream *stream, application_sample *samples,
                              uint32_t settling);

/* `count` values were lost: windows begin anew behind the gap, smoothing too; what settles has had
 * their time for it. */
void application_stream_skip(application_stream *stream, uint32_t count);

/* Takes values: samples[count], which may lie where the stream's buffer wants them, up to the next
 * decision, and says in *taken how many. Returns 1 with a decision in *event, 0 when all samples
 * are taken, or the negated code of what failed. */
int application_stream_take(application_stream *stream, const application_sample *samples,
                            uint32_t count, uint32_t *taken, application_event *event);

#endif
