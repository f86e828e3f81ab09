/* From a sum to an output in the assembly of 3x3 depthwise convolutions; see depthwise_taps.h. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_OUTPUT_ASSEMBLY_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_OUTPUT_ASSEMBLY_H

/* In signed scaling, x less the step, which waits in an FPU register, where it is negative. */
#define COINCELL_STEP(x, spare, step)                                                            \
    ".if %c[stepped]\n\tvmov " spare ", " step "\n\tand " spare ", " spare ", " x ", asr #31\n\t"\
    "sub " x ", " x ", " spare "\n\t.endif\n\t"

/* From x * multiplier >> 32 to the output. */
#define COINCELL_SATURATE(x)                                                                     \
    ".if %c[rounding] > 0\n\tadd " x ", " x ", #%c[rounding]\n\t.endif\n\t"                      \
    ".if %c[rounding] < 0\n\tsub " x ", " x ", #-(%c[rounding])\n\t.endif\n\t"                   \
    "ssat " x ", #8, " x ", asr %[shift]\n\t"                                                    \
    ".if %c[least] > -128\n\tcmp " x ", %[least]\n\tit lt\n\tmovlt " x ", %[least]\n\t.endif\n\t"\
    ".if %c[most] < 127\n\tcmp " x ", %[most]\n\tit gt\n\tmovgt " x ", %[most]\n\t.endif\n\t"

/* The operands that these need. */
#define COINCELL_SCALING(p)                                                                      \
    [stepped] "i"((p)->is_signed), [rounding] "i"((p)->rounding), [shift] "i"((p)->shift),       \
    [least] "i"((p)->clamp_min), [most] "i"((p)->clamp_max)

#endif
