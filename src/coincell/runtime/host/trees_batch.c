/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "trees/forest.h"

/* features[windows][columns] -> sums[windows][outputs], scores[windows][outputs]. */
void coincell_trees_batch(const coincell_trees_forest *forest, int32_t windows,
                          const int8_t *features, int32_t *sums, int8_t *scores)
{
    for (int32_t w = 0; w < windows; w++) {
        coincell_trees_sums(forest, features, sums);
        coincell_trees_scores(forest, sums, scores);
        features += forest->columns;
        sums += forest->outputs;
        scores += forest->outputs;
    }
}
