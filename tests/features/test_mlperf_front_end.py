"""A public model, trained elsewhere on features made elsewhere, behind this front end."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from coincell.compiler import oracle_available


@pytest.mark.slow
@pytest.mark.skipif(not oracle_available(), reason="needs the tflite-micro package")
def test_the_public_model_hears_at_least_nine_of_ten(repository: Path, shared: Path) -> None:
    benchmark = runpy.run_path(str(repository / "benchmarks" / "mlperf_kws_front_end.py"))
    result = benchmark["measure"](shared)
    assert result["clips"] == 594
    assert result["accuracy"]["value"] >= 0.90
    assert result["accuracy"]["value"] > result["accuracy_of_reference_features"]["value"] - 0.01
    assert result["generated_c_equals_oracle"]
    assert result["difference_from_reference_lsb"]["median"] < 0.6
    assert result["difference_from_reference_lsb"]["percentile_95"] < 1.2
