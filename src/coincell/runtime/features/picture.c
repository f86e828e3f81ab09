#include "features/picture.h"

enum { WEIGHT_BITS = 11, ONE = 1 << WEIGHT_BITS };

/* One channel of four neighbours, two of `upper` and two of `lower`, `next` apart
   -> the colour between them in 1/256, rounded; at most 255 * 256. */
static inline uint32_t between(const uint8_t *upper, const uint8_t *lower, int32_t next,
                               uint32_t right, uint32_t down)
{
    const uint32_t above = upper[0] * (ONE - right) + upper[next] * right;
    const uint32_t below = lower[0] * (ONE - right) + lower[next] * right;
    const int32_t drop = 2 * WEIGHT_BITS - 8;
    return (above * (ONE - down) + below * down + (UINT32_C(1) << (drop - 1))) >> drop;
}

/* Colours in 1/256 -> gray in 1/256; the weights of 1/65536 sum to 1. */
static inline uint32_t gray_of(uint32_t red, uint32_t green, uint32_t blue)
{
    return (red * 19595u + green * 38470u + blue * 7471u + 32768u) >> 16;
}

/* A colour in 1/256 -> fixed point. */
static inline int16_t value_of(const coincell_picture_config *config, uint32_t color)
{
    return (int16_t)((int32_t)(color >> config->halvings) + config->offset);
}

/* row[from .. to - 1] becomes `padding`. */
static void pad(int16_t *row, int32_t from, int32_t to, int32_t padding)
{
    for (int32_t i = from; i < to; i++) row[i] = (int16_t)padding;
}

void coincell_picture_row(const coincell_picture_config *config, const uint8_t *pixels, int32_t y,
                          int16_t *row)
{
    const int32_t deep = config->source_channels, channels = config->channels;
    if (y < config->top || y >= config->bottom) {
        pad(row, 0, config->width * channels, config->padding);
        return;
    }
    pad(row, 0, config->left * channels, config->padding);
    pad(row, config->right * channels, config->width * channels, config->padding);
    const coincell_picture_place place = config->rows[y - config->top];
    const int32_t line = config->source_width * deep;
    const uint8_t *upper = pixels + place.first * line;
    const uint8_t *lower = place.weight ? upper + line : upper;
    const coincell_picture_place *column = config->columns;
    row += config->left * channels;
    for (int32_t x = config->left; x < config->right; x++, column++) {
        const uint8_t *a = upper + column->first * deep, *b = lower + column->first * deep;
        const int32_t next = column->weight ? deep : 0;
        uint32_t color[3];
        for (int32_t c = 0; c < deep; c++)
            color[c] = between(a + c, b + c, next, column->weight, place.weight);
        if (deep == 3 && channels == 1) color[0] = gray_of(color[0], color[1], color[2]);
        for (int32_t c = 0; c < channels; c++) *row++ = value_of(config, color[deep == 3 ? c : 0]);
    }
}
