"""The studio's door: who may ask, what may be asked, how much may be sent, what a page may do.

Four rules, held before any page's code runs. A request's Host must be one of ours, so that a
foreign name that was made to point here (DNS rebinding) is refused. What a browser sends on behalf
of another site (Origin, Sec-Fetch-Site) is refused. Where others on the network can reach the
studio, each request must carry the token. A body has a limit, which is held while it arrives.
"""

from __future__ import annotations

import html
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 1 << 20
MOST_RECORDING_BYTES = 64 << 20
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart here, never bound by default
_SAFE = frozenset({"GET", "HEAD"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'none'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Mapping[bytes, bytes] = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}


class TooLargeError(Exception):
    """A body went over its limit while it arrived; whoever reads it passes this on."""


@dataclass(frozen=True)
class Door:
    """Who may come in.

    Attributes:
        host: the address that the studio listens at.
        port: its port.
        token: what every request must carry; "" where only this computer can reach it.
        names: further names that this computer is known by, for the Host header.
        large: path -> bytes, where more than `MOST_BODY_BYTES` may be sent.
    """

    host: str
    port: int
    token: str = ""
    names: frozenset[str] = frozenset()
    large: Mapping[str, int] | None = None

    @property
    def address(self) -> str:
        """Where a browser finds the first page, with the token where there is one."""
        name = "127.0.0.1" if self.host in _ANY else self.host
        shown = f"[{name}]" if ":" in name else name
        query = f"?{urlencode({'token': self.token})}" if self.token else ""
        return f"http://{shown}:{self.port}/{query}"

    @property
    def cookie(self) -> str:
        """The name that the token has in the browser; each studio its own."""
        return f"coincell_studio_{self.port}"

    def knows(self, host: str) -> bool:
        """Whether a Host header names this studio."""
        name = _name_of(host)
        if name in LOOPBACK | self.names | {self.host.lower()}:
            return True
        return self.host in _ANY and _is_address(name)

    def most_bytes(self, path: str) -> int:
        """How long the body of a request may be."""
        return (self.large or {}).get(path, MOST_BODY_BYTES)


def door_for(host: str, port: int, names: Iterable[str] = ()) -> Door:
    """The door of a studio at `host`; with a new token unless only this computer can reach it."""
    token = "" if host in LOOPBACK else secrets.token_urlsafe(24)
    large = {"/whatif/recording": MOST_RECORDING_BYTES}
    return Door(host, port, token, frozenset(name.lower() for name in names), large)


class Guard:
    """An ASGI application around another one, which holds the rules of this module."""

    def __init__(self, inner: Application, door: Door) -> None:
        self._inner = inner
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refusal(scope, headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        if self._door.token:
            entered = _with_token(scope, headers, self._door)
            if entered is not None:
                await _answer(send, *entered)
                return
        await self._pass_on(scope, receive, send)

    def _refusal(
        self, scope: Scope, headers: Mapping[bytes, str]
    ) -> tuple[int, str, dict[bytes, bytes]] | None:
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if not self._door.knows(host):
            return 421, f"This studio is not {host[:80]!r}. Open the address that it printed.", {}
        if origin is not None and origin != f"http://{host}":
            return 403, f"A page of {origin[:80]!r} may not use this studio.", {}
        site = headers.get(b"sec-fetch-site", "same-origin")
        if scope["method"] not in _SAFE and site not in ("same-origin", "none"):
            return 403, "Another site's page may change nothing here.", {}
        if is_outside(scope["path"]) or is_outside(scope.get("raw_path", b"").decode("latin-1")):
            return 403, "A path may not leave the project.", {}
        length = headers.get(b"content-length", "0")
        most = self._door.most_bytes(scope["path"])
        if not length.isdigit() or int(length) > most:
            return (
                413,
                f"At most {most:,} bytes can be sent here; {length[:20]} were announced.",
                {},
            )
        return None

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, arrived = self._door.most_bytes(scope["path"]), 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise TooLargeError(f"At most {most:,} bytes can be sent here.")
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _dressed(message["headers"])}
            await send(message)

        await self._inner(scope, counted, dressed)


def is_outside(path: str) -> bool:
    """Whether a path of a request, encoded or not, tries to leave its folder."""
    plain = unquote(unquote(path))
    return "\0" in plain or "\\" in plain or ".." in plain.split("/")


def _with_token(
    scope: Scope, headers: Mapping[bytes, str], door: Door
) -> tuple[int, str, dict[bytes, bytes]] | None:
    """None where the request carries the token; a redirect that leaves it as a cookie where it came
    in the address; else a refusal."""
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    given = [value for name, value in pairs if name == "token"]
    cookies = dict(
        part.strip().split("=", 1) for part in headers.get(b"cookie", "").split(";") if "=" in part
    )
    if any(_same(value, door.token) for value in given):
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        path = quote("/" + scope["path"].lstrip("/")) + (f"?{rest}" if rest else "")
        cookie = f"{door.cookie}={door.token}; Path=/; HttpOnly; SameSite=Strict"
        return 303, "", {b"location": path.encode(), b"set-cookie": cookie.encode()}
    if _same(cookies.get(door.cookie, ""), door.token):
        return None
    return 401, "Open the address with the token that `coincell studio` printed.", {}


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def _dressed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With what every answer says; a page is kept by no cache unless it says otherwise."""
    own = [(name, value) for name, value in headers if name.lower() not in _HEADERS]
    names = {name.lower() for name, _ in own}
    cache = [] if b"cache-control" in names else [(b"cache-control", b"no-store")]
    return [*own, *_HEADERS.items(), *cache]


async def _answer(send: Send, status: int, words: str, headers: Mapping[bytes, bytes]) -> None:
    body = f"<!doctype html><title>Coincell studio</title><p>{html.escape(words)}</p>".encode()
    more = {b"content-type": b"text/html; charset=utf-8", b"connection": b"close", **headers}
    lines = [*more.items(), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": _dressed(lines)})
    await send({"type": "http.response.body", "body": body})


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
