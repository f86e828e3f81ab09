#define COINCELL_VALUE int16_t
#define COINCELL_SUM int64_t
#include "kernels/resize_bilinear_int16.h"

#include "kernels/bilinear_loops.h"

void coincell_resize_bilinear_int16(const coincell_resize_bilinear_int16_parameters *p,
                                    const int16_t *input, int16_t *output)
{
    coincell_bilinear_image(p, input, output);
}
