/* The type of the values that a kernel's loops go over: int8_t, unless the kernel's C file names
 * another one before it includes anything. */
#ifndef COINCELL_KERNELS_VALUE_H
#define COINCELL_KERNELS_VALUE_H

#include <stdint.h>

#ifndef COINCELL_VALUE
#define COINCELL_VALUE int8_t
#endif

typedef COINCELL_VALUE coincell_value;

#endif
