/* Many windows in one call: what Python calls. Not part of any firmware. */
#include "anomaly/detector.h"
#include "anomaly/reconstruction.h"

/* features[windows][columns], working memory differences[columns] -> scores[windows]. */
void coincell_anomaly_score_batch(const coincell_anomaly_detector *detector,
                                  int16_t *differences, int32_t windows, const int8_t *features,
                                  int32_t *scores)
{
    for (int32_t w = 0; w < windows; w++, features += detector->columns)
        scores[w] = coincell_anomaly_score(detector, differences, features);
}

/* input[windows][columns], output[windows][columns] -> scores[windows]. */
void coincell_anomaly_reconstruction_batch(const coincell_anomaly_reconstruction *settings,
                                           int32_t windows, const int8_t *input,
                                           const int8_t *output, int32_t *scores)
{
    for (int32_t w = 0; w < windows; w++) {
        scores[w] = coincell_anomaly_reconstruction_score(settings, input, output);
        input += settings->columns;
        output += settings->columns;
    }
}
