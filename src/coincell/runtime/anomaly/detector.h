/* How strange a window is: its int8 features against the centres of what is normal.

   With x = the features, c = a centre and k over the centres, in real numbers:
     distance                min over k of sqrt(Q_k(x - c_k))
     negative log likelihood -ln sum over k of exp(-(Q_k(x - c_k) / 2 + constant_k))
   where the quadratic form Q_k has one of three shapes:
     spherical   p_k sum over j of d_j^2
     diagonal    sum over j of p_kj d_j^2
     triangular  sum over i of (sum over j <= i of f_kij d_j)^2     f: a factor of the precision
   k-means is the distance with spherical forms (p = 1 / spread^2), Mahalanobis the distance with
   one triangular form, a Gaussian mixture the negative log likelihood.

   No step can overflow, whatever the features are: coincell.anomaly (Python) chooses every shift
   from bounds over all int8 features, and refuses what fits no shift. */
#ifndef COINCELL_ANOMALY_DETECTOR_H
#define COINCELL_ANOMALY_DETECTOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COINCELL_ANOMALY_SPHERICAL 0
#define COINCELL_ANOMALY_DIAGONAL 1
#define COINCELL_ANOMALY_TRIANGULAR 2

/* Fraction bits of the centres, and of nats before the score's last shift. */
#define COINCELL_ANOMALY_CENTRE_BITS 7
#define COINCELL_ANOMALY_NAT_BITS 16

typedef struct {
    int32_t columns;           /* features of a window, 1 to 4096 */
    int32_t centres;           /* 1 to 64 */
    int32_t shape;             /* of the forms: one of the three above */
    int32_t likelihood;        /* 1: negative log likelihood; 0: distance */
    int32_t score_shift;       /* likelihood: from nats with 16 fraction bits to the score */
    const int16_t *centre;     /* [centres][columns], with 7 fraction bits */
    const uint32_t *precision; /* spherical [centres]; diagonal [centres][columns] */
    const int16_t *factor;     /* triangular [centres][columns (columns + 1) / 2], row by row */
    const uint8_t *row_shift;  /* triangular [centres][columns], 0 to 62: of each row's sum */
    const uint8_t *form_shift; /* [centres], 0 to 62: from a form's sum to the common unit */
    const int32_t *constant;   /* likelihood [centres], nats with 16 fraction bits */
} coincell_anomaly_detector;

/* features[columns], working memory differences[columns] (triangular; else unused)
   -> the score: the higher, the stranger. */
int32_t coincell_anomaly_score(const coincell_anomaly_detector *detector, int16_t *differences,
                               const int8_t *features);

/* a, b in nats with 16 fraction bits, |a|, |b| < 2^61 -> -ln(exp(-a) + exp(-b)), the same.
   A table of steps of 1/16 with straight lines between: the error is below 1.5e-4. */
int64_t coincell_anomaly_join(int64_t a, int64_t b);

#ifdef __cplusplus
}
#endif

#endif
