/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image of a bare model tells of itself: read by the virtual board, by the symbol.
 */
#ifndef COINCELL_BARE_MAIN_H
#define COINCELL_BARE_MAIN_H

#include <stdint.h>

#include "bare/model.h"

typedef struct {
    _Alignas(16) int32_t status;         /* what init, then invoke, returned */
    void *inputs[MODEL_INPUTS];          /* where each input belongs */
    const void *outputs[MODEL_OUTPUTS];  /* where each output is */
} bare_exchange;

extern bare_exchange exchange;

#endif
