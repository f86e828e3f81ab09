"""The server below the receiver: connections that dawdle are closed, and there are not too many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from fastapi import FastAPI

HEAD_S = 10.0
"""A request's head must have come so long after the connection, or after its first byte."""

MOST_CONNECTIONS = 256
"""More are answered 503 at once; each may hold a body of a mebibyte in memory."""


def server_settings(application: FastAPI, head_s: float = HEAD_S) -> Config:
    """What uvicorn serves the receiver with.

    Args:
        application: of `build_receiver`.
        head_s: see `HEAD_S`.
    """

    class Protocol(_Impatient):
        patience_s = head_s

    return Config(
        application, http=Protocol, ws="none", log_level="error", access_log=False,
        lifespan="on", limit_concurrency=MOST_CONNECTIONS, h11_max_incomplete_event_size=16384,
    )  # fmt: skip


class _Impatient(H11Protocol):
    """Uvicorn waits for a request's head for ever; this waits a while."""

    patience_s = HEAD_S
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait()  # for the rest of a head
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.patience_s, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
