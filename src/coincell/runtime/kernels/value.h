/* The types that a kernel's loops go over: of values and of sums of their products. int8_t and
 * int32_t, unless the kernel's C file names others before it includes anything. */
#ifndef COINCELL_KERNELS_VALUE_H
#define COINCELL_KERNELS_VALUE_H

#include <stdint.h>

#ifndef COINCELL_VALUE
#define COINCELL_VALUE int8_t
#endif

#ifndef COINCELL_SUM
#define COINCELL_SUM int32_t
#endif

typedef COINCELL_VALUE coincell_value;
typedef COINCELL_SUM coincell_sum;

#endif
