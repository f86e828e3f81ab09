"""Fetching from a server of our own: whole, resumed, of a wrong hash, offline; nothing leaves."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import (
    CATALOGUE,
    DataSource,
    Download,
    PublicSet,
    fetch_files,
    import_fetched,
    known_hashes,
    public_set,
    read_sources,
)
from coincell.errors import DataError
from coincell.files import sha256_bytes
from coincell.project import Project, parse_configuration
from data.fixtures import MakeProject, WriteTone
from motion_project import motion_toml


class Server(ThreadingHTTPServer):
    """Serves `content` at any address; remembers which ranges were asked for."""

    content: bytes
    ranges: list[str]
    cut_after: int | None = None


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content, wanted = self.server.content, self.headers.get("Range", "")
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start >= len(content) > 0 and wanted:
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = self.server.cut_after if self.server.cut_after is not None else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def archive(tmp_path: Path, write_tone: WriteTone) -> bytes:
    path = tmp_path / "words.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for label, start in (("yes", 300), ("no", 900)):
            for number in range(5):
                file = write_tone(tmp_path / "tone.wav", start + 30 * number)
                zipped.writestr(f"words/{label}/{number}.wav", file.read_bytes())
    return path.read_bytes()


@pytest.fixture
def server(archive: bytes) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.content, server.ranges = archive, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COINCELL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def words(server: Server) -> PublicSet:
    address = f"http://127.0.0.1:{server.server_address[1]}/words.zip"
    return PublicSet(
        "words", "Two words", "a page", "CC0", "sound", (Download(address, "words.zip"),),
        ("yes", "no"), source="words",
    )  # fmt: skip


def known(chosen: PublicSet, **values: Any) -> PublicSet:
    return replace(chosen, downloads=(replace(chosen.downloads[0], **values),))


def test_a_set_is_downloaded_once_and_imported(
    words: PublicSet, server: Server, archive: bytes, make_project: MakeProject, cache: Path
) -> None:
    told: list[tuple[int, int]] = []
    (first,) = fetch_files(
        words, progress=lambda done, total, message="": told.append((done, total))
    )
    assert first.path.read_bytes() == archive
    assert (first.sha256, first.known) == (sha256_bytes(archive), "first seen")
    assert told[-1] == (len(archive) >> 10, len(archive) >> 10)
    assert known_hashes(words) == {"words.zip": first.sha256}
    (again,) = fetch_files(words)
    assert again.known == "seen before"
    assert len(server.ranges) == 1
    project = make_project("yes", "no", data='silence_label = ""')
    assert import_fetched(project, words, (again,)).added == 10
    assert list((cache / "unpacked").iterdir()) == []
    noted = DataSource(
        name="words", title="Two words", page="a page", licence="CC0",
        sha256={"words.zip": first.sha256},
    )  # fmt: skip
    assert read_sources(project.data_directory) == (noted,)
    assert import_fetched(project, words, (again,)).added == 0
    assert read_sources(project.data_directory) == (noted,), "told once"


def test_what_stopped_goes_on(
    words: PublicSet, server: Server, archive: bytes, cache: Path
) -> None:
    server.cut_after = 7000
    with pytest.raises(DataError, match=r"ended after 7000 of|cannot be reached"):
        fetch_files(words)
    assert (cache / "sets" / "words" / "words.zip.part").stat().st_size == 7000
    server.cut_after = None
    (whole,) = fetch_files(words)
    assert whole.path.read_bytes() == archive
    assert server.ranges == ["", "bytes=7000-"]


def test_the_published_hash_is_held_to(words: PublicSet, archive: bytes, cache: Path) -> None:
    right = known(words, sha256=sha256_bytes(archive), size=len(archive))
    assert fetch_files(right)[0].known == "published"
    wrong = replace(known(words, sha256="0" * 64), name="other")
    with pytest.raises(DataError, match=f"not {'0' * 64}, the one published"):
        fetch_files(wrong)
    assert not (cache / "sets" / "other" / "words.zip").exists()


def test_a_source_that_changed_is_told(
    words: PublicSet, server: Server, archive: bytes, cache: Path
) -> None:
    fetch_files(words)[0].path.unlink()
    server.content = archive[:-1] + b"x"
    with pytest.raises(DataError, match="seen at the first download"):
        fetch_files(words)
    with pytest.raises(DataError, match="bytes are offered"):
        fetch_files(known(words, size=12))


def test_a_part_longer_than_the_file_is_begun_anew(
    words: PublicSet, archive: bytes, cache: Path
) -> None:
    part = cache / "sets" / "words" / "words.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(archive + b"more")
    with pytest.raises(DataError, match="refused: 416"):
        fetch_files(words)
    assert fetch_files(words)[0].path.read_bytes() == archive


def test_offline_it_says_so(words: PublicSet) -> None:
    away = known(words, address="http://127.0.0.1:9/words.zip")
    with pytest.raises(DataError, match="cannot be reached") as failure:
        fetch_files(away)
    assert "--from FOLDER" in failure.value.hint
    with pytest.raises(DataError, match="http, https or file"):
        fetch_files(known(words, address="ftp://127.0.0.1/x"))


def test_damaged_memory_of_hashes(words: PublicSet, cache: Path) -> None:
    path = cache / "sets" / "words" / "hashes.json"
    path.parent.mkdir(parents=True)
    for content in ("[", "[]", '{"words.zip": 3}', "[" * 100000):
        path.write_text(content)
        with pytest.raises(DataError, match="damaged"):
            fetch_files(words)


def test_the_catalogue_is_whole() -> None:
    for name, one in CATALOGUE.items():
        assert public_set(name) is one
        assert one.licence
        assert one.page.startswith("https://")
        for download in one.downloads:
            assert download.address.startswith(("https://", "http://"))
            assert len(download.sha256) in (0, 64)
            assert bool(download.sha256) == bool(one.hash_source)
    with pytest.raises(DataError, match="speech-commands"):
        public_set("speach")


HAR = motion_toml(
    "gesture",
    {"aX": ("g", 4.0), "gZ": ("rad/s", 10.0)},
    rate_hz=50,
    window_ms=2560,
    data='labels = ["walking", "laying"]',
)


def har_archive(folder: Path) -> None:
    """The set's own shape: a ZIP in a ZIP, a window a line."""
    generator = np.random.default_rng(0)
    inner = folder / "UCI HAR Dataset.zip"
    with zipfile.ZipFile(inner, "w") as zipped:
        for part, labels in (("train", [1, 6, 3, 1, 6, 1]), ("test", [6, 1])):
            root = f"UCI HAR Dataset/{part}"
            zipped.writestr(f"{root}/y_{part}.txt", "\n".join(map(str, labels)))
            people = "\n".join(str(number + (10 if part == "test" else 0)) for number in
                               range(len(labels)))  # fmt: skip
            zipped.writestr(f"{root}/subject_{part}.txt", people)
            for signal in ("total_acc_x", "body_gyro_z"):
                rows = generator.normal(0, 1, (len(labels), 128))
                text = "\n".join(" ".join(f"{value: .7e}" for value in row) for row in rows)
                zipped.writestr(f"{root}/Inertial Signals/{signal}_{part}.txt", text)
    with zipfile.ZipFile(folder / "uci-har.zip", "w") as zipped:
        zipped.write(inner, inner.name)
    inner.unlink()


def test_the_command_takes_files_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "project").mkdir()
    har_archive(tmp_path / "mine")
    (tmp_path / "project" / "coincell.toml").write_text(HAR)
    words = ["data", "fetch", "uci-har", "--from", str(tmp_path / "mine"), "--project",
             str(tmp_path / "project")]  # fmt: skip
    result = CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["added"] == 7  # the third is a stair
    assert told["files"][0]["hash"] == "first seen"
    counts = told["counts"]
    assert counts["walking"]["test"] + counts["laying"]["test"] >= 2
    text = CliRunner().invoke(cli, words, catch_exceptions=False).stdout
    assert "CC BY 4.0" in text
    assert "7 there already" in text


def test_a_project_that_does_not_fit_downloads_nothing(make_project: MakeProject) -> None:
    project = make_project("yes", "no")
    result = CliRunner().invoke(
        cli, ["data", "fetch", "uci-har", "--project", str(project.directory)]
    )
    assert result.exit_code != 0


def test_other_units_than_the_sets(tmp_path: Path) -> None:
    har_archive(tmp_path)
    chosen = public_set("uci-har")
    settings = HAR.replace('"rad/s"', '"deg/s"')
    project = Project(tmp_path, parse_configuration(settings))
    files = fetch_files(chosen, tmp_path)
    with pytest.raises(DataError, match="rad/s at 50 Hz"):
        import_fetched(project, chosen, files)


def test_the_list_and_the_question(make_project: MakeProject) -> None:
    listed = CliRunner().invoke(cli, ["data", "fetch"], catch_exceptions=False).stdout
    assert all(name in listed for name in CATALOGUE)
    project = make_project("yes", "no")
    text = '[project]\nname = "x"\n[data]\nlabels = ["yes", "no"]\n'
    (project.directory / "coincell.toml").write_text(text)
    asked = CliRunner().invoke(
        cli, ["data", "fetch", "speech-commands", "--project", str(project.directory)], input="n\n"
    )
    assert asked.exit_code == 1
    assert "2429 MB" in asked.stdout
    assert "af14739ee7dc" in asked.stdout
