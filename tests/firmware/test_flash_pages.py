"""The key in the chip's flash: a power cut at any word leaves no half of a key that signs."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.firmware import device_sources
from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library

REGISTERS = """
#include <stdint.h>
#define SIM_WORDS 32
extern uint32_t sim_uicr[SIM_WORDS], sim_pofcon, sim_pofwarn, sim_config, sim_partial, sim_page;
uint32_t sim_ready(void);
#define POWER_EVENTS_POFWARN sim_pofwarn
#define POWER_POFCON sim_pofcon
#define POWER_POFCON_2V1 17u
#define UICR_CUSTOMER(word) (*(volatile uint32_t *)&sim_uicr[word])
#define NVMC_READY sim_ready()
#define NVMC_CONFIG sim_config
#define NVMC_CONFIG_READ 0u
#define NVMC_CONFIG_WRITE 1u
#define NVMC_CONFIG_ERASE 2u
#define NVMC_ERASEPAGEPARTIAL sim_page
#define NVMC_ERASEPAGEPARTIALCFG sim_partial
"""
BOARD = "#define BOARD_LOG_PAGES 4\n#define barrier()\n"
WORDS = 9


@pytest.fixture(scope="module")
def chip() -> ctypes.CDLL:
    firmware = device_sources("firmware")
    sources = c_sources("flash_log") | {
        "firmware/flash_pages.c": firmware["firmware/flash_pages.c"],
        "firmware/flash_pages.h": firmware["firmware/flash_pages.h"],
        "firmware/telemetry_registers.h": REGISTERS,
        "firmware/board.h": BOARD,
        "application/chain.h": "#define APPLICATION_TELEMETRY 1\n",
        "simulated_pages.c": (Path(__file__).parent / "simulated_pages.c").read_text(),
    }
    return ctypes.CDLL(str(build_shared_library("flash_pages", sources)))


def array(key: bytes) -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * 8)(*np.frombuffer(key, "<u4").tolist())


def kept(chip: ctypes.CDLL) -> bytes | None:
    place = (ctypes.c_uint32 * 8)()
    return bytes(place) if chip.flash_key_read(place) else None


keys = st.binary(min_size=32, max_size=32)
cuts = st.tuples(keys, st.integers(1, WORDS), st.integers(0, 0xFFFFFFFF))


@given(st.lists(cuts, max_size=2), keys)
def test_a_cut_leaves_no_key_or_the_whole_of_it(
    chip: ctypes.CDLL, before: list[tuple[bytes, int, int]], last: bytes
) -> None:
    chip.sim_begin()
    for key, operation, rest in before:
        status = chip.sim_keep(array(key), operation, ctypes.c_uint32(rest))
        assert status in (-1, 1), "a word of ones takes no operation"
        if kept(chip) is not None:  # the cut came when all of it stood there
            assert kept(chip) == key
            assert chip.sim_keep(array(last), 0, 0) == 0, "a chip keeps one key"
            break
    else:
        assert chip.sim_keep(array(last), 0, 0) == 1
        assert kept(chip) == last
    assert not chip.sim_hangs(), "an operation while the comparator was on"


def test_after_three_cuts_there_is_no_place_left(chip: ctypes.CDLL) -> None:
    chip.sim_begin()
    for _ in range(3):
        assert chip.sim_keep(array(bytes(32)), 4, ctypes.c_uint32(0xFFFF)) == -1
    assert chip.sim_keep(array(bytes(32)), 0, 0) == 0
    assert kept(chip) is None


def test_nothing_is_written_while_the_power_fails(chip: ctypes.CDLL) -> None:
    chip.sim_begin()
    chip.sim_warn(1)
    assert chip.sim_keep(array(bytes(32)), 0, 0) == 0
    chip.sim_warn(0)
    assert chip.sim_keep(array(bytes(range(32))), 0, 0) == 1
    assert kept(chip) == bytes(range(32))
