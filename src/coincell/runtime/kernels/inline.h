#ifndef COINCELL_KERNELS_INLINE_H
#define COINCELL_KERNELS_INLINE_H

/* For a function that is always part of its caller, so that what is constant there is constant. */
#if defined(__GNUC__) || defined(__clang__)
#define COINCELL_INLINE static inline __attribute__((always_inline))
#else
#define COINCELL_INLINE static inline
#endif

#endif
