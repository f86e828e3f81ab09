#include "anomaly/detector.h"

#include "anomaly/integers.h"

/* ln(1 + exp(-i / 16)) with 16 fraction bits, for i = 0 ... 192 */
static const uint16_t join_table[193] = {
    45426, 43410, 41458, 39570, 37745, 35983, 34283, 32646, 31069, 29553, 28095, 26696,
    25354, 24068, 22836, 21657, 20530, 19453, 18425, 17445, 16510, 15620, 14773, 13966,
    13200, 12471, 11780, 11123, 10500,  9910,  9350,  8820,  8318,  7843,  7394,  6969,
     6567,  6187,  5829,  5490,  5170,  4868,  4583,  4315,  4061,  3822,  3597,  3384,
     3184,  2996,  2818,  2651,  2493,  2345,  2205,  2074,  1950,  1833,  1724,  1620,
     1523,  1432,  1346,  1265,  1189,  1118,  1051,   988,   928,   872,   820,   770,
      724,   680,   639,   601,   565,   530,   498,   468,   440,   414,   389,   365,
      343,   322,   303,   284,   267,   251,   236,   222,   208,   196,   184,   173,
      162,   152,   143,   135,   126,   119,   112,   105,    98,    92,    87,    82,
       77,    72,    68,    64,    60,    56,    53,    50,    47,    44,    41,    39,
       36,    34,    32,    30,    28,    27,    25,    23,    22,    21,    19,    18,
       17,    16,    15,    14,    13,    13,    12,    11,    10,    10,     9,     9,
        8,     8,     7,     7,     6,     6,     6,     5,     5,     5,     4,     4,
        4,     4,     3,     3,     3,     3,     3,     2,     2,     2,     2,     2,
        2,     2,     2,     1,     1,     1,     1,     1,     1,     1,     1,     1,
        1,     1,     1,     1,     1,     1,     1,     1,     1,     0,     0,     0,
        0,
};

int64_t coincell_anomaly_join(int64_t a, int64_t b)
{
    const int64_t least = a < b ? a : b;
    const int64_t between = a < b ? b - a : a - b;
    if (between >= INT64_C(12) << COINCELL_ANOMALY_NAT_BITS) return least;
    const uint32_t index = (uint32_t)between >> 12, rest = (uint32_t)between & 0xFFF;
    const uint32_t left = join_table[index], right = join_table[index + 1];
    return least - (int64_t)(left - (((left - right) * rest + 0x800) >> 12));
}

/* features[columns], centre[columns] -> one difference with 7 fraction bits, within +-32640. */
static inline int32_t difference_at(const int8_t *features, const int16_t *centre, int32_t column)
{
    return features[column] * (1 << COINCELL_ANOMALY_CENTRE_BITS) - centre[column];
}

/* features[columns], centre[columns] -> sum of squared differences, times the precision. */
static uint64_t spherical(int32_t columns, const int8_t *features, const int16_t *centre,
                          uint32_t precision)
{
    uint64_t sum = 0;
    for (int32_t j = 0; j < columns; j++) {
        const int32_t d = difference_at(features, centre, j);
        sum += (uint32_t)(d * d);
    }
    return coincell_anomaly_scale(sum, precision);
}

/* features[columns], centre[columns], precision[columns] -> weighted sum of squares. */
static uint64_t diagonal(int32_t columns, const int8_t *features, const int16_t *centre,
                         const uint32_t *precision)
{
    uint64_t sum = 0;
    for (int32_t j = 0; j < columns; j++) {
        const int32_t d = difference_at(features, centre, j);
        sum += (uint64_t)(uint32_t)(d * d) * precision[j];
    }
    return sum;
}

/* differences[columns], factor[columns (columns + 1) / 2], row_shift[columns]
   -> sum of the rows' squares. */
static uint64_t triangular(int32_t columns, const int16_t *differences, const int16_t *factor,
                           const uint8_t *row_shift)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < columns; i++) {
        int64_t row = row_shift[i] ? INT64_C(1) << (row_shift[i] - 1) : 0;
        for (int32_t j = 0; j <= i; j++) row += factor[j] * differences[j];
        factor += i + 1;
        const int32_t z = (int32_t)(row >> row_shift[i]);
        sum += (uint64_t)((int64_t)z * z);
    }
    return sum;
}

/* features[columns], differences[columns] as working memory -> the form of one centre, in the
   common unit. */
static uint64_t form_of(const coincell_anomaly_detector *detector, int32_t k,
                        int16_t *differences, const int8_t *features)
{
    const int32_t columns = detector->columns;
    const int16_t *const centre = detector->centre + k * columns;
    uint64_t sum;
    if (detector->shape == COINCELL_ANOMALY_SPHERICAL) {
        sum = spherical(columns, features, centre, detector->precision[k]);
    } else if (detector->shape == COINCELL_ANOMALY_DIAGONAL) {
        sum = diagonal(columns, features, centre, detector->precision + k * columns);
    } else {
        for (int32_t j = 0; j < columns; j++)
            differences[j] = (int16_t)difference_at(features, centre, j);
        sum = triangular(columns, differences,
                         detector->factor + k * (columns * (columns + 1) / 2),
                         detector->row_shift + k * columns);
    }
    return coincell_anomaly_round(sum, detector->form_shift[k]);
}

int32_t coincell_anomaly_score(const coincell_anomaly_detector *detector, int16_t *differences,
                               const int8_t *features)
{
    uint64_t least = UINT64_MAX;
    int64_t nats = 0;
    for (int32_t k = 0; k < detector->centres; k++) {
        const uint64_t form = form_of(detector, k, differences, features);
        if (!detector->likelihood) {
            least = form < least ? form : least;
        } else {
            const int64_t own = (int64_t)form + detector->constant[k];
            nats = k == 0 ? own : coincell_anomaly_join(nats, own);
        }
    }
    if (!detector->likelihood) return (int32_t)coincell_anomaly_square_root(least);
    const int32_t shift = detector->score_shift;
    return (int32_t)((nats + (shift ? INT64_C(1) << (shift - 1) : 0)) >> shift);
}
