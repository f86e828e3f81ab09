"""Who may ask the studio, what, and how much they may send."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from coincell.project import Project
from coincell.studio import Opened
from coincell.studio.security import Door, door_for, is_outside
from coincell.studio.session import Session
from studio_project import opened, tones


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "", "[", "0x7f.1"]
)
def test_a_foreign_host_is_refused(studio: Opened, client: httpx.Client, host: str) -> None:
    named = host.format(port=studio.door.port)
    assert client.get("/data", headers={"Host": named}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "LOCALHOST", "[::1]:1"])
def test_names_of_this_computer_are_known(studio: Opened, client: httpx.Client, host: str) -> None:
    named = host.format(port=studio.door.port)
    assert client.get("/data", headers={"Host": named}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_is_refused(client: httpx.Client, origin: str, method: str) -> None:
    answer = client.request(method, "/data/label", headers={"Origin": origin})
    assert answer.status_code == 403


def test_another_sites_form_changes_nothing(client: httpx.Client) -> None:
    for site in ("cross-site", "same-site"):
        answer = client.post("/data/undo", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403


def test_ones_own_origin_is_welcome(studio: Opened, client: httpx.Client) -> None:
    own = f"http://127.0.0.1:{studio.door.port}"
    assert client.get("/data/history", headers={"Origin": own}).status_code == 200


OUTSIDE = ["../coincell.toml", "/etc/passwd", "low/../../coincell.toml", "..%2fcoincell.toml",
           "low\\..\\x", "%252e%252e/coincell.toml", "a\0b"]  # fmt: skip


@pytest.mark.parametrize("file", OUTSIDE)
@pytest.mark.parametrize("page", ["recording", "thumbnail", "clip"])
def test_a_path_outside_of_the_project_is_refused(
    client: httpx.Client, file: str, page: str
) -> None:
    assert client.get(f"/data/{page}", params={"file": file}).status_code == 403


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e/server.py",
                                  "/static/..%2fserver.py", "/%252e%252e/etc/passwd"])  # fmt: skip
def test_no_address_leads_out(studio: Opened, path: str) -> None:
    asking = http.client.HTTPConnection("127.0.0.1", studio.door.port)
    asking.putrequest("GET", path)
    asking.endheaders()
    assert asking.getresponse().status == 403


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    project = tones(tmp_path / "p", clips=3)
    stray = next((project.data_directory / "low").glob("*.wav"))
    (tmp_path / "secret").write_text("secret")
    stray.unlink()
    stray.symlink_to(tmp_path / "secret")
    with opened(project) as studio:
        name = stray.relative_to(project.data_directory).as_posix()
        answer = httpx.get(f"{studio.door.address}data/recording", params={"file": name})
    assert answer.status_code == 403
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/data/label", "/data/undo", "/whatif/recording", "/nothing"])
def test_a_gigabyte_is_refused_before_it_is_sent(studio: Opened, path: str) -> None:
    with socket.create_connection(("127.0.0.1", studio.door.port), timeout=20) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n"
        line.sendall(head.encode())
        assert b" 413 " in line.recv(100)


def test_a_body_of_unknown_length_has_the_same_limit(client: httpx.Client) -> None:
    sent = 0

    def endless() -> object:
        nonlocal sent
        while sent < 1 << 30:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    try:
        answer = client.post("/data/label", content=endless())  # type: ignore[arg-type]
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # it was cut off while it sent
    assert sent < 64 << 20


def test_every_answer_says_what_a_page_may_do(client: httpx.Client) -> None:
    for path in ("/data", "/static/htmx.js", "/nothing", "/data/recording?file=../x"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


def test_pages_name_no_other_server(client: httpx.Client) -> None:
    page = client.get("/data").text
    assert "//" not in page.replace("<!doctype html>", "")


def test_only_this_computer_can_reach_it_unless_told() -> None:
    assert door_for("127.0.0.1", 1).token == ""
    assert len(door_for("0.0.0.0", 1).token) >= 32
    assert door_for("0.0.0.0", 1).token != door_for("0.0.0.0", 1).token


def test_a_studio_for_others_wants_its_token(tmp_path: Path) -> None:
    with opened(tones(tmp_path / "p", clips=3), "0.0.0.0") as studio:
        home = f"http://127.0.0.1:{studio.door.port}"
        assert httpx.get(f"{home}/data").status_code == 401
        assert httpx.get(f"{home}/data?token=wrong").status_code == 401
        assert httpx.get(f"{home}/data", headers={"Host": "evil.example"}).status_code == 421
        with httpx.Client(follow_redirects=True) as browser:
            entered = browser.get(studio.door.address)
            assert entered.status_code == 200
            assert studio.door.token not in str(entered.url)
            assert browser.get(f"{home}/data/history").status_code == 200


def test_an_open_studio_knows_addresses_but_no_strange_names() -> None:
    door = Door("0.0.0.0", 80, "t", frozenset({"box"}))
    assert all(map(door.knows, ("192.168.0.7:80", "box", "[fe80::1]", "localhost")))
    assert not any(map(door.knows, ("evil.example", "192.168.0.7.evil.example", "")))
    assert not Door("127.0.0.1", 80).knows("192.168.0.7")


def test_what_leads_outside() -> None:
    assert not is_outside("yes/a..b.wav")
    assert all(map(is_outside, ("..", "a/../b", "a/%2e%2e/b", "%252e%252e", "a\\b", "\0")))


@pytest.mark.parametrize(
    ("path", "words"),
    [("/jobs/one", "number: input should be a valid integer"), ("/data/clip", "received nothing")],
)
def test_what_a_page_cannot_take_is_told_in_words(
    client: httpx.Client, path: str, words: str
) -> None:
    answer = client.get(path, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text


def test_a_method_that_a_page_does_not_know_is_told_in_words(client: httpx.Client) -> None:
    answer = client.put("/data")
    assert answer.status_code == 405
    assert "cannot be asked by PUT" in answer.text
    assert answer.headers["allow"] == "GET"


def test_a_project_that_goes_away_is_told_and_not_made_again(tmp_path: Path) -> None:
    project = tones(tmp_path / "tones")
    with opened(project) as studio, httpx.Client(base_url=studio.door.address) as asking:
        file = asking.get("/data").text.split("/data/clip?file=")[1].split('"')[0].split("&")[0]
        (project.data_directory / unquote(file)).unlink()
        answer = asking.get(f"/data/recording?file={file}")
        assert answer.status_code == 400
        assert "not there" in answer.text
        project.directory.rename(tmp_path / "elsewhere")
        asked = {"value": "0.4", "expected": "0.5"}
        assert asking.post("/performance/threshold", data=asked).status_code == 400
        assert asking.get("/data").status_code == 400
        assert not project.directory.exists()


def test_a_fault_of_ours_is_told_in_words(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Session) -> None:
        raise ZeroDivisionError("<b>")

    with opened(project) as studio:
        monkeypatch.setattr(Session, "holdings", broken)
        answer = httpx.get(f"{studio.door.address}data")
    assert answer.status_code == 500
    assert "A fault of ours: ZeroDivisionError: &lt;b&gt;" in answer.text
