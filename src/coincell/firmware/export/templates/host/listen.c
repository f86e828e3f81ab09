{% set pnm = "PPM" if channels == 3 else "PGM" -%}
/* SPDX-License-Identifier: Apache-2.0
 *
 * {{ words.stream | capitalize }} in, a line of JSON a decision out, on a computer:
 *
{%- if sense == "picture" %}
 *     {{ program }} < picture.{{ pnm | lower }}   {{ pnm }}, one or several
 *     {{ program }} < pictures.raw  the pixels alone, a byte each
{%- else %}
 *     {{ program }} < {{ sense }}.wav        WAV of 16 bits, {{ words.channels }}
 *     {{ program }} < {{ sense }}.raw        the samples alone, little-endian
{%- if sense == "sound" %}
 *     {{ program }} --microphone       what `arecord` hears
{%- endif %}
{%- endif %}
 *     {{ program }} --self-test        PASS or FAIL
 *     {{ program }} --manifest         what it was made of
{%- if counts %}
 *     {{ program }} --reports FILE     also adds reports of what was counted to FILE
{%- endif %}
 *
 * Exit codes: 0 done, 1 the self-test failed, 2 the input cannot be used.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "{{ name }}.h"

{%- set microphone = "--microphone | " if sense == "sound" %}
{%- set words_before = "[--reports FILE] " if counts %}
{%- set choice = words_before ~ "[" ~ microphone ~ "--self-test | --manifest]" %}

#define USE "use: {{ program }} {{ choice }} < {{ words.stream }}"

{% if sense != "picture" -%}
enum { BLOCK_BYTES = 4096, RIFF_BYTES = 12, FORMAT_BYTES = 16, LONGEST_FORMAT = 4096 };
{% endif %}
/* Returns the code that ends the program. */
static int refuse(const char *reason)
{
    fprintf(stderr, "{{ program }}: %s\n", reason);
    return 2;
}

static int has_decided;
{%- if counts %}
static FILE *reports; /* where to, or null */

/* Adds what was counted to the file. Returns 0, or 2 when it is full. */
static int tell_report(void)
{
    uint8_t report[{{ upper }}_REPORT_BYTES];
    const size_t count = (size_t){{ name }}_report(report);
    if (fwrite(report, 1, count, reports) != count || fflush(reports) != 0)
        return refuse("the reports cannot be written");
    return 0;
}

/* Begins to count. Which device this is: what the machine's own name gives. Returns 0 or 2. */
static int count_into(const char *path)
{
    char machine[256] = {0};
    uint8_t device[8] = {0};
    gethostname(machine, sizeof machine - 1);
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *letter = machine; *letter; letter++)
        hash = (hash ^ (uint8_t)*letter) * UINT64_C(1099511628211);
    for (int i = 0; i < 8; i++) device[i] = (uint8_t)(hash >> (56 - 8 * i));
    reports = fopen(path, "ab");
    if (reports == NULL) return refuse("the file for reports cannot be opened");
    {{ name }}_count(device, 0);
    return 0;
}
{%- endif %}

/* Prints a line of JSON. */
static void tell(const {{ name }}_decision *decision)
{
    char score[{{ upper }}_SCORE_TEXT];
{%- if sense == "picture" %}
    printf("{\"picture\": %llu", (unsigned long long)decision->position);
{%- else %}
    const uint64_t ms = decision->position * 1000u / {{ upper }}_SAMPLE_RATE_HZ;
    printf("{\"seconds\": %llu.%03u", (unsigned long long)(ms / 1000u), (unsigned)(ms % 1000u));
{%- endif %}
{%- if goal == "quantity" %}
    printf(", \"value\": %s", {{ name }}_score_text(decision, score));
    printf(", \"unit\": \"%s\"}\n", {{ upper }}_UNIT);
{%- else %}
    const char *const quote = decision->label < 0 ? "" : "\"";
    const char *const label = decision->label < 0 ? "null" : {{ name }}_label(decision->label);
    printf(", \"label\": %s%s%s, \"score\": %s", quote, label, quote,
           {{ name }}_score_text(decision, score));
{%- if goal == "normality" %}
    printf(", \"unit\": \"%s\"", {{ upper }}_UNIT);
{%- endif %}
    puts("}");
{%- endif %}
    fflush(stdout);
}

/* samples: {{ words.value }}[count], the next of the stream. Returns 0, or 2 on a failure. */
static int hear(const {{ sample_type }} *samples, int32_t count)
{
    while (count > 0) {
        int32_t taken = 0;
        {{ name }}_decision decision;
        const int made = {{ name }}_take(samples, count, &taken, &decision);
        if (made < 0) return refuse("the network does not run");
        samples += taken;
        count -= taken;
        if (made == 0) continue;
        has_decided = 1;
        tell(&decision);
{%- if counts %}
        if (reports && {{ name }}_report_due() && tell_report() != 0) return 2;
{%- endif %}
    }
    return 0;
}

{% if sense == "picture" %}{% include "host/pictures.c" %}{% else -%}
/* bytes: uint8[2] or uint8[4], little-endian -> their number. */
static uint32_t read16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read32(const uint8_t *bytes)
{
    return read16(bytes) | read16(bytes + 2) << 16;
}

/* The body of a chunk: uint8[size], of which `kept` are stored. Returns 0 when it was all there. */
static int read_chunk(FILE *sound, uint32_t size, uint8_t *body, uint32_t kept)
{
    const uint64_t padded = (uint64_t)size + (size & 1u);
    for (uint64_t at = 0; at < padded; at++) {
        const int byte = fgetc(sound);
        if (byte == EOF) return 1;
        if (at < kept) body[at] = (uint8_t)byte;
    }
    return 0;
}

/* Reads a WAV file's head behind "RIFF....WAVE", up to its samples; their bytes -> *bytes. */
static int read_head(FILE *sound, uint64_t *bytes)
{
    uint8_t format[FORMAT_BYTES] = {0};
    int is_known = 0;
    for (;;) {
        uint8_t head[8];
        if (fread(head, 1, sizeof head, sound) != sizeof head)
            return refuse("the WAV file ends before its samples");
        const uint32_t size = read32(head + 4);
        if (memcmp(head, "data", 4) == 0) {
            if (!is_known) return refuse("the WAV file does not tell its format");
            /* A program that writes to a pipe does not know how much there will be. */
            *bytes = size == 0 || size == 0xffffffffu ? UINT64_MAX : size;
            return 0;
        }
        const int is_format = memcmp(head, "fmt ", 4) == 0;
        if (is_format && (size < FORMAT_BYTES || size > LONGEST_FORMAT))
            return refuse("the WAV file's format is broken");
        if (read_chunk(sound, size, format, is_format ? FORMAT_BYTES : 0) != 0)
            return refuse("the WAV file ends before its samples");
        if (!is_format) continue;
        const uint32_t coding = read16(format), bits = read16(format + 14);
        if ((coding != 1 && coding != 0xfffe) || bits != 16)
            return refuse("the WAV file must hold PCM of 16 bits");
        if (read16(format + 2) != {{ channels }})
            return refuse("the WAV file must have {{ words.channels }}");
        if (read32(format + 4) != {{ upper }}_SAMPLE_RATE_HZ)
            return refuse("the WAV file must have {{ sample_rate_hz }} samples a second");
        is_known = 1;
    }
}

/* Everything that `sound` has. Returns the program's exit code. */
static int listen_to(FILE *sound)
{
    static uint8_t block[BLOCK_BYTES];
    static int16_t samples[BLOCK_BYTES / 2];
    uint64_t left = UINT64_MAX;
    size_t waiting = fread(block, 1, RIFF_BYTES, sound);
    if (waiting == RIFF_BYTES && memcmp(block, "RIFF", 4) == 0 &&
        memcmp(block + 8, "WAVE", 4) == 0) {
        if (read_head(sound, &left) != 0) return 2;
        waiting = 0;
    }
    if ({{ name }}_begin() != 0) return refuse("the network does not start");
    for (;;) {
        const size_t room = BLOCK_BYTES - waiting;
        const size_t wanted = left < room ? (size_t)left : room;
        const size_t got = wanted == 0 ? 0 : fread(block + waiting, 1, wanted, sound);
        const size_t count = (waiting + got) / 2;
        left -= left == UINT64_MAX ? 0 : got;
        for (size_t i = 0; i < count; i++) {
            const int32_t value = (int32_t)read16(block + 2 * i);
            samples[i] = (int16_t)(value < 32768 ? value : value - 65536);
        }
        if (hear(samples, (int32_t)count) != 0) return 2;
        if (got == 0) break;
        waiting = (waiting + got) % 2;
        if (waiting) block[0] = block[2 * count]; /* an odd byte waits for its other half */
    }
    if (!has_decided)
        return refuse(
            "{{ words.too_short }} shorter than one window of {{ window_samples }} samples");
    return 0;
}

{% if sense == "sound" -%}
static int listen_to_microphone(void)
{
    FILE *const sound = popen("arecord -q -t raw -f S16_LE -c 1 -r {{ sample_rate_hz }}", "r");
    if (sound == NULL) return refuse("cannot start arecord");
    const int first = fgetc(sound);
    if (first == EOF) {
        pclose(sound);
        return refuse("arecord hears nothing: is it installed, and is there a microphone?");
    }
    ungetc(first, sound);
    const int code = listen_to(sound);
    if (pclose(sound) != 0) return refuse("arecord failed");
    return code;
}

{% endif %}{% endif -%}
{% if counts -%}
/* What {{ program }} does with its words but for --reports. Returns its exit code. */
static int work(int count, char **words)
{%- else -%}
int main(int count, char **words)
{%- endif %}
{
    if (count == 1 && !isatty(STDIN_FILENO)) return listen_to(stdin);
{%- if sense == "sound" %}
    if (count == 2 && strcmp(words[1], "--microphone") == 0) return listen_to_microphone();
{%- endif %}
    if (count == 2 && strcmp(words[1], "--self-test") == 0) {
        const int result = {{ name }}_self_test();
        puts({{ name }}_self_test_text(result));
        return result != 0;
    }
    if (count == 2 && strcmp(words[1], "--manifest") == 0) {
        puts({{ name }}_manifest());
        return 0;
    }
    if (count == 2 && strcmp(words[1], "--help") == 0) {
        puts(USE);
        return 0;
    }
    return refuse(USE);
}
{%- if counts %}

int main(int count, char **words)
{
    if (count < 3 || strcmp(words[1], "--reports") != 0) return work(count, words);
    if (count_into(words[2]) != 0) return 2;
    words[2] = words[0];
    const int code = work(count - 2, words + 2);
    return code == 0 && has_decided ? tell_report() : code;
}
{%- endif %}
