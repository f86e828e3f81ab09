/* SPDX-License-Identifier: Apache-2.0 */
#include "{{ name }}.h"

#include "core/application/application.h"
#include "core/application/stream.h"
{%- if counts %}
#include "core/digest/hmac.h"
#include "core/telemetry/telemetry.h"
{%- endif %}

static const char *const labels[{{ upper }}_CLASSES] = {
{%- for label in labels %}
    "{{ label }}",
{%- endfor %}
};

static const uint8_t events[{{ upper }}_CLASSES] = APPLICATION_KEYWORDS;

static application_stream stream;
{%- if counts %}
static telemetry counts;
static int is_counting;
static const uint8_t *signing_key; /* uint8[COINCELL_HMAC_KEY_BYTES], or null */
static uint8_t waiting[{{ upper }}_REPORT_BYTES];
static int32_t waiting_bytes; /* 0: none waits */
{%- endif %}

/* [APPLICATION_STREAM_BUFFER]: a frame, or where windows are computed whole, the window. */
static {{ sample_type }} *stream_buffer(void)
{
#if APPLICATION_BY_ROW
    static {{ sample_type }} frame[APPLICATION_STREAM_BUFFER];
    return frame;
#else
    return application_samples();
#endif
}

int {{ name }}_begin(void)
{
    application_stream_begin(&stream, stream_buffer(), 0);
{%- if counts %}
    if (is_counting) telemetry_watch(&counts, &stream);
{%- endif %}
    return application_init();
}
{%- if counts %}

void {{ name }}_count(const uint8_t *device, uint32_t boot)
{
    telemetry_begin(&counts, device, boot, 5); /* why it started is not known here */
    telemetry_watch(&counts, &stream);
    is_counting = 1;
}

int {{ name }}_report_due(void)
{
    return is_counting && telemetry_due(&counts);
}

void {{ name }}_sign(const uint8_t *key)
{
    signing_key = key;
}

/* body[count] -> tag[COINCELL_REPORT_TAG_BYTES]. */
static void sign(const uint8_t *body, uint32_t count, uint8_t *tag)
{
    uint8_t whole[COINCELL_SHA256_BYTES];
    coincell_hmac_sha256(signing_key, body, count, whole);
    for (int i = 0; i < COINCELL_REPORT_TAG_BYTES; i++) tag[i] = whole[i];
}

int32_t {{ name }}_report(uint8_t *report)
{
    return is_counting ? (int32_t)telemetry_report(&counts, signing_key ? sign : 0, report) : 0;
}

/* bytes[count] -> crc[4]: CRC-32 of IEEE 802.3, low byte first. */
static void write_crc(const uint8_t *bytes, uint32_t count, uint8_t *crc)
{
    uint32_t rest = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < count; i++) {
        rest ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) rest = (rest >> 1) ^ (0xEDB88320u & (0u - (rest & 1u)));
    }
    for (int i = 0; i < 4; i++) crc[i] = (uint8_t)(~rest >> (8 * i));
}

/* docs/protocol.md of Coincell: REPORT, a message of the type 0x24. */
int32_t {{ name }}_report_frame(uint8_t *frame)
{
    const uint32_t count = (uint32_t){{ name }}_report(frame + 6);
    frame[0] = 0xC0;
    frame[1] = 0x1C;
    frame[2] = 0x24;
    frame[3] = (uint8_t)(counts.facts.sequence - 1);
    frame[4] = (uint8_t)count;
    frame[5] = (uint8_t)(count >> 8);
    write_crc(frame + 2, 4 + count, frame + 6 + count);
    return (int32_t)count + 10;
}

int32_t {{ name }}_report_waiting(const uint8_t **report)
{
    if (waiting_bytes == 0 && {{ name }}_report_due()) waiting_bytes = {{ name }}_report(waiting);
    *report = waiting;
    return waiting_bytes;
}

int {{ name }}_report_taken(const uint8_t *crc, int32_t count)
{
    uint8_t wanted[4];
    if (waiting_bytes == 0 || count != 4) return 0;
    write_crc(waiting, (uint32_t)waiting_bytes, wanted);
    for (int i = 0; i < 4; i++)
        if (crc[i] != wanted[i]) return 0;
    waiting_bytes = 0;
    return 1;
}

int32_t {{ name }}_report_value(uint8_t *value)
{
    const uint8_t *report;
    const int32_t count = {{ name }}_report_waiting(&report);
    for (int32_t i = 0; i < {{ upper }}_VALUE_BYTES; i++) value[i] = 0;
    if (count == 0) return 0;
    value[0] = (uint8_t)count;
    value[1] = (uint8_t)(count >> 8);
    write_crc(report, (uint32_t)count, value + 2);
    for (int32_t i = 0; i < count; i++) value[6 + i] = report[i];
    return count;
}
{%- endif %}

void {{ name }}_skip(uint32_t count)
{
{%- if counts %}
    telemetry_advance(&counts, count);
{%- endif %}
{%- if step_values == 1 %}
    application_stream_skip(&stream, count);
{%- else %}
    const uint32_t most = UINT32_MAX / {{ step_values }}u; /* that can be told at once */
    for (; count > most; count -= most) application_stream_skip(&stream, most * {{ step_values }}u);
    application_stream_skip(&stream, count * {{ step_values }}u);
{%- endif %}
}

/* samples: {{ words.value }}[count] -> *taken of them, and perhaps a decision. */
int {{ name }}_take(const {{ sample_type }} *samples, int32_t count, int32_t *taken,
    {{ name }}_decision *decision)
{
    application_event event = {0, {-1, 0}};
    uint32_t used = 0;
    const uint32_t given = count > 0 ? (uint32_t)count : 0;
    const int status = application_stream_take(&stream, samples, given, &used, &event);
    *taken = (int32_t)used;
{%- if counts %}
    telemetry_advance(&counts, used / {{ step_values }}u);
{%- endif %}
    decision->position = event.position;
    decision->label = event.decision.label;
    decision->score = event.decision.score;
    return status;
}

{{ sample_type }} *{{ name }}_window(void)
{
    return application_samples();
}

int {{ name }}_classify({{ name }}_decision *decision)
{
    application_decision made = {-1, 0};
    application_reset();
    const int status = application_process(&made);
    decision->position = {{ window_samples }};
    decision->label = status == 0 ? made.label : -1;
    decision->score = made.score;
    return status;
}

const char *{{ name }}_label(int16_t label)
{
    return label >= 0 && label < {{ upper }}_CLASSES ? labels[label] : "";
}

int {{ name }}_{{ is_event }}(int16_t label)
{
    return label >= 0 && label < {{ upper }}_CLASSES && events[label];
}

{% if goal == "classes" -%}
int32_t {{ name }}_permille(const {{ name }}_decision *decision)
{
    const int64_t above_zero = (int64_t)decision->score - ({{ answer.zero }});
    const int64_t half = INT64_C(1) << {{ answer.shift - 1 }};
    const int64_t permille = (above_zero * {{ answer.multiplier }} + half) >> {{ answer.shift }};
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
{%- else -%}
int64_t {{ name }}_value(const {{ name }}_decision *decision)
{
    const int64_t above_zero = (int64_t)decision->score - ({{ answer.zero }});
    const int64_t half = INT64_C(1) << {{ answer.shift - 1 }};
    return (above_zero * INT64_C({{ answer.multiplier }}) + half) >> {{ answer.shift }};
}

const char *{{ name }}_score_text(const {{ name }}_decision *decision, char *text)
{
    const int64_t value = {{ name }}_value(decision);
    uint64_t left = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    char letters[{{ upper }}_SCORE_TEXT]; /* the last one first */
    int count = 0;
    for (int place = 0; place <= {{ upper }}_DECIMALS || left > 0; place++) {
{%- if answer.decimals > 0 %}
        if (place == {{ upper }}_DECIMALS) letters[count++] = '.';
{%- endif %}
        letters[count++] = (char)('0' + (int)(left % 10u));
        left /= 10u;
    }
    if (value < 0) letters[count++] = '-';
    for (int i = 0; i < count; i++) text[i] = letters[count - 1 - i];
    text[count] = '\0';
    return text;
}
{%- endif %}

const int8_t *{{ name }}_features(void)
{
    return application_features();
}

const int8_t *{{ name }}_scores(void)
{
    return application_scores();
}
