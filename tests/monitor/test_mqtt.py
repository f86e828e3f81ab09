"""Reports by MQTT: Mosquitto, which is not ours, brings each at least once; each counts once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from coincell.cli.main import cli
from coincell.errors import UserError
from coincell.monitor import Broker, MqttSource, Store
from coincell.monitor.receiving import MOST_BODY_BYTES
from made_fleet import a_reference, a_report

REFERENCE = a_reference()
TEXTS = [a_report(REFERENCE, number, sequence).to_bytes()
         for number in range(4) for sequence in range(5)]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "fleet.db") as opened:
        opened.register(REFERENCE)
        yield opened


def publish(url: str, *payloads: bytes, quality: int = 1, tls: dict | None = None) -> None:
    """Messages to the broker, each acknowledged by it."""
    from paho.mqtt import publish

    parts = urlsplit(url)
    messages = [("coincell/reports/hall", payload, quality, False) for payload in payloads]
    publish.multiple(messages, parts.hostname, parts.port, tls=tls)


class Taker:
    """Adds what a source brings until so many reports came; gives up after a while."""

    def __init__(self, store: Store, until: int) -> None:
        self.store, self.until = store, until
        self.came = self.added = 0
        self.reasons: list[str] = []
        self.rounds = 0

    def add(self, reports: list[bytes]) -> None:
        outcome = self.store.add(reports)
        self.came += len(reports)
        self.added += outcome.added
        self.reasons += [one.reason for one in outcome.refusals]

    def again(self) -> bool:
        self.rounds += 1
        return self.came < self.until and self.rounds < 40

    def take(self, source: MqttSource) -> Taker:
        source.receive(self.add, self.again)
        return self


@pytest.mark.parametrize("topic", ["coincell/reports/#", "$share/monitors/coincell/reports/#"])
def test_messages_bring_reports(mosquitto, store, topic):
    url = mosquitto(True)
    with MqttSource(Broker.from_url(url), topic) as source:
        publish(url, TEXTS[0], b"".join(TEXTS[1:5]), TEXTS[0], b"nonsense",
                bytes(MOST_BODY_BYTES + 1))  # fmt: skip
        took = Taker(store, 8).take(source)
    assert (took.came, took.added) == (8, 5)
    assert sorted(took.reasons) == ["cbor", "length"]


def test_what_was_not_kept_comes_again(mosquitto, store):
    url = mosquitto(True)

    def away(_: list[bytes]) -> None:
        raise RuntimeError("killed before the commit")

    with MqttSource(Broker.from_url(url)) as source:
        publish(url, *TEXTS[:10])
        with pytest.raises(RuntimeError):
            source.receive(away, lambda: True)
    publish(url, *TEXTS[10:])  # while nobody is there
    with MqttSource(Broker.from_url(url)) as source:
        assert Taker(store, 20).take(source).added == 20
    # A connection may break before an acknowledgement is out, so that it comes once more.
    came = []
    while len(came) < 5 and came[-1:] != [1]:
        with MqttSource(Broker.from_url(url)) as source:
            publish(url, TEXTS[0])
            last = Taker(store, 1).take(source)
        assert last.added == 0
        came.append(last.came)
    assert came[-1] == 1, "what was acknowledged came again and again"


def test_a_broker_that_comes_back_is_found_again(mosquitto, store):
    url = mosquitto(True)
    with MqttSource(Broker.from_url(url)) as source:
        publish(url, TEXTS[0])
        assert Taker(store, 1).take(source).added == 1
        mosquitto(True)

        def again() -> bool:
            # Without persistence the broker keeps nothing for who has not subscribed anew.
            publish(url, TEXTS[1])
            return taker.again()

        taker = Taker(store, 1)
        source.receive(taker.add, again)
        assert taker.added == 1


def test_who_publishes_without_acknowledgement_does_not_cut_the_line(mosquitto, store):
    """Mosquitto hangs up on a PUBACK of a message that asked for none (MQTT 3.1.1, 4.3.1)."""
    url, notes = mosquitto(True), []
    with MqttSource(Broker.from_url(url), told=notes.append) as source:
        for hour in range(3):
            publish(url, *TEXTS[4 * hour : 4 * hour + 4], quality=0)
            assert Taker(store, 4).take(source).added == 4
        publish(url, TEXTS[12])
        assert Taker(store, 1).take(source).added == 1
    assert not notes


def test_a_broker_that_went_away_is_told(mosquitto):
    url, notes = mosquitto(True), []
    with MqttSource(Broker.from_url(url), told=notes.append):
        mosquitto(True)
        for _ in range(100):
            if notes:
                break
            time.sleep(0.05)
    assert notes[0].startswith("The broker is away")


# paho-mqtt leaves a socket whose handshake failed for Python to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_is_spoken_with_brokers_whose_certificate_is_known(secure, store, monkeypatch):
    url, certificate = secure
    with pytest.raises(UserError, match="CERTIFICATE_VERIFY_FAILED"):
        MqttSource(Broker.from_url(url))
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with pytest.raises(UserError, match=r"not valid for .127\.0\.0\.1."):
        MqttSource(Broker.from_url(url.replace("localhost", "127.0.0.1")))
    with MqttSource(Broker.from_url(url)) as source:
        publish(url, *TEXTS[:3], tls={"ca_certs": certificate})
        assert Taker(store, 3).take(source).added == 3


def test_the_command_takes_what_waited(mosquitto, store, tmp_path):
    url = mosquitto(True)
    MqttSource(Broker.from_url(url), client="hall").close()
    publish(url, *TEXTS[:3])
    done = CliRunner().invoke(
        cli,
        ["monitor", "subscribe", "--client", "hall", "--seconds", "1.5", "--json",
         "--store", str(tmp_path / "fleet.db")],
        env={"COINCELL_MONITOR_BROKER": url},
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(one["added"] for one in told) == 3


def test_a_broker_that_lets_us_not_in_is_told(mosquitto):
    url = mosquitto(False)
    with pytest.raises(UserError, match="Not authorized"):
        MqttSource(Broker.from_url(url))


@pytest.mark.parametrize(
    "texts",
    [{"topic": ""}, {"topic": "a/#/b"}, {"topic": "a/b#"}, {"topic": "\udcff"},
     {"topic": "x" * 65536}, {"topic": "a\0"}, {"client": ""}, {"client": "x" * 65536}],
)  # fmt: skip
def test_topics_and_names_that_mqtt_does_not_have(texts):
    """Before anybody is called: a broker would hang up on them, or never answer."""
    with pytest.raises(UserError, match="received"):
        MqttSource(Broker.from_url("mqtt://127.0.0.1:1"), **texts)


def test_urls_of_brokers():
    broker = Broker.from_url("mqtts://me:p%40ss@broker.example")
    assert broker == Broker("broker.example", 8883, True, "me", "p@ss")
    for wrong in (
        "http://x", "mqtt://", "mqtt://x:99999", "broker.example", "mqtt://[::1", "mqtt://a..b",
        f"mqtt://{'a' * 300}", "mqtt://me:secret",
    ):  # fmt: skip
        with pytest.raises(UserError, match="mqtt://HOST") as refused:
            Broker.from_url(wrong)
        assert "secret" not in refused.value.message
    with pytest.raises(UserError, match="No broker answers"):
        MqttSource(Broker.from_url("mqtt://127.0.0.1:1"))
