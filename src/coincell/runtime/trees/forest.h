/* Trees of thresholds: int8 features -> one sum an output -> int8 scores.

   A tree is walked from its root: left where the node's feature is at most its threshold, else
   right, until a leaf; what the leaf holds is added to the sums. Random forests hold a share of
   every class (or a part of the number) in each leaf, boosted trees one number for one output.

   No step can overflow and no walk can go on for ever, whatever the features are: every table is
   checked by coincell.classical (Python) before it is emitted. */
#ifndef COINCELL_TREES_FOREST_H
#define COINCELL_TREES_FOREST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place in a tree: a node's number, at least 0, or ~ of a leaf's number. */
typedef struct {
    int32_t columns;          /* features of a window */
    int32_t trees;            /* 1 to 32767 */
    int32_t outputs;          /* 1 to 256 */
    int32_t width;            /* numbers a leaf: outputs, or 1 */
    int32_t shift;            /* fraction bits of the sums, 0 to 16 */
    int32_t zero_point;       /* the score of a sum of 0; with softmax of a share of 0 */
    int32_t softmax;          /* 1: sums are logarithms to base 2, scores are shares of 256 */
    const uint16_t *feature;  /* [nodes] */
    const int8_t *threshold;  /* [nodes] */
    const int16_t *child;     /* [nodes][2]: the places left and right, nodes after their parent */
    const int16_t *root;      /* [trees]: a place */
    const uint8_t *output;    /* [trees]: the first sum that the tree adds to */
    const int16_t *leaf;      /* [leaves][width] */
    const int32_t *start;     /* [outputs]: the sums before any tree */
} coincell_trees_forest;

/* features[columns] -> sums[outputs], with shift fraction bits. */
void coincell_trees_sums(const coincell_trees_forest *forest, const int8_t *features,
                         int32_t *sums);

/* sums[outputs] -> scores[outputs]. The first highest sum has the first highest score: scores are
   coarser than sums, and rounding makes no tie that would give the answer to another output. */
void coincell_trees_scores(const coincell_trees_forest *forest, const int32_t *sums,
                           int8_t *scores);

/* distance >= 0 with 16 fraction bits -> 2^-distance with 15 fraction bits, off by less than 4. */
uint32_t coincell_trees_power(uint32_t distance);

#ifdef __cplusplus
}
#endif

#endif
