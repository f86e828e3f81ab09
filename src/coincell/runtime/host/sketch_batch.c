/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "sketch/report.h"
#include "sketch/sketch.h"

/* features[windows][rows][columns], scores[windows][labels] (null when labels is 0),
   score[windows], labels[windows], samples[windows][steps][channels] of sample_bytes. */
void coincell_sketch_add_batch(const coincell_sketch_plan *plan, coincell_sketch *sketch,
                               int32_t windows, int32_t steps, const int8_t *features,
                               const int8_t *scores, const int32_t *score, const int32_t *labels,
                               const uint8_t *samples)
{
    const int64_t feature_count = (int64_t)plan->rows * plan->columns;
    const int64_t block_bytes = (int64_t)steps * plan->channels * plan->sample_bytes;
    for (int32_t w = 0; w < windows; w++) {
        const coincell_sketch_window window = {
            .features = features + w * feature_count,
            .scores = scores + (int64_t)w * plan->labels,
            .score = score[w],
            .label = labels[w],
            .samples = samples + w * block_bytes,
            .steps = steps,
        };
        coincell_sketch_add(plan, sketch, &window);
    }
}
