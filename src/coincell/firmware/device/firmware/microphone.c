/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h over microphone.h.
 */
#include "firmware/source.h"

#if MICROPHONE

int source_start(void)
{
    microphone_start();
    return 0;
}

void source_stop(void)
{
    microphone_stop();
}

int source_ready(void)
{
    return microphone_ready();
}

int source_take(source_block *block)
{
    block->values = microphone_block(&block->lost);
    block->count = MICROPHONE_BLOCK_SAMPLES;
    block->status = 0;
    return block->values != 0;
}

void source_release(void)
{
    microphone_release();
}

#endif
