"""What one window costs: sums, repeatability, flash loads and stack against counts by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.board import Measurement, VirtualBoard, measure
from coincell.board.owners import owner_table
from coincell.errors import BoardError, ToolchainError
from coincell.firmware import Application, build_image, load_board
from coincell.toolchain import find_cross_compiler
from stand_in import (
    CLASSES,
    FEATURES,
    HIDDEN,
    StandInLayer,
    StandInNetwork,
    random_windows,
    stand_in_application,
)


@pytest.fixture(scope="module")
def measurement(running: VirtualBoard, application: Application) -> Measurement:
    running.restart()
    return measure(running, application, random_windows(1)[0])


def test_parts_sum_to_the_total(measurement: Measurement) -> None:
    for field in ("instructions", "cycles", "flash_loads"):
        total = sum(getattr(part, field) for part in measurement.layers)
        assert total == getattr(measurement, field)
    names = [part.name for part in measurement.layers]
    assert names == ["features", "dense 0", "dense 1", "decision", "dispatch"]
    assert all(part.instructions > 0 for part in measurement.layers)
    assert all(part.cycles >= part.instructions for part in measurement.layers)


def test_time_follows_from_cycles_as_the_board_says(measurement: Measurement) -> None:
    assert measurement.cycles_flash == measurement.cycles + 3 * measurement.flash_loads
    assert measurement.latency_ms == pytest.approx(measurement.cycles_flash / 64e3)
    assert measurement.latency_range_ms[0] <= measurement.latency_ms
    assert measurement.latency_range_ms[1] == pytest.approx(1.5 * measurement.latency_ms)
    assert measurement.inferences_per_second == pytest.approx(1000 / measurement.latency_ms)


def test_layers_carry_what_they_compute(measurement: Measurement) -> None:
    features, first, second, *_ = measurement.layers
    assert (first.macs, second.macs, features.macs) == (FEATURES * HIDDEN, HIDDEN * CLASSES, 0)
    assert first.ops == ("fully_connected",)
    assert features.ops == ()


def test_each_weight_is_one_load_from_flash(measurement: Measurement) -> None:
    """The stand-in's kernel loads a weight a product; beside these only literals."""
    for part in measurement.layers[1:3]:
        assert part.macs <= part.flash_loads <= part.macs + 8


def test_a_window_costs_the_same_again_and_after_others(
    running: VirtualBoard, application: Application, measurement: Measurement
) -> None:
    windows = random_windows(3)
    measure(running, application, windows[2])
    assert measure(running, application, windows[0]) == measurement


def test_another_window_may_cost_otherwise(
    running: VirtualBoard, application: Application, measurement: Measurement
) -> None:
    silence = measure(running, application, np.zeros(1600, np.int16))
    assert silence.layers[0].instructions != measurement.layers[0].instructions


def test_the_stack_is_measured_to_the_byte(tmp_path: Path) -> None:
    """Room taken by a function that fills all of it shows in the painted stack."""
    peaks = []
    for words in (100, 400):
        deep = (
            "__attribute__((noinline, used)) void deep(void);\n"
            "__attribute__((naked, noinline, used)) void deep(void)\n"
            f'{{ __asm volatile("sub sp, sp, #{4 * words}\\n mov r0, #{words}\\n mov r1, sp\\n'
            "1: str r0, [r1], #4\\n subs r0, r0, #1\\n bne 1b\\n"
            f' add sp, sp, #{4 * words}\\n bx lr\\n"); }}\n'
        )
        plain = StandInNetwork(invoke="deep();")
        network = StandInNetwork(
            invoke=plain.invoke, more_sources={"tiny.c": deep + plain.sources["tiny.c"]}
        )
        application = stand_in_application(network)
        image = build_image(application, load_board("nano33ble"), tmp_path / str(words))
        with VirtualBoard(image) as virtual:
            peaks.append(measure(virtual, application, random_windows(1)[0]).stack_bytes)
    assert peaks[1] - peaks[0] == 1200


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_layers_alike_keep_costs_of_their_own(tmp_path: Path, compiler: str) -> None:
    """Two layers with the same code on the same buffer must not become one function."""
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    again = """
        __attribute__((noinline)) static void tiny_layer_0{}_again(void)
        {{ stand_in_dense(input, first, hidden, 8, 32, 7); }}
    """
    plain = StandInNetwork(invoke="tiny_layer_02_again(); tiny_layer_03_again();")
    source = plain.sources["tiny.c"].replace(
        "int tiny_init", again.format(2) + again.format(3) + "int tiny_init", 1
    )

    class Repeating(StandInNetwork):
        @property
        def layers(self) -> tuple[StandInLayer, ...]:
            names = ("tiny_layer_02_again", "tiny_layer_03_again")
            return tuple(StandInLayer(name, name, "dense", 256) for name in names)

    application = stand_in_application(
        Repeating(plain.name, plain.invoke, more_sources={"tiny.c": source})
    )
    image = build_image(application, load_board("nano33ble"), tmp_path, chosen)
    with VirtualBoard(image) as virtual:
        _, second, third, *_ = measure(virtual, application, random_windows(1)[0]).layers
    assert second.instructions == third.instructions > 256


def test_an_image_without_the_chain_is_refused(running: VirtualBoard) -> None:
    class Renamed(StandInNetwork):
        @property
        def layers(self) -> tuple[StandInLayer, ...]:
            return (StandInLayer("other", "tiny_layer_99_other", "other", 1),)

    other = stand_in_application(Renamed())
    with pytest.raises(BoardError, match="tiny_layer_99_other"):
        owner_table(running.elf, running.board, other)


def test_ctrl_c_stays_ctrl_c(
    measurement: Measurement,
    application: Application,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped amid an answer, the rest of it is not taken for the next one."""
    del measurement
    image = build_image(application, load_board("nano33ble"), tmp_path)
    with VirtualBoard(image) as virtual:
        ask, read = virtual.emulator.ask, virtual.emulator._read

        def stopped_half_way(count: int) -> bytes:
            read(count // 2)
            raise KeyboardInterrupt

        def ask_until_watched(do: str, *words: object, **named: object) -> object:
            answer = ask(do, *words, **named)  # type: ignore[arg-type]
            if do == "watch":
                monkeypatch.setattr(virtual.emulator, "_read", stopped_half_way)
            return answer

        monkeypatch.setattr(virtual.emulator, "ask", ask_until_watched)
        with pytest.raises(KeyboardInterrupt):
            measure(virtual, application, random_windows(1)[0])
