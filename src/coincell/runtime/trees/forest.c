#include "trees/forest.h"

/* 2^(-i / 32) with 15 fraction bits, for i = 0 ... 32 */
static const uint16_t power_table[33] = {
    32768, 32066, 31379, 30706, 30048, 29405, 28774, 28158, 27554, 26964, 26386,
    25821, 25268, 24726, 24196, 23678, 23170, 22674, 22188, 21713, 21247, 20792,
    20347, 19911, 19484, 19066, 18658, 18258, 17867, 17484, 17109, 16743, 16384,
};

/* features[columns], place of a root -> the number of the leaf that it ends in. */
static inline int32_t leaf_of(const coincell_trees_forest *forest, const int8_t *features,
                              int32_t place)
{
    while (place >= 0) {
        const int32_t right = features[forest->feature[place]] > forest->threshold[place];
        place = forest->child[2 * place + right];
    }
    return ~place;
}

void coincell_trees_sums(const coincell_trees_forest *forest, const int8_t *features,
                         int32_t *sums)
{
    const int32_t width = forest->width;
    for (int32_t k = 0; k < forest->outputs; k++) sums[k] = forest->start[k];
    for (int32_t t = 0; t < forest->trees; t++) {
        const int16_t *const leaf =
            forest->leaf + width * leaf_of(forest, features, forest->root[t]);
        int32_t *const own = sums + forest->output[t];
        for (int32_t k = 0; k < width; k++) own[k] += leaf[k];
    }
}

uint32_t coincell_trees_power(uint32_t distance)
{
    const uint32_t whole = distance >> 16;
    if (whole >= 16) return 0;
    const uint32_t index = (distance & 0xFFFF) >> 11, rest = distance & 0x7FF;
    const uint32_t left = power_table[index], right = power_table[index + 1];
    return (left - (((left - right) * rest + 0x400) >> 11)) >> whole;
}

/* value -> the nearest int8. */
static inline int8_t clamped(int32_t value)
{
    return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

/* sums[outputs], the highest of them -> scores[outputs], shares of 256 above the zero point. */
static void shares(const coincell_trees_forest *forest, const int32_t *sums, int32_t highest,
                   int8_t *scores)
{
    const int32_t up = 16 - forest->shift;
    uint32_t total = 0;
    for (int32_t k = 0; k < forest->outputs; k++) {
        const uint32_t below = (uint32_t)(highest - sums[k]);
        total += coincell_trees_power(below >> forest->shift >= 16 ? UINT32_MAX : below << up);
    }
    for (int32_t k = 0; k < forest->outputs; k++) {
        const uint32_t below = (uint32_t)(highest - sums[k]);
        const uint32_t power =
            coincell_trees_power(below >> forest->shift >= 16 ? UINT32_MAX : below << up);
        scores[k] = clamped((int32_t)((256 * power + total / 2) / total) + forest->zero_point);
    }
}

void coincell_trees_scores(const coincell_trees_forest *forest, const int32_t *sums,
                           int8_t *scores)
{
    int32_t best = 0;
    for (int32_t k = 1; k < forest->outputs; k++) best = sums[k] > sums[best] ? k : best;
    if (forest->softmax) {
        shares(forest, sums, sums[best], scores);
    } else {
        const int32_t half = forest->shift ? INT32_C(1) << (forest->shift - 1) : 0;
        for (int32_t k = 0; k < forest->outputs; k++)
            scores[k] = clamped(((sums[k] + half) >> forest->shift) + forest->zero_point);
    }
    for (int32_t k = 0; k < best; k++)
        if (scores[k] == scores[best] && scores[k] > -128) scores[k]--;
}
