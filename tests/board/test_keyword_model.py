"""The public keyword-spotting model behind our own front end: real size, both compilers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.board import BoardClient, VirtualBoard, measure
from coincell.compiler import compile_model
from coincell.errors import ToolchainError
from coincell.features import InputQuantization, make_feature_block
from coincell.firmware import Application, build_host_library, build_image, load_board
from coincell.project import DecisionSettings, MelSettings, WindowForm
from coincell.toolchain import find_cross_compiler


@pytest.fixture(scope="module")
def keyword_application(shared: Path) -> Application:
    tflite = (shared / "models" / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
    model = compile_model(tflite, "kws")
    settings = MelSettings(block="mfcc", frame_ms=30, hop_ms=20, bands=40, coefficients=10)
    return Application(
        model=model,
        features=make_feature_block(settings, WindowForm("sound", 16000, 1, 16000)),
        quantization=InputQuantization(model.inputs[0].scale, model.inputs[0].zero_point),
        decision=DecisionSettings(),
        labels=tuple(f"class {i}" for i in range(12)),
    )


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_board_equals_host_and_costs_add_up(
    keyword_application: Application, compiler: str, tmp_path: Path
) -> None:
    try:
        chosen = find_cross_compiler(prefer=compiler)
    except ToolchainError:
        pytest.skip(f"no {compiler} for Cortex-M4 on this computer")
    generator = np.random.default_rng(3)
    loudness = np.array([[30], [1000], [9000]])
    windows = (generator.standard_normal((3, 16000)) * loudness).clip(-32768, 32767)
    windows = windows.astype(np.int16)
    expected = build_host_library(keyword_application).process(windows)
    image = build_image(keyword_application, load_board("nano33ble"), tmp_path, chosen)
    with VirtualBoard(image) as virtual:
        client = BoardClient(virtual)
        for i, window in enumerate(windows):
            client.reset()
            result = client.process(window)
            np.testing.assert_array_equal(result.features, expected.features[i])
            np.testing.assert_array_equal(result.scores, expected.scores[i])
            assert result.label == expected.labels[i]
        cost = measure(virtual, keyword_application, windows[0])
        time = _time_awake(virtual, client)
        with virtual.learning_waits():
            client.run()
        learned = _time_awake(virtual, client)
    layers = keyword_application.model.layers
    assert [part.symbol for part in cost.layers[1 : 1 + len(layers)]] == [
        layer.symbol for layer in layers
    ]
    assert sum(part.macs for part in cost.layers) == 2_656_768
    assert cost.instructions > 2_656_768 / 2, "two products an instruction is the core's best"
    assert cost.stack_bytes < image.stack_reserved
    assert image.image_flash_bytes > 22_016, "the weights alone"
    literal_waits = time - cost.cycles
    assert 0 < literal_waits < 0.1 * cost.cycles, "a few loads relative to the program counter"
    assert learned == pytest.approx(cost.cycles_flash, rel=0.005)


def _time_awake(virtual: VirtualBoard, client: BoardClient) -> int:
    """Cycles in which the core runs to process the window once more."""
    virtual.activity(restart=True)
    client.run()
    awake: int = virtual.activity()[0]["cycles"]["cpu"]["run"]
    return awake
