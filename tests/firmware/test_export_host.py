"""Plain C, CMake and the Python wheel, built for real and run on sounds."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from coincell.toolchain import C_FLAGS, find_host_compiler
from exporting import (
    NAME,
    WARNINGS,
    compile_folder,
    export,
    label_of,
    link_folder,
    listening_application,
    must,
    run,
    sanitizers,
    sound,
    wanted_events,
    write,
)

RATE = 16000


def wanted_json() -> list[dict[str, object]]:
    """The lines of JSON for `sound()`."""
    return [
        {
            "seconds": round(event.samples / RATE, 3),
            "label": label_of(event),
            "score": listening_application().score_unit.share(event.score),
        }
        for event in wanted_events(sound())
    ]


def wav(channels: int = 1, width: int = 2, rate: int = RATE, data: bytes | None = None) -> bytes:
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(sound().tobytes() if data is None else data)
    return packed.getvalue()


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def listen(program: Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program], input=data, capture_output=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain C export with its program, built with the sanitizers where they are there."""
    folder = export("c", tmp_path_factory.mktemp("plain") / NAME)
    link_folder(folder, folder / "listen", [*C_FLAGS, "-O1", "-g", *sanitizers()])
    return folder


def test_the_program_reads_wav_and_raw_samples(plain: Path) -> None:
    for data in (wav(), sound().tobytes()):
        done = listen(plain / "listen", data)
        assert done.returncode == 0, done.stderr
        assert lines_of(done.stdout.decode()) == wanted_json()


def test_a_wav_with_more_in_it_than_sound(plain: Path) -> None:
    head, body = wav()[:36], wav()[36:]
    extra = b"LIST" + (5).to_bytes(4, "little") + b"hello\0"  # an odd chunk is padded
    done = listen(plain / "listen", head + extra + body + b"id3 tail")
    assert done.returncode == 0, done.stderr
    assert lines_of(done.stdout.decode()) == wanted_json()


def test_a_wav_from_a_pipe_does_not_know_its_length(plain: Path) -> None:
    for unknown in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        done = listen(plain / "listen", wav()[:40] + unknown + wav()[44:])
        assert lines_of(done.stdout.decode()) == wanted_json()


def test_bytes_that_come_one_by_one(plain: Path) -> None:
    data = sound(3).tobytes()
    whole = listen(plain / "listen", data).stdout
    assert whole
    with subprocess.Popen(
        [plain / "listen"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as slow:
        assert slow.stdin is not None
        assert slow.stdout is not None
        for begin in range(0, len(data), 777):
            slow.stdin.write(data[begin : begin + 777])
        slow.stdin.close()
        assert slow.stdout.read() == whole


BAD = {
    "another rate": (wav(rate=8000), "16000 samples a second"),
    "stereo": (wav(channels=2), "one channel"),
    "8 bits": (wav(width=1), "16 bits"),
    "no samples": (wav()[:40], "ends before its samples"),
    "no format": (wav()[:12] + wav()[36:], "does not tell its format"),
    "a broken format": (wav()[:16] + b"\x02" + wav()[17:], "format is broken"),
    "a huge format": (wav()[:16] + b"\xff\xff\xff\x7f" + wav()[20:], "format is broken"),
    "a huge chunk": (wav()[:12] + b"LIST\xff\xff\xff\xff" + wav()[12:], "ends before"),
    "float": (wav()[:20] + b"\x03" + wav()[21:], "PCM"),
    "too short": (wav(data=b"\0\0" * 100), "shorter than one window"),
    "nothing": (b"", "shorter than one window"),
    "an odd byte": (b"\x01", "shorter than one window"),
    "a text": (b"RIFF is not enough", "shorter than one window"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_sound_is_refused(plain: Path, what: str) -> None:
    data, words = BAD[what]
    done = listen(plain / "listen", data)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""


def test_rubbish_never_breaks_the_program(plain: Path) -> None:
    random = np.random.default_rng(6)
    good = wav(data=b"\0" * 300)
    for _ in range(150):
        data = bytearray(good)
        for at in random.integers(0, 60, 3):
            data[at] = random.integers(256)
        assert listen(plain / "listen", bytes(data)).returncode in (0, 2)


def test_unknown_words_are_refused(plain: Path) -> None:
    done = run([plain / "listen", "--microphon"])
    assert done.returncode == 2
    assert "use:" in done.stderr


def test_help_and_a_terminal_tell_the_use(plain: Path) -> None:
    assert "use:" in must([plain / "listen", "--help"])
    controller, terminal = os.openpty()
    try:
        done = subprocess.run(
            [plain / "listen"], stdin=terminal, capture_output=True, timeout=20, check=False
        )
    finally:
        os.close(terminal)
        os.close(controller)
    assert (done.returncode, b"use:" in done.stderr) == (2, True)


def test_the_microphone_needs_arecord(plain: Path) -> None:
    done = run([plain / "listen", "--microphone"], env={"PATH": "/nowhere"})
    assert done.returncode == 2
    assert "is it installed, and is there a microphone?" in done.stderr
    assert "shorter" not in done.stderr


def test_the_microphone_is_what_arecord_hears(plain: Path, tmp_path: Path) -> None:
    write(tmp_path / "sound.raw", sound())
    recorder = tmp_path / "arecord"
    recorder.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/words"\ncat "{tmp_path}/sound.raw"\n')
    recorder.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    text = must([plain / "listen", "--microphone"], env={"PATH": path})
    assert lines_of(text) == wanted_json()
    assert (tmp_path / "words").read_text() == "-q -t raw -f S16_LE -c 1 -r 16000\n"


BROKEN = {
    "a weight": ("core/tiny.c", r"(second\[\d+\] = \{)-?(\d)", r"\g<1>-5\g<2>", "the scores"),
    "a table": ("core/tiny_features.c", r"(rising\[\d+\] = \{)[^}]*", r"\g<1>0u", "the features"),
    "the threshold": (
        "core/application/chain.h", r"(APPLICATION_THRESHOLD) .*", r"\g<1> 1000000", "the decision",
    ),
    "the stream": (
        "core/application/stream.c", r"by = APPLICATION_STREAM_STEP", r"\g<0> - 1", "the stream",
    ),
    "the network": ("core/tiny.c", r"return 0;\n\}\n$", "return 7;\n}\n", "the chain did not run"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_the_self_test_finds_what_is_broken(plain: Path, tmp_path: Path, what: str) -> None:
    file, pattern, by, said = BROKEN[what]
    folder = shutil.copytree(plain, tmp_path / "broken")
    text = (folder / file).read_text()
    changed = re.sub(pattern, by, text)
    assert changed != text
    (folder / file).write_text(changed)
    done = run([link_folder(folder, tmp_path / "program", ["-std=c11", "-O1"]), "--self-test"])
    assert done.returncode == 1
    assert done.stdout.startswith(f"FAIL: {said}")


def test_the_licence_is_that_of_the_repository(plain: Path, repository: Path) -> None:
    assert (plain / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
def test_the_makefile_runs_the_self_test(plain: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(plain, tmp_path / "made", ignore=shutil.ignore_patterns("listen"))
    words = find_host_compiler().command
    text = must(["make", "test", f"CC={' '.join(words)}", "CFLAGS=-O2 -Werror"], cwd=folder)
    assert text.rstrip().endswith("PASS")


def test_the_same_manifest_everywhere(plain: Path) -> None:
    told = json.loads(must([plain / "listen", "--manifest"]))
    kept = json.loads((plain / "manifest.json").read_text())
    assert told == kept
    assert kept["name"] == NAME
    assert kept["version"] == "1.2.3"
    assert kept["licence"] == "Apache-2.0"
    assert kept["model_sha256"] == "0" * 64
    assert kept["tools"] == {"for the board": "a compiler"}
    readable = (plain / "MANIFEST.txt").read_text()
    for value in (kept["id"], kept["sources_sha256"], "for the board: a compiler"):
        assert value in readable


def test_two_libraries_fit_into_one_program(tmp_path: Path) -> None:
    first = export("c", tmp_path / "first", name="first_words")
    second = export("c", tmp_path / "second", name="second_words")
    main = tmp_path / "main.c"
    main.write_text(
        '#include "first/first_words.h"\n#include "second/second_words.h"\n'
        "int main(void) { return first_words_self_test() * 8 + second_words_self_test(); }\n"
    )
    units = [
        path
        for folder in (first, second)
        for path in folder.rglob("*.c")
        if not path.name.endswith("_listen.c")
    ]
    program = tmp_path / "program"
    find_host_compiler().run([*C_FLAGS, "-O2", main, *units, "-o", program], directory=tmp_path)
    assert run([program]).returncode == 0


def test_every_symbol_begins_with_the_name(plain: Path) -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm")
    for unit, made in compile_folder(plain, ["-std=c11", "-O1"]).items():
        if unit.endswith("_listen.c"):
            continue
        for line in must([nm, "--defined-only", "--extern-only", made]).splitlines():
            assert line.split()[-1].startswith(f"{NAME}_"), f"{unit}: {line}"


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_the_cmake_project_builds_and_tests_itself(tmp_path: Path) -> None:
    project = export("cmake", tmp_path / NAME)
    build = tmp_path / "build"
    flags = f"-DCMAKE_C_FLAGS={' '.join(WARNINGS)}"
    must(["cmake", "-S", project, "-B", build, flags])
    must(["cmake", "--build", build])
    text = must(["ctest", "--test-dir", build, "--output-on-failure"])
    assert "100% tests passed" in text
    done = listen(build / f"{NAME}_listen", wav())
    assert lines_of(done.stdout.decode()) == wanted_json()
    must(["cmake", "--install", build, "--prefix", tmp_path / "installed"])
    assert (tmp_path / "installed" / "include" / f"{NAME}.h").is_file()


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_the_cmake_project_stands_beside_others(tmp_path: Path) -> None:
    export("cmake", tmp_path / NAME)
    (tmp_path / "main.c").write_text(
        f"#include <{NAME}.h>\nint main(void) {{ return {NAME}_self_test(); }}\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(other C)\n"
        f"add_subdirectory({NAME})\nadd_executable(app main.c)\n"
        f"target_link_libraries(app PRIVATE {NAME}::{NAME})\n"
    )
    build = tmp_path / "build"
    must(["cmake", "-S", tmp_path, "-B", build, f"-DCMAKE_C_FLAGS={' '.join(WARNINGS)}"])
    must(["cmake", "--build", build])
    assert run([build / "app"]).returncode == 0


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The Python export, and the folder that pip installed its wheel into."""
    folder = export("python", tmp_path_factory.mktemp("python") / NAME)
    site = folder.parent / "site"
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    must([*pip, "--target", site, wheel], cwd=folder)
    return folder, site


def python(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": str(site), "PYTHONWARNINGS": "error"}
    return run([sys.executable, *words], env=env, cwd=site.parent)


def test_the_wheel_is_what_pip_takes(package: tuple[Path, Path]) -> None:
    folder, _ = package
    (wheel,) = folder.glob("*.whl")
    assert re.fullmatch(rf"{NAME}-1\.2\.3-py3-none-linux_\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        record = archive.read(f"{NAME}-1.2.3.dist-info/RECORD").decode()
    assert [line.split(",")[0] for line in record.splitlines()] == names
    assert f"{NAME}-1.2.3.dist-info/licenses/LICENSE" in names


def test_the_same_sources_give_the_same_wheel(package: tuple[Path, Path], tmp_path: Path) -> None:
    (one,) = package[0].glob("*.whl")
    (other,) = export("python", tmp_path / NAME).glob("*.whl")
    assert one.read_bytes() == other.read_bytes()


def test_the_package_decides_as_the_host_library(package: tuple[Path, Path]) -> None:
    _, site = package
    (site.parent / "sound.wav").write_bytes(wav())
    done = python(site, "-m", NAME, "sound.wav")
    assert done.returncode == 0, done.stderr
    wanted = [{"file": "sound.wav"} | line for line in wanted_json()]
    assert lines_of(done.stdout) == wanted


def test_the_package_tests_itself(package: tuple[Path, Path]) -> None:
    done = python(package[1], "-m", NAME, "--self-test")
    assert (done.returncode, done.stdout) == (0, "PASS\n")


def test_the_package_takes_arrays(package: tuple[Path, Path]) -> None:
    _, site = package
    write(site.parent / "sound.raw", sound())
    script = f"""
import array, pathlib
import {NAME} as words
data = pathlib.Path("sound.raw").read_bytes()
samples = array.array("h", data)
made = [d for i in range(0, len(samples), 1000) for d in words.push(samples[i:i + 1000])]
words.reset()
assert made == words.push(data), "arrays or bytes, in parts or whole"
print([d.label for d in made])
alone = words.classify(samples[:words.WINDOW_SAMPLES])
assert alone.score == made[0].score and alone.label == made[0].label
words.reset()
assert made == words.push(samples.tolist()), "or whole numbers"
for bad, error in (
    (data[:3], ValueError), (array.array("f", [1.0]), TypeError), ([70000], TypeError),
    ([0.5], TypeError), (None, TypeError),
):
    try:
        words.push(bad)
    except error as told:
        assert "int16" in str(told), told
        continue
    raise SystemExit("took " + repr(bad))
try:
    words.classify(samples[:5])
except ValueError:
    pass
assert words.LABELS == ("silence", "yes", "no") and words.__version__ == "1.2.3"
"""
    done = python(site, "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([line["label"] for line in wanted_json()])


@pytest.mark.parametrize("what", ["another rate", "stereo", "8 bits", "a text", "nothing"])
def test_the_package_refuses_what_is_no_sound(package: tuple[Path, Path], what: str) -> None:
    _, site = package
    (site.parent / "bad.wav").write_bytes(BAD[what][0])
    done = python(site, "-m", NAME, "bad.wav")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{NAME}: bad.wav: ")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("bad.wav") == 1


def test_the_package_says_what_a_file_must_be(package: tuple[Path, Path]) -> None:
    _, site = package
    soundfile.write(site.parent / "float.wav", np.zeros(16000), 16000, subtype="FLOAT")
    done = python(site, "-m", NAME, "float.wav")
    assert (done.returncode, "must be a WAV file of 16-bit PCM" in done.stderr) == (2, True)
    done = python(site, "-m", NAME, "none.wav")
    assert (done.returncode, done.stderr) == (2, f"{NAME}: none.wav: No such file or directory\n")


def test_a_reader_who_has_had_enough_ends_the_package(package: tuple[Path, Path]) -> None:
    _, site = package
    (site.parent / "long.wav").write_bytes(wav())
    environment = dict(os.environ) | {"PYTHONPATH": str(site)}
    command = [sys.executable, "-m", NAME, "long.wav", "long.wav"]
    with subprocess.Popen(
        command, cwd=site.parent, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as talking:  # fmt: skip
        assert talking.stdout
        talking.stdout.close()
        assert talking.stderr
        assert (talking.stderr.read(), talking.wait(60)) == (b"", 0)


def test_the_program_beside_the_wheel(package: tuple[Path, Path]) -> None:
    program = package[0] / "bin" / f"{NAME}_listen"
    assert must([program, "--self-test"]) == "PASS\n"
    assert lines_of(listen(program, wav()).stdout.decode()) == wanted_json()


def test_what_every_toolchain_provides_keeps_its_name() -> None:
    """kernels/memory.h declares it for networks that pad or keep rows; nobody defines it anew."""
    from coincell.firmware.export.library import global_symbols
    from coincell.runtime import c_sources

    kernels = c_sources("kernels")
    pad = {path: kernels[path] for path in ("kernels/memory.h", "kernels/pad.c", "kernels/pad.h")}
    symbols = global_symbols(pad)
    assert symbols
    assert not {"memcpy", "memmove", "memset"} & set(symbols)
