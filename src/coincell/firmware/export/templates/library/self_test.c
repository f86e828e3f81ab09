/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up window, and what the chain made of it on the computer that generated this library. It
 * takes flash only in programs that call the test.
 */
#include <string.h>

#include "{{ name }}.h"

static const {{ sample_type }} window[{{ upper }}_WINDOW_VALUES] = {
{{ window_rows }}
};

static const int8_t features[{{ upper }}_FEATURES] = {
{{ feature_rows }}
};

static const int8_t scores[{{ upper }}_SCORES] = {
{{ score_rows }}
};

/* made, wanted: int8[count]. Returns whether they are the same. */
static int are_equal(const int8_t *made, const int8_t *wanted, int32_t count)
{
    int32_t equal = 0;
    for (int32_t i = 0; i < count; i++) equal += made[i] == wanted[i];
    return equal == count;
}

/* What the chain made last. Returns 0, or which part of it is not as it should be. */
static int compare(const {{ name }}_decision *decision)
{
    if (!are_equal({{ name }}_features(), features, {{ upper }}_FEATURES)) return 2;
    if (!are_equal({{ name }}_scores(), scores, {{ upper }}_SCORES)) return 3;
    return decision->label != {{ golden_label }} || decision->score != {{ golden_score }} ? 4 : 0;
}

int {{ name }}_self_test(void)
{
    {{ name }}_decision decision = {0, 0, -1};
    int32_t taken = 0;
    if ({{ name }}_begin() != 0) return 1;
    memcpy({{ name }}_window(), window, sizeof window);
    int result = {{ name }}_classify(&decision) != 0 ? 1 : compare(&decision);
    if (result == 0 && {{ name }}_begin() == 0) {
        const int made = {{ name }}_take(window, {{ upper }}_WINDOW_VALUES, &taken, &decision);
        if (made != 1 || compare(&decision) != 0) result = 5;
    }
    return {{ name }}_begin() != 0 ? 1 : result;
}

const char *{{ name }}_self_test_text(int result)
{
    switch (result) {
    case 0: return "PASS";
    case 2: return "FAIL: the features differ";
    case 3: return "FAIL: the scores differ";
    case 4: return "FAIL: the decision differs";
    case 5: return "FAIL: the stream differs from the window";
    default: return "FAIL: the chain did not run";
    }
}
