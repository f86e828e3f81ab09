"""Reports from an MQTT broker: a message is acknowledged when its reports are on the disk."""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from coincell.errors import MissingExtraError, TelemetryError, UserError
from coincell.monitor.receiving import BATCH, MOST_BODY_BYTES, MOST_REPORTS
from coincell.monitor.splitting import split_reports
from coincell.monitor.telemetry import MOST_BYTES

TOPIC = "coincell/reports/#"
CLIENT = "coincell-monitor"

_QUALITY = 1
"""At least once: what was not acknowledged comes again, and repeats count once."""

_KEEPALIVE_S = 30
_LOOK_S = 0.5
_MOST_WAITING = 1000
"""Messages; a broker has a limit of its own to what is unacknowledged, Mosquitto's is 20."""

_MOST_TEXT = 65535
"""Bytes of a text in MQTT: two tell how many."""

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class _Message:
    """One that came: its reports, and what acknowledges it, on the connection it came by alone."""

    reports: list[bytes]
    number: int
    quality: int
    connection: int


@dataclass(frozen=True)
class Broker:
    """Where a broker is, and who we are there.

    Attributes:
        host: its name.
        port: of TCP.
        secure: whether TLS is spoken, its certificate checked with the system's authorities.
        user: None for nobody.
        password: the same.
    """

    host: str
    port: int
    secure: bool
    user: str | None
    password: str | None

    @classmethod
    def from_url(cls, url: str) -> Broker:
        """Of `mqtt://user:password@host:port`, or mqtts for TLS.

        Raises:
            UserError: it is something else.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            host = parts.hostname or ""
            host.encode("idna")
        except ValueError:  # which UnicodeError is
            host = ""
        if not host or parts.scheme not in _PORTS:
            # Not told whole: it may hold a password.
            raise UserError(
                f"A broker is mqtt://HOST or mqtts://HOST; received {url.split(':')[0][:20]}:...",
                hint="For instance mqtts://user:password@broker.example:8883",
            )
        return cls(
            host,
            port or _PORTS[parts.scheme],
            parts.scheme == "mqtts",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )


class MqttSource:
    """A subscription that the broker remembers while we are away.

    Args:
        broker: where.
        topic: what is subscribed to; `#` and `+` stand for what they do in MQTT 3.1.1, 4.7.
        client: the name that the broker knows us by; two monitors need two.
        told: gets a sentence when the broker goes away, which is then looked for again.

    Raises:
        MissingExtraError: paho-mqtt is not installed.
        TelemetryError: nobody answers there, or not as a broker that lets us in.
        UserError: no topic or name in MQTT can be like this.
    """

    def __init__(
        self,
        broker: Broker,
        topic: str = TOPIC,
        client: str = CLIENT,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        _check_text("topic", topic)
        _check_text("client's name", client)
        _check_wildcards(topic)
        # Full, it makes the broker wait.
        self._messages: queue.Queue[_Message] = queue.Queue(_MOST_WAITING)
        self._connection = 0
        self._subscribed = threading.Event()
        self._refused = ""
        self._told = told
        self._leaving = False
        self._topic = topic
        self._client = self._made(broker, client)
        where = f"{broker.host}, port {broker.port}"
        try:
            self._client.connect(broker.host, broker.port, _KEEPALIVE_S)
        except OSError as error:
            raise TelemetryError(
                "broker",
                f"No broker answers at {where}: {error}.",
                hint="Does it run there, and is that its port? mqtt:// takes 1883 unless told.",
            ) from error
        self._client.loop_start()
        if not self._subscribed.wait(_KEEPALIVE_S) or self._refused:
            self.close()
            why = self._refused or "it said nothing"
            raise TelemetryError(
                "broker",
                f"The broker at {where} does not let us subscribe: {why}.",
                hint="Ask who runs it for a user that may read the topic.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; what was not acknowledged comes to the next of this name."""
        self._leaving = True
        self._client.disconnect()
        self._client.loop_stop()

    def receive(self, add: Callable[[list[bytes]], None], again: Callable[[], bool]) -> None:
        """Hand over what comes until `again` says no.

        Args:
            add: keeps reports; when it returns they are acknowledged. What it raises ends this,
                and what was not acknowledged comes again.
            again: asked every half second or sooner.
        """
        while again():
            messages = self._waiting()
            batch = [report for message in messages for report in message.reports]
            if batch:
                add(batch)
            for message in messages:
                # On another connection the number may be another message's; and who publishes
                # with quality 0 waits for nothing: a broker hangs up on who acknowledges it.
                if message.connection == self._connection and message.quality:
                    self._client.ack(message.number, message.quality)

    def _waiting(self) -> list[_Message]:
        """Messages that came, as many as a commit is worth; none after a while."""
        messages: list[_Message] = []
        with suppress(queue.Empty):
            messages.append(self._messages.get(timeout=_LOOK_S))
            while sum(len(one.reports) for one in messages) < BATCH:
                messages.append(self._messages.get_nowait())
        return messages

    def _made(self, broker: Broker, name: str) -> Any:
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise MissingExtraError("monitor", "paho-mqtt", "Receiving by MQTT") from error
        client = Client(
            CallbackAPIVersion.VERSION2, name, clean_session=False, manual_ack=True,
            reconnect_on_failure=True,
        )  # fmt: skip
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.secure:
            client.tls_set_context(ssl.create_default_context())
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._connected
        client.on_disconnect = self._left
        client.on_subscribe = self._granted
        client.on_message = self._came
        return client

    def _connected(self, client: Any, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        del flags, properties
        if reason.is_failure:
            self._refused = str(reason)
            self._subscribed.set()
        else:
            self._connection += 1
            client.subscribe(self._topic, _QUALITY)

    def _left(self, client: Any, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        del client, flags, properties
        if self._subscribed.is_set() and not self._leaving:
            self._told(f"The broker is away ({reason}); it is looked for.")

    def _granted(self, client: Any, _: Any, mid: int, reasons: Any, properties: Any) -> None:
        del client, mid, properties
        self._refused = next((str(one) for one in reasons if one.is_failure), "")
        self._subscribed.set()

    def _came(self, client: Any, _: Any, message: Any) -> None:
        del client
        reports = _reports_of(message.payload)
        self._messages.put(_Message(reports, message.mid, message.qos, self._connection))


def _check_text(what: str, text: str) -> None:
    """What MQTT 3.1.1, 1.5.3 says of text; a broker may hang up on any other without a word."""
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        length = 0
    if not 0 < length <= _MOST_TEXT or not text.isprintable():
        raise UserError(
            f"A {what} in MQTT is 1 to {_MOST_TEXT} bytes of printable UTF-8; "
            f"received {text[:40]!r}."
        )


def _check_wildcards(topic: str) -> None:
    parts = topic.split("/")
    if "#" in parts[:-1] or any(len(part) > 1 and set(part) & set("+#") for part in parts):
        raise UserError(
            f"In a topic + stands for a whole level, and # for all below; received {topic[:80]!r}.",
            hint="For instance coincell/reports/#",
        )


def _reports_of(payload: bytes) -> list[bytes]:
    """A message's reports; of one that is too long its begin, which is refused."""
    parts = split_reports(payload[: MOST_BODY_BYTES + 1])
    if len(payload) > MOST_BODY_BYTES or len(parts) > MOST_REPORTS:
        return [payload[: MOST_BYTES + 1]]
    return parts
