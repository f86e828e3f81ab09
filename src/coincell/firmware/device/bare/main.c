/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled model and nothing else, for who measures it: no features, no protocol. It waits before
 * each step; the virtual board writes inputs and reads outputs in RAM meanwhile.
 *
 * The same file is linked without the model to learn what the model adds: its functions are weak,
 * so that they may be missing (that image is never run).
 */
#include "bare/main.h"

#include "bare/model.h"
#include "bare/wait.h"

/* Aligned and sized by 16, as arenas are, so that a model's RAM begins where this ends. */
_Alignas(16) bare_exchange exchange;

int main(void)
{
    for (;;) {
        exchange.status = MODEL_INIT;
        for (int i = 0; i < MODEL_INPUTS; i++) {
            exchange.inputs[i] = MODEL(input)(i);
        }
        for (int i = 0; i < MODEL_OUTPUTS; i++) {
            exchange.outputs[i] = MODEL(output)(i);
        }
        wait_for_interrupt(); /* for inputs */
        exchange.status = MODEL(invoke)();
        wait_for_interrupt(); /* for who reads the outputs */
    }
}
