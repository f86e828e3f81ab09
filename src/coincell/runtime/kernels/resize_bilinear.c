#include "kernels/resize_bilinear.h"

#include "kernels/bilinear_loops.h"

void coincell_resize_bilinear(const coincell_resize_bilinear_parameters *p, const int8_t *input,
                              int8_t *output)
{
    coincell_bilinear_image(p, input, output);
}
