"""A project's exports in every format, built for this computer, asked for their self-test."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.features import FeatureBlock
from coincell.firmware import EXPORT_FORMATS, ExportResult
from coincell.pipeline import Demand, export_project, run_until
from coincell.pipeline.device_model import device_model
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stages.features import feature_block
from coincell.project import Project
from exported_sketches import SHIM, SKETCH_FLAGS
from exporting import HERE, WARNINGS, compile_folder, cpp_compiler, environment, must, run

_ZEPHYR = HERE / "zephyr_shim"
_QUICK = "-O0"


def check_exports(project: Project, out: Path) -> None:
    """Each format's program passes its self-test, and that says what Python decides.

    Args:
        project: that has been run.
        out: a new folder.
    """
    exports = {
        form: export_project(project, form, out / form, force=True) for form in EXPORT_FORMATS
    }
    manifests = [dict(made.manifest) for made in exports.values()]
    assert [manifest.pop("format") for manifest in manifests] == list(EXPORT_FORMATS)
    assert all(manifest == manifests[0] for manifest in manifests)
    _check_decision(project, exports)
    answers = dict(_answers(exports, out))
    without = set() if shutil.which("cmake") else {"cmake", "zephyr"}
    assert answers.keys() == exports.keys() - without
    assert set(answers.values()) == {"PASS"}, answers


def _check_decision(project: Project, exports: dict[str, ExportResult]) -> None:
    """The known window through the features, the oracle's interpreter and Python's decision."""
    manifest = exports["c"].manifest
    told, name = manifest["self_test"], manifest["name"]
    tests = [next(made.folder.rglob(f"{name}_self_test.c")) for made in exports.values()]
    texts = {path.read_text(encoding="utf-8") for path in tests}
    assert len(texts) == 1, "every format carries the same test"
    artefacts = run_until(project, Demand(until="firmware")).artefacts
    block = feature_block(project.configuration, artefacts["features"])
    window = _window(texts.pop(), block)
    features = block.run(window, read_features(artefacts["features"]).quantization)
    model = device_model(artefacts["quantize"], project.configuration)
    scores = model.scores(features)
    labels, decided = model.decide(scores, project.configuration.decision)
    assert told["scores"] == scores.ravel().tolist()
    assert (told["label"], told["score_raw"]) == (int(labels[0]), int(decided[0]))


def _window(source: str, block: FeatureBlock) -> NDArray[Any]:
    """[1, form.values]: the known window, as it stands in the C."""
    (numbers,) = re.findall(r" window\[\w+\] = \{([^}]*)\}", source)
    values = np.array(numbers.replace(",", " ").split(), np.int64)
    return values.astype(block.form.dtype).reshape(1, block.form.values)


def _answers(exports: dict[str, ExportResult], out: Path) -> Iterator[tuple[str, str]]:
    """Format -> what its self-test says."""
    folder = {form: made.folder for form, made in exports.items()}
    name = exports["c"].manifest["name"]
    yield "c", must(["make", "-s", "test", f"CFLAGS={_QUICK}"], cwd=folder["c"]).split("\n")[0]
    if shutil.which("cmake"):
        _cmake(folder["cmake"], out / "cmake-build")
        (program,) = (out / "cmake-build").glob(f"{name}_[dl]*")
        yield "cmake", must([program, "--self-test"]).strip()
        base = {"ZEPHYR_BASE": str(_ZEPHYR), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        where = f"-DZephyr_DIR={_ZEPHYR / 'cmake'}"
        _cmake(folder["zephyr"] / "sample", out / "zephyr-build", where, env=base)
        lines = must([out / "zephyr-build" / "app"]).splitlines()
        yield (
            "zephyr",
            next(line for line in lines if line.startswith(f"{name}: "))[len(name) + 2 :],
        )
    library, project = folder["arduino"], folder["platformio"]
    sketches = {
        "arduino": (library / "examples" / "self_test" / "self_test.ino", library / "src"),
        "platformio": (project / "src" / "main.cpp", project / "lib" / name / "src"),
    }
    for form, (sketch, source) in sketches.items():
        yield form, _sketch(sketch, source, out / f"{form}-build")
    with zipfile.ZipFile(next(folder["python"].glob("*.whl"))) as wheel:
        wheel.extractall(out / "site")
    site = {"PYTHONPATH": str(out / "site")}
    yield "python", must([sys.executable, "-m", name, "--self-test"], env=site).strip()


def _cmake(source: Path, build: Path, *more: str, **options: Any) -> None:
    quick = ["-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_C_FLAGS_DEBUG={_QUICK}"]
    must(["cmake", "-S", source, "-B", build, *quick, *more], **options)
    must(["cmake", "--build", build], **options)


def _sketch(sketch: Path, source: Path, work: Path) -> str:
    """The first line that a sketch prints."""
    work.mkdir()
    objects = compile_folder(source, ("-std=gnu11", _QUICK, *WARNINGS), (".",)).values()
    unit = work / "sketch.cpp"
    unit.write_text(f"#include <Arduino.h>\n{sketch.read_text(encoding='utf-8')}")
    command = [*cpp_compiler(), *SKETCH_FLAGS, _QUICK, "-I", SHIM, "-I", source]
    must([*command, unit, SHIM / "shim.cpp", *objects, "-o", work / "sketch"])
    return run([work / "sketch"], env=environment(SHIM_LOOPS=0)).stdout.split("\n")[0]
