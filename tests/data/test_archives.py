"""Archives of strangers: what is plain comes out, what would do harm is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coincell.data import import_recordings
from coincell.data.archives import Limits, inner_folder, unpack, unpacked
from coincell.errors import DataError
from data.fixtures import MakeProject, WriteTone


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


MAKERS = pytest.mark.parametrize(
    ("name", "make"), [("a.zip", make_zip), ("a.tar.gz", make_tar)], ids=["zip", "tar"]
)
Make = Callable[[Path, dict[str, bytes]], Path]


@MAKERS
def test_plain_files_come_out(name: str, make: Make, tmp_path: Path) -> None:
    files = {"top/yes/1.wav": b"one" * 999, "top/no/2.wav": b"", "top/deep/er/3": b"3"}
    assert unpack(make(tmp_path / name, files), tmp_path / "out") == 3
    for file, content in files.items():
        assert (tmp_path / "out" / file).read_bytes() == content
    assert inner_folder(tmp_path / "out") == tmp_path / "out" / "top"


@MAKERS
@pytest.mark.parametrize(
    "file", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "C:/evil", "a\nb"]
)
def test_paths_that_leave_the_folder(file: str, name: str, make: Make, tmp_path: Path) -> None:
    path = make(tmp_path / name, {"good": b"1", file: b"evil"})
    with pytest.raises(DataError, match="stay inside"):
        unpack(path, tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("*evil*"))


@MAKERS
def test_bombs_are_stopped_by_what_comes_out(name: str, make: Make, tmp_path: Path) -> None:
    path = make(tmp_path / name, {"bomb": bytes(30_000_000)})
    with pytest.raises(DataError, match="unpacked"):
        unpack(path, tmp_path / "a", Limits(free_bytes=1 << 20))
    with pytest.raises(DataError, match="unpacked"):
        unpack(path, tmp_path / "b", Limits(total_bytes=1000, ratio=1e9))
    with pytest.raises(DataError, match="more than 1 files"):
        unpack(make(tmp_path / name, {"1": b"", "2": b""}), tmp_path / "c", Limits(files=1))


@MAKERS
def test_damaged_archives(name: str, make: Make, tmp_path: Path) -> None:
    whole = make(tmp_path / name, {"a": bytes(range(256)) * 400}).read_bytes()
    for number, content in enumerate(
        (b"", b"text", whole[: len(whole) // 2], whole[:40] + b"xxxxxxxx" + whole[48:])
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="archive"):
            unpack(tmp_path / name, tmp_path / str(number))


def test_links_devices_and_files_twice(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(tmp_path / "a.tar", "w") as archive:
            entry = tarfile.TarInfo("link")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        with pytest.raises(DataError, match="link or a device"):
            unpack(tmp_path / "a.tar", tmp_path / f"out-{kind!r}")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        zipped.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="link or a device"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    with pytest.raises(DataError, match="there twice"):
        unpack(make_zip(tmp_path / "b.zip", {"a": b"1", "A": b"2"}), tmp_path / "twice")


def test_nothing_stays_behind(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a": b"1"})
    with unpacked(path, tmp_path / "near") as folder:
        assert (folder / "a").read_bytes() == b"1"
    make_zip(path, {"a": b"1", "../b": b"2"})
    with pytest.raises(DataError), unpacked(path, tmp_path / "near"):
        pass
    assert list((tmp_path / "near").iterdir()) == []


def test_a_zip_of_classes_is_imported(
    tmp_path: Path, make_project: MakeProject, recordings: Path, write_tone: WriteTone
) -> None:
    for number in range(4):
        write_tone(recordings / "yes" / f"{number}.wav", 300 + number)
        write_tone(recordings / "no" / f"{number}.wav", 800 + number)
    files = {f"mine/{p.relative_to(recordings)}": p.read_bytes() for p in recordings.rglob("*.wav")}
    path = make_zip(tmp_path / "mine.zip", files)
    zipped, plain = (make_project("yes", "no", data='silence_label = ""') for _ in range(2))
    assert import_recordings(path, zipped).added == 8
    import_recordings(recordings, plain)
    manifests = [(p.data_directory / "manifest.csv").read_text() for p in (zipped, plain)]
    assert manifests[0] == manifests[1]
