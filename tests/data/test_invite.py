"""The invitation in a real browser: what it makes is a WAV, a ZIP, a data set with its consent."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.data import import_recordings, invitation_page, read_manifest
from coincell.data.archives import unpack
from coincell.errors import DataError
from coincell.project import Project
from data.fixtures import MakeProject
from report.browser import look

TRY = """
<script>
agree();
const tone = (hertz) => Float32Array.from({ length: 8000 }, (_, i) =>
  0.5 * Math.sin(2 * Math.PI * hertz * i / SETTINGS.rate));
for (let take = 0; take < 4; take++) {
  const label = asked();
  keep(label, wav(tone(300 + 40 * take), SETTINGS.rate));
}
keep("yes", wav(Float32Array.from([0, 0.5, -0.5, 1, -1, 2]), SETTINGS.rate));
state.clips.pop();
state.groups["accent"] = 'a, "b"\\n';
const made = document.createElement("pre");
made.id = "made";
made.textContent = btoa(String.fromCharCode(...contribution()));
const odd = document.createElement("pre");
odd.id = "odd";
const few = wav(Float32Array.from([0, 0.5, -0.5, 1, -1, 2]), 8000);
odd.textContent = btoa(String.fromCharCode(...few));
document.body.append(made, odd);
</script>
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project("yes", "no", "silence")


def held(page: str, name: str) -> bytes:
    found = re.search(rf'<pre id="{name}">([^<]*)</pre>', page)
    assert found is not None, page[-2000:]
    return base64.b64decode(found[1])


def test_what_the_browser_makes_is_imported_with_consent_and_groups(
    project: Project, tmp_path: Path
) -> None:
    page = invitation_page(project, 2, ["accent"], "I agree to </script> & <b>this</b>.")
    seen = look(page.replace("</body>", TRY + "</body>"), tmp_path)
    assert seen.problems == ""
    dom = seen.dom
    content = held(dom, "made")
    (tmp_path / "given.zip").write_bytes(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # an oracle for the format
        assert archive.testzip() is None
        names = archive.namelist()
        consent = json.loads(archive.read("consent.json"))
        samples, rate = soundfile.read(io.BytesIO(archive.read("clips/001.wav")), dtype="int16")
    assert names == ["labels.csv", "consent.json", *(f"clips/00{n}.wav" for n in range(1, 5))]
    expected = np.round(0.5 * np.sin(2 * np.pi * 300 * np.arange(8000) / 16000) * 32768)
    assert rate == 16000
    assert np.abs(samples - expected).max() <= 1
    assert consent["text"] == "I agree to </script> & <b>this</b>."

    summary = import_recordings(tmp_path / "given.zip", project)
    assert summary.found == 4
    dataset = read_manifest(project.data_directory)
    given = [sample for sample in dataset.samples if sample.label != "silence"]
    assert sorted(sample.label for sample in given) == ["no", "no", "yes", "yes"]
    assert {sample.groups["accent"] for sample in given} == {'a, "b" '}
    assert {sample.groups["speaker"] for sample in given} == {consent["id"]}
    assert len({sample.split for sample in given}) == 1
    kept = project.data_directory / "consents" / f"{consent['id']}.json"
    assert json.loads(kept.read_text()) == consent

    odd, _ = soundfile.read(io.BytesIO(held(dom, "odd")), dtype="int16")
    assert odd.tolist() == [0, 16384, -16384, 32767, -32768, 32767]


def test_the_page_asks_before_it_records(project: Project, tmp_path: Path) -> None:
    seen = look(invitation_page(project, 2, ["accent"]), tmp_path)
    assert seen.problems == ""
    dom = seen.dom
    assert "recognises yes, no" in dom
    assert 'id="group-accent"' in dom
    assert re.search(r'<button id="begin" disabled', dom)
    assert re.search(r'<section id="recording" hidden', dom)


def test_the_page_reaches_for_nothing(project: Project) -> None:
    page = invitation_page(project)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|src=|href=\"|@import|fetch\(|XMLHttp|WebSocket|eval\(", page)


@pytest.mark.parametrize(
    ("times", "groups", "consent"),
    [
        (0, (), ""),
        (101, (), ""),
        (5, ("file",), ""),
        (5, ("speaker",), ""),
        (5, ("a", "a"), ""),
        (5, ("not this",), ""),
        (5, (), "x" * 5001),
        (5, (), " "),
    ],
)
def test_what_cannot_be(
    times: int, groups: tuple[str, ...], consent: str, project: Project
) -> None:
    with pytest.raises(DataError):
        invitation_page(project, times, groups, consent)


def contribution(path: Path, consent: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("labels.csv", "file,label\n")
        archive.writestr(
            "consent.json", consent if isinstance(consent, str) else json.dumps(consent)
        )
    return path


GOOD = {"format": 1, "id": "0" * 16, "text": "x", "agreed": True}


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ("{", "no record of consent"),
        ("[]", "format 1"),
        (GOOD | {"id": "../../x"}, "hexadecimal"),
        (GOOD | {"text": ""}, "missing"),
        (GOOD | {"agreed": False}, "did not agree"),
        ("[" * 60000, "no record of consent"),
        (" " * 70000, "larger than"),
    ],
)
def test_damaged_consent_stops_the_import(
    consent: object, said: str, project: Project, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        import_recordings(contribution(tmp_path / "a.zip", consent), project)
    assert not (project.data_directory / "consents").exists()
    assert unpack(tmp_path / "a.zip", tmp_path / "out") == 2


def test_the_command(project: Project, tmp_path: Path) -> None:
    text = '[project]\nname = "Our words"\n[data]\nlabels = ["yes", "no"]\n'
    (project.directory / "coincell.toml").write_text(text)
    mine = tmp_path / "consent.txt"
    mine.write_text("Only for us.")
    words = [
        "data",
        "invite",
        str(tmp_path / "page.html"),
        "--consent",
        str(mine),
        "--group",
        "age",
    ]
    result = CliRunner().invoke(cli, [*words, "--project", str(project.directory), "--json"])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page.html").read_text()
    assert "Only for us." in page
    assert "<h1>Recordings for Our words</h1>" in page
