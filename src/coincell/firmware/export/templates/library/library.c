/* SPDX-License-Identifier: Apache-2.0 */
#include "{{ name }}.h"

#include "core/application/application.h"
#include "core/application/stream.h"

static const char *const labels[{{ upper }}_CLASSES] = {
{%- for label in labels %}
    "{{ label }}",
{%- endfor %}
};

static const uint8_t heard[{{ upper }}_CLASSES] = APPLICATION_KEYWORDS;

static application_stream stream;

/* int16[APPLICATION_STREAM_BUFFER]: a frame, or where windows are computed whole, the window. */
static int16_t *stream_buffer(void)
{
#if APPLICATION_BY_ROW
    static int16_t frame[APPLICATION_STREAM_BUFFER];
    return frame;
#else
    return application_samples();
#endif
}

int {{ name }}_begin(void)
{
    application_stream_begin(&stream, stream_buffer(), 0);
    return application_init();
}

void {{ name }}_skip(uint32_t count)
{
    application_stream_skip(&stream, count);
}

/* samples: int16[count] -> *taken of them, and perhaps a decision. */
int {{ name }}_take(const int16_t *samples, int32_t count, int32_t *taken,
    {{ name }}_decision *decision)
{
    application_event event = {0, {-1, 0}};
    uint32_t used = 0;
    const uint32_t given = count > 0 ? (uint32_t)count : 0;
    const int status = application_stream_take(&stream, samples, given, &used, &event);
    *taken = (int32_t)used;
    decision->position = event.position;
    decision->label = event.decision.label;
    decision->score = event.decision.score;
    return status;
}

int16_t *{{ name }}_window(void)
{
    return application_samples();
}

int {{ name }}_classify({{ name }}_decision *decision)
{
    application_decision made = {-1, 0};
    application_reset();
    const int status = application_process(&made);
    decision->position = {{ upper }}_WINDOW_SAMPLES;
    decision->label = status == 0 ? made.label : -1;
    decision->score = made.score;
    return status;
}

const char *{{ name }}_label(int16_t label)
{
    return label >= 0 && label < {{ upper }}_CLASSES ? labels[label] : "";
}

int {{ name }}_is_heard(int16_t label)
{
    return label >= 0 && label < {{ upper }}_CLASSES && heard[label];
}

int32_t {{ name }}_permille(const {{ name }}_decision *decision)
{
    const int64_t above_zero = (int64_t)decision->score - ({{ score_zero }});
    const int64_t permille = (above_zero * {{ permille_multiplier }} + (1 << 23)) >> 24;
    return permille < 0 ? 0 : permille > 1000 ? 1000 : (int32_t)permille;
}

const char *{{ name }}_score_text(const {{ name }}_decision *decision, char *text)
{
    const int32_t permille = {{ name }}_permille(decision);
    text[0] = (char)('0' + permille / 1000);
    text[1] = '.';
    text[2] = (char)('0' + permille / 100 % 10);
    text[3] = (char)('0' + permille / 10 % 10);
    text[4] = (char)('0' + permille % 10);
    text[5] = '\0';
    return text;
}

const int8_t *{{ name }}_features(void)
{
    return application_features();
}

const int8_t *{{ name }}_scores(void)
{
    return application_scores();
}
