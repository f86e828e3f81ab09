/* SPDX-License-Identifier: Apache-2.0 */
#include "application/stream.h"

#include <string.h>

#if APPLICATION_TELEMETRY
#include "sketch/plan.h"
#endif

#if APPLICATION_BY_ROW
#define COLUMNS (APPLICATION_FEATURES / APPLICATION_FRAMES)
#define FIRST_DECISION APPLICATION_FRAMES
#define NEXT_DECISION (APPLICATION_HOP_VALUES / APPLICATION_FRAME_HOP_VALUES)
#else
#define FIRST_DECISION 1
#define NEXT_DECISION 1
#endif

/* The smoothed score of a class at int8's lowest: nothing is above it, and as a share it is 0. */
#define LOWEST_SCORE (-128 * 256)

/* The next sample is the first of a window, and that window the first. */
static void begin_windows(application_stream *stream)
{
    stream->filled = 0;
    stream->skipped = 0;
    stream->row = 0;
    stream->missing = FIRST_DECISION;
    stream->loud = 0;
    application_smoothing_reset(&stream->smoothing);
}

void application_stream_begin(application_stream *stream, application_sample *samples,
                              uint32_t settling)
{
    stream->samples = samples;
    stream->position = 0;
    stream->settling = settling;
    stream->smoothing.ring = stream->ring;
#if APPLICATION_TELEMETRY
    stream->sketch = 0;
#endif
    begin_windows(stream);
}

void application_stream_skip(application_stream *stream, uint32_t count)
{
    stream->position += count;
    stream->settling -= stream->settling < count ? stream->settling : count;
    begin_windows(stream);
}

/* samples[count] -> how many of them fill the buffer, or are passed over. */
static uint32_t fill(application_stream *stream, const application_sample *samples,
                     uint32_t count)
{
    uint32_t used = stream->settling < count ? stream->settling : count;
    stream->settling -= used;
    const uint32_t skipped = stream->skipped < count - used ? stream->skipped : count - used;
    stream->skipped -= skipped;
    used += skipped;
    uint32_t wanted = APPLICATION_STREAM_BUFFER - stream->filled;
    if (wanted > count - used) wanted = count - used;
    application_sample *const to = stream->samples + stream->filled;
    if (to != samples + used) memcpy(to, samples + used, wanted * sizeof *samples);
    stream->filled += wanted;
    used += wanted;
    stream->position += used;
    return used;
}

/* The buffer is full and was used: what later steps need moves to its begin. */
static void step(application_stream *stream)
{
    const uint32_t length = APPLICATION_STREAM_BUFFER, by = APPLICATION_STREAM_STEP;
    const uint32_t kept = by < length ? length - by : 0;
    if (kept <= by) /* apart: the quicker copy */
        memcpy(stream->samples, stream->samples + length - kept, kept * sizeof(application_sample));
    else
        memmove(stream->samples, stream->samples + by, kept * sizeof(application_sample));
    stream->filled = kept;
    stream->skipped = by > length ? by - length : 0;
}

/* samples[count]. Whether one is of the level that wakes the network. */
static int is_loud(const application_sample *samples, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const int32_t sample = samples[i];
        if (sample >= APPLICATION_WAKE_LEVEL || -sample >= APPLICATION_WAKE_LEVEL) return 1;
    }
    return 0;
}

/* The buffer is full: whether a window that ends with it would be quiet. */
static int is_quiet(application_stream *stream)
{
    if (APPLICATION_WAKE_LEVEL == 0) return 0;
    if (is_loud(stream->samples, APPLICATION_STREAM_BUFFER)) {
        stream->loud = FIRST_DECISION;
    } else if (stream->loud > 0) {
        stream->loud--;
    }
    return stream->loud == 0;
}

#if APPLICATION_TELEMETRY

/* What is counted of the window decided on last; its newest samples still fill the buffer. */
static void count(const application_stream *stream, const application_decision *decision)
{
    if (stream->sketch == 0) return;
    coincell_sketch_window window = {
        .features = application_features(),
        .scores = application_scores(),
        .label = decision->label,
        .samples = stream->samples,
        .steps = APPLICATION_STREAM_BUFFER / APPLICATION_CHANNELS,
    };
#if APPLICATION_GOAL == GOAL_NORMALITY
    uint32_t strangeness = 0;
    for (int i = 0; i < APPLICATION_SCORES; i++)
        strangeness |= (uint32_t)(uint8_t)window.scores[i] << (8 * i);
    window.score = (int32_t)strangeness;
#elif APPLICATION_GOAL == GOAL_QUANTITY
    window.score = window.scores[0];
#endif
    coincell_sketch_add(&coincell_plan, stream->sketch, &window);
}

static void count_quiet(const application_stream *stream)
{
    if (stream->sketch != 0) coincell_sketch_pass(stream->sketch);
}

#else

static void count(const application_stream *stream, const application_decision *decision)
{
    (void)stream;
    (void)decision;
}

static void count_quiet(const application_stream *stream)
{
    (void)stream;
}

#endif

/* What is decided on a quiet window. */
static int rest(application_stream *stream, application_decision *decision)
{
    count_quiet(stream);
    application_pass(&stream->smoothing);
    decision->label = -1;
    decision->score = LOWEST_SCORE;
    return 0;
}

/* The buffer is full: what it gives. Returns 0, or the code of what failed. */
static int use(application_stream *stream, application_decision *decision)
{
    const int quiet = is_quiet(stream);
    stream->missing--;
#if APPLICATION_BY_ROW
    CHAIN(features_row)(stream->samples, stream->rows + stream->row * COLUMNS);
    stream->row = stream->row + 1 == APPLICATION_FRAMES ? 0 : stream->row + 1;
    if (stream->missing > 0) return 0;
    if (quiet) return rest(stream, decision);
    const int status =
        application_process_rows(stream->rows, stream->row, &stream->smoothing, decision);
#else
    if (quiet) return rest(stream, decision);
    const int status = application_process_window(stream->samples, &stream->smoothing, decision);
#endif
    if (status == 0) count(stream, decision);
    return status;
}

int application_stream_take(application_stream *stream, const application_sample *samples,
                            uint32_t count, uint32_t *taken, application_event *event)
{
    uint32_t done = 0;
    while (done < count) {
        done += fill(stream, samples + done, count - done);
        *taken = done;
        if (stream->filled < APPLICATION_STREAM_BUFFER) break;
        const int status = use(stream, &event->decision);
        step(stream);
        if (status != 0) return status < 0 ? status : -status;
        if (stream->missing == 0) {
            stream->missing = NEXT_DECISION;
            event->position = stream->position / APPLICATION_STEP_VALUES;
            return 1;
        }
    }
    *taken = done;
    return 0;
}
