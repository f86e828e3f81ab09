"""What C is made for: cores with and without fast kernels of their own."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.errors import UserError


@dataclass(frozen=True)
class Target:
    """A kind of processor.

    Attributes:
        name: as a user types it.
        title: for people.
        core: what the toolchain calls it; "" where any C compiler will do.
        dsp: whether the kernels for Armv7E-M's DSP instructions are used. Their C also runs
            elsewhere, through a C model of the instructions, with the same bits.
    """

    name: str
    title: str
    core: str = ""
    dsp: bool = False


GENERIC = Target("generic", "any processor")

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("cortex-m4", "Arm Cortex-M4F", "cortex-m4f", dsp=True),
        Target("cortex-m33", "Arm Cortex-M33 with the DSP and FPU extensions", "cortex-m33f", True),
        Target("cortex-m7", "Arm Cortex-M7 with a single-precision FPU", "cortex-m7f", dsp=True),
        Target("cortex-m0plus", "Arm Cortex-M0+", "cortex-m0plus"),
        Target("riscv32", "32-bit RISC-V (RV32IMC)", "riscv32"),
        GENERIC,
        Target("host", "this computer", "host"),
    )
}
"""Every target that is not a board, by name; a board's name stands for its core."""


def target_of_core(core: str) -> Target:
    """The target whose code a core runs, such as a board's.

    Raises:
        UserError: there is none.
    """
    for target in TARGETS.values():
        if target.core == core:
            return target
    known = ", ".join(target.core for target in TARGETS.values() if target.core)
    raise UserError(f"No code can be made for the core {core!r}.", hint=f"Known cores: {known}.")
