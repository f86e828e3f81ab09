#include "features/picture.h"

enum { WEIGHT_BITS = 11, ONE = 1 << WEIGHT_BITS };

/* One channel of four neighbours, two of `upper` and two of `lower`, `next` apart
   -> the colour between them in 1/256, rounded; at most 255 * 256. */
static inline uint32_t between(const uint8_t *upper, const uint8_t *lower, int32_t next,
                               int32_t right, int32_t down)
{
    const int32_t above = upper[0] * ONE + (upper[next] - upper[0]) * right;
    const int32_t below = lower[0] * ONE + (lower[next] - lower[0]) * right;
    const int32_t drop = 2 * WEIGHT_BITS - 8;
    return (uint32_t)((above * ONE + (below - above) * down + (1 << (drop - 1))) >> drop);
}

/* Colours in 1/256 -> gray in 1/256; the weights of 1/65536 sum to 1. */
static inline uint32_t gray_of(uint32_t red, uint32_t green, uint32_t blue)
{
    return (red * 19595u + green * 38470u + blue * 7471u + 32768u) >> 16;
}

/* row[from .. to - 1] becomes `padding`. */
static void pad(int16_t *row, int32_t from, int32_t to, int32_t padding)
{
    for (int32_t i = from; i < to; i++) row[i] = (int16_t)padding;
}

/* Two lines of a source of `deep` channels, `down` / 2048 of the way from one to the other
   -> row[right - left][channels]. Both numbers of channels are known where this is called, so that
   no loop over them is left. */
static inline void fill(const coincell_picture_config *config, const uint8_t *upper,
                        const uint8_t *lower, int32_t down, int32_t deep, int32_t channels,
                        int16_t *row)
{
    const coincell_picture_place *column = config->columns;
    const int32_t halvings = config->halvings, offset = config->offset;
    for (int32_t left = config->right - config->left; left > 0; left--, column++) {
        const int32_t first = column->first * deep, right = column->weight;
        const int32_t next = right ? deep : 0;
        uint32_t color[3] = {0, 0, 0};
        for (int32_t c = 0; c < deep; c++)
            color[c] = between(upper + first + c, lower + first + c, next, right, down);
        if (deep == 3 && channels == 1) color[0] = gray_of(color[0], color[1], color[2]);
        for (int32_t c = 0; c < channels; c++)
            *row++ = (int16_t)((int32_t)(color[deep == 3 ? c : 0] >> halvings) + offset);
    }
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
    const int32_t line = config->source_width * deep, down = place.weight;
    const uint8_t *upper = pixels + place.first * line;
    const uint8_t *lower = down ? upper + line : upper;
    row += config->left * channels;
    if (deep == 1 && channels == 1)
        fill(config, upper, lower, down, 1, 1, row);
    else if (deep == 1)
        fill(config, upper, lower, down, 1, 3, row);
    else if (channels == 1)
        fill(config, upper, lower, down, 3, 1, row);
    else
        fill(config, upper, lower, down, 3, 3, row);
}
