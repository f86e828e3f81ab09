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

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class _Message:
    """One that came: its reports, and what acknowledges it, on the connection it came by alone."""

    reports: list[bytes]
    number: int
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
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _PORTS or not parts.hostname or port == -1:
            raise UserError(
                f"A broker is mqtt://HOST or mqtts://HOST; received {parts.scheme[:20]}://...",
                hint="For instance mqtts://user:password@broker.example:8883",
            )
        return cls(
            parts.hostname,
            port or _PORTS[parts.scheme],
            parts.scheme == "mqtts",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )


class MqttSource:
    """A subscription that the broker remembers while we are away.

    Args:
        broker: where.
        topic: what is subscribed to; `#` and `+` stand for what they do in MQTT.
        client: the name that the broker knows us by; two monitors need two.

    Raises:
        MissingExtraError: paho-mqtt is not installed.
        TelemetryError: nobody answers there, or not as a broker that lets us in.
    """

    def __init__(self, broker: Broker, topic: str = TOPIC, client: str = CLIENT) -> None:
        # Full, it makes the broker wait.
        self._messages: queue.Queue[_Message] = queue.Queue(_MOST_WAITING)
        self._connection = 0
        self._subscribed = threading.Event()
        self._refused = ""
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
                # On another connection the number may be another message's.
                if message.connection == self._connection:
                    self._client.ack(message.number, _QUALITY)

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

    def _granted(self, client: Any, _: Any, mid: int, reasons: Any, properties: Any) -> None:
        del client, mid, properties
        self._refused = next((str(one) for one in reasons if one.is_failure), "")
        self._subscribed.set()

    def _came(self, client: Any, _: Any, message: Any) -> None:
        del client
        self._messages.put(_Message(_reports_of(message.payload), message.mid, self._connection))


def _reports_of(payload: bytes) -> list[bytes]:
    """A message's reports; of one that is too long its begin, which is refused."""
    parts = split_reports(payload[: MOST_BODY_BYTES + 1])
    if len(payload) > MOST_BODY_BYTES or len(parts) > MOST_REPORTS:
        return [payload[: MOST_BYTES + 1]]
    return parts
