"""The instructions of Armv7E-M: their C model on this computer, and the real ones on the board.

Both are held to what the Armv7-M architecture's reference manual says, written down here in
Python's unbounded integers.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from board.bare import emulated, link_bare
from coincell.errors import ToolchainError
from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library, find_cross_compiler

Words = NDArray[np.uint32]
Rule = Callable[[int, int, int], int]


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _bottom(word: int) -> int:
    return _signed(word, 16)


def _top(word: int) -> int:
    return _signed(word >> 16, 16)


def _pair(bottom: int, top: int) -> int:
    return (bottom & 0xFFFF) | (top & 0xFFFF) << 16


def _clip_signed(value: int, bits: int) -> int:
    return min(max(value, -(1 << (bits - 1))), (1 << (bits - 1)) - 1)


def _dual(a: int, b: int) -> int:
    return _bottom(a) * _bottom(b) + _top(a) * _top(b)


def _product(a: int, b: int) -> int:
    return _signed(a, 32) * _signed(b, 32)


def _extended(word: int, first: int) -> tuple[int, int]:
    return _signed(word >> first * 8, 8), _signed(word >> (first + 2) * 8, 8)


def _extended_sum(pair: int, word: int, first: int) -> int:
    low, high = _extended(word, first)
    return _pair(_bottom(pair) + low, _top(pair) + high)


def _each_byte(a: int, b: int, choose: Callable[[int, int], int]) -> int:
    pairs = ((_signed(a >> place, 8), _signed(b >> place, 8)) for place in range(0, 32, 8))
    return int.from_bytes(bytes(choose(*pair) & 0xFF for pair in pairs), "little")


RULES: dict[str, Rule] = {
    "coincell_smlabb(A, B, C)": lambda a, b, c: c + _bottom(a) * _bottom(b),
    "coincell_smlabt(A, B, C)": lambda a, b, c: c + _bottom(a) * _top(b),
    "coincell_smlatb(A, B, C)": lambda a, b, c: c + _top(a) * _bottom(b),
    "coincell_smlatt(A, B, C)": lambda a, b, c: c + _top(a) * _top(b),
    "coincell_smuad(A, B)": lambda a, b, c: _dual(a, b),
    "coincell_smlad(A, B, C)": lambda a, b, c: c + _dual(a, b),
    "coincell_smmul(A, B)": lambda a, b, c: _product(a, b) >> 32,
    "coincell_smmulr(A, B)": lambda a, b, c: (_product(a, b) + (1 << 31)) >> 32,
    "coincell_smmla(A, B, C)": lambda a, b, c: c + (_product(a, b) >> 32),
    "coincell_smlawb((int32_t)A, B, C)": lambda a, b, c: c + (_signed(a, 32) * _bottom(b) >> 16),
    "coincell_smlawt((int32_t)A, B, C)": lambda a, b, c: c + (_signed(a, 32) * _top(b) >> 16),
    "coincell_sxtb16(A)": lambda a, b, c: _pair(*_extended(a, 0)),
    "coincell_sxtb16_ror8(A)": lambda a, b, c: _pair(*_extended(a, 1)),
    "coincell_sxtab16(A, B)": lambda a, b, c: _extended_sum(a, b, 0),
    "coincell_sxtab16_ror8(A, B)": lambda a, b, c: _extended_sum(a, b, 1),
    "coincell_pkhbt(A, B, 0)": lambda a, b, c: _pair(a, _top(b)),
    "coincell_pkhbt(A, B, 16)": lambda a, b, c: _pair(a, b),
    "coincell_pkhbt(A, B, 8)": lambda a, b, c: _pair(a, b >> 8),
    "coincell_pkhtb(A, B, 16)": lambda a, b, c: _pair(_top(b), _top(a)),
    "coincell_pkhtb(A, B, 31)": lambda a, b, c: _pair(_signed(b, 32) >> 31, _top(a)),
    "coincell_pkhtb(A, B, 5)": lambda a, b, c: _pair(_signed(b, 32) >> 5, _top(a)),
    "coincell_ssat(A, 8, 0)": lambda a, b, c: _clip_signed(_signed(a, 32), 8),
    "coincell_ssat(A, 8, 24)": lambda a, b, c: _clip_signed(_signed(a, 32) >> 24, 8),
    "coincell_ssat(A, 16, 31)": lambda a, b, c: _clip_signed(_signed(a, 32) >> 31, 16),
    "coincell_ssat(A, 1, 1)": lambda a, b, c: _clip_signed(_signed(a, 32) >> 1, 1),
    "coincell_ssat(A, 32, 3)": lambda a, b, c: _signed(a, 32) >> 3,
    "coincell_max8(A, B)": lambda a, b, c: _each_byte(a, b, max),
}


def _operands() -> Words:
    """[3, n]: every mixture of hard words, then random ones."""
    hard = [0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x80008000, 0x7FFF7FFF, 0x7F808180]
    mixed = np.stack(np.meshgrid(hard, hard, hard), 0).reshape(3, -1)
    random = np.random.default_rng(0).integers(0, 1 << 32, (3, 400))
    return np.concatenate([mixed, random], 1).astype(np.uint32)


def _harness(operands: Words) -> str:
    """C that computes every rule on all operands, into `results` [rules, n]."""
    count = operands.shape[1]
    arrays = "\n".join(
        f"static const uint32_t {name}[{count}] = {{{', '.join(f'{value}u' for value in values)}}};"
        for name, values in zip("abc", operands.tolist(), strict=True)
    )
    lines = "\n".join(
        f"        results[{rule}][i] = (uint32_t){call};" for rule, call in enumerate(RULES)
    )
    return f"""
#include "kernels/dsp/instructions.h"
{arrays}
#define A a[i]
#define B b[i]
#define C c[i]
uint32_t results[{len(RULES)}][{count}];
void image_main(void);
void image_main(void)
{{
    (void)c;
    for (int i = 0; i < {count}; ++i) {{
{lines}
    }}
}}
"""


def _expected(operands: Words) -> Words:
    rows = [
        [
            rule(a, b, _signed(c, 32)) & 0xFFFFFFFF
            for a, b, c in zip(*operands.tolist(), strict=True)
        ]
        for rule in RULES.values()
    ]
    return np.array(rows, np.uint64).astype(np.uint32)


def _compare(found: Words, operands: Words) -> None:
    expected = _expected(operands)
    for call, got, right in zip(RULES, found, expected, strict=True):
        wrong = np.flatnonzero(got != right)[:1]
        assert not wrong.size, (call, [hex(word) for word in operands[:, wrong[0]]], got[wrong])


_NOT_INSTRUCTIONS = {"load_word", "store_word", "in_register", "store_byte"}


def test_each_instruction_has_a_rule_and_a_kernel() -> None:
    sources = c_sources("kernels")
    header = sources["kernels/dsp/instructions.h"]
    given = set(re.findall(r"coincell_(\w+)\(\w", header))
    given |= set(re.findall(r"^COINCELL_(?:ACCUMULATE|COMBINE|EXTEND)\w*\((\w+)", header, re.M))
    given -= _NOT_INSTRUCTIONS
    ruled = {re.split(r"coincell_|\(|_ror8", call)[1] for call in RULES}
    assert given == ruled
    kernels = "\n".join(text for path, text in sources.items() if "/instructions" not in path)
    assert [name for name in given if f"coincell_{name}(" not in kernels] == []


def test_the_model(tmp_path: Path) -> None:
    operands = _operands()
    sources = {**c_sources("kernels"), "harness.c": _harness(operands)}
    library = ctypes.CDLL(str(build_shared_library("instructions", sources, flags=("-O2",))))
    library.image_main()
    words = ctypes.c_uint32 * (len(RULES) * operands.shape[1])
    found = np.frombuffer(words.in_dll(library, "results"), np.uint32)
    _compare(found.reshape(len(RULES), -1), operands)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_the_instructions(tmp_path: Path, compiler: str) -> None:
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    operands = _operands()
    headers = {path: text for path, text in c_sources("kernels").items() if path.endswith(".h")}
    image = link_bare({**headers, "main.c": _harness(operands)}, tmp_path, chosen)
    main = image.parsed.symbol("image_main")
    listed = _mnemonics(image.parsed.code(main.address, main.size))
    for call in RULES:
        name = call.removeprefix("coincell_").split("(")[0].removesuffix("_ror8")
        real = "sel" if name == "max8" else name
        assert real in listed, f"{name} is not an instruction in the image"
    with emulated(image) as emulator:
        emulator.ask("run", budget=1 << 40)
        symbol = image.parsed.symbol("results")
        _, raw = emulator.ask("read", address=symbol.address, count=symbol.size)
    _compare(np.frombuffer(raw, np.uint32).reshape(len(RULES), -1), operands)


def _mnemonics(code: bytes) -> set[str]:
    """Names of the instructions in `code`; constants between them are passed over."""
    import capstone

    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    decoder.skipdata = True
    return {mnemonic.split(".")[0] for _, _, mnemonic, _ in decoder.disasm_lite(code, 0)}
