/* A picture cut and brought to the network's size: bilinear, in integers.

   Pixels are squares: output pixel i of `width` covers the source from i to i + 1 widths of
   1 / width; its colour is that of the source at its centre, on straight lines between the
   centres of the source's pixels, the outermost of which go on to the edge. */
#ifndef COINCELL_FEATURES_PICTURE_H
#define COINCELL_FEATURES_PICTURE_H

#include <stdint.h>

/* Where one output column or row lies in the source: between pixel `first` and the next one. */
typedef struct {
    uint16_t first;  /* the last pixel only where `weight` is 0 */
    uint16_t weight; /* of the next pixel, in 1/2048 */
} coincell_picture_place;

/* What never changes, made once by coincell.features (Python). */
typedef struct {
    int32_t source_width;    /* pixels a row of the source */
    int32_t source_channels; /* 1 gray, 3 red, green, blue */
    int32_t width, height;   /* of the output */
    int32_t channels;        /* of the output: 1 or 3 */
    int32_t left, right;     /* output columns left .. right - 1 show the source, others padding */
    int32_t top, bottom;     /* and these rows */
    int32_t padding;         /* the value around the source */
    int32_t halvings;        /* a colour in 1/256 is divided by 2^halvings, 0 or 1, */
    int32_t offset;          /* and the offset is added */
    const coincell_picture_place *columns; /* [right - left] */
    const coincell_picture_place *rows;    /* [bottom - top] */
} coincell_picture_config;

/* pixels[source height][source_width][source_channels], y of the output -> row[width][channels],
   fixed point. Gray is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). */
void coincell_picture_row(const coincell_picture_config *config, const uint8_t *pixels, int32_t y,
                          int16_t *row);

#endif
