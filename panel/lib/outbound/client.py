"""The one way out: every request to a host that is not ours goes through here (providers, webhooks, gateways, alerts).

It connects only to public addresses unless a host is allowed to be private, speaks only https to the others, follows
no redirect, ends at a deadline whatever the server does, and reads no more than the given limit. Its errors say whether
the request can have been received, and hold neither the request nor its secrets:

    OutboundError
    ├─ NotConnected   no byte of the request was sent
    └─ NoAnswer       it was sent, at least in part, and no complete answer came: the outcome is unknown
"""

import contextlib
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import requests
from billiard.exceptions import SoftTimeLimitExceeded  # Celery's, from where it is defined

from panel.lib.outbound.sockets import Exchange, Wire
from panel.lib.secret import Secret

PUBLIC_PORTS = frozenset({443, 8443})
PIECE = 64 * 1024
KEPT_HEADERS = ("content-type", "retry-after")
USER_AGENT = "Mozilla/5.0 (compatible; reseller-panel)"
HEADERS = {
    "Accept": "application/json, */*;q=0.5",
    "Accept-Encoding": "identity",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": USER_AGENT,
}


Content = tuple[bytes, Mapping[str, str]]
"""A request's body, and the headers it needs beside HEADERS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, whatever its status. `headers` holds those of KEPT_HEADERS that were there."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class OutboundError(Exception):
    """`text` is one line for people; it names the other side, never what was sent."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotConnected(OutboundError):  # noqa: N818 (says what is, like the adapters' errors)
    """Not one byte of the request left: it may be sent again. `reached` where a host did take the connection."""

    def __init__(self, text: str, *, reached: bool = False) -> None:
        super().__init__(text)
        self.reached = reached


class NoAnswer(OutboundError):  # noqa: N818
    """The request left, at least in part. `status` and `partial` are what came of an answer, if any did."""

    def __init__(self, text: str, *, status: int | None = None, partial: bytes = b"") -> None:
        super().__init__(text)
        self.status = status
        self.partial = partial


@dataclass(slots=True)
class _Reading:
    """How much of an answer has come."""

    status: int | None = None
    body: bytearray = field(default_factory=bytearray, repr=False)


class _TooLongError(Exception):
    pass


class Outbound:
    """Requests to few hosts, one at a time (not for several threads). Keeps a connection between pooled requests."""

    def __init__(self, *, allowed_private_hosts: Collection[str] = (), called: str = "") -> None:
        """`called` is what errors call the other side, such as "the provider"; without it they name the host."""
        self._called = called
        self._exchange = Exchange(allowed_private_hosts=allowed_private_hosts)
        self._pooled = Wire(self._exchange)

    def post(
        self,
        *,
        url: str,
        form: Mapping[str, str],
        secrets: Mapping[str, Secret],
        deadline: float,
        max_bytes: int,
        fresh: bool,
    ) -> Answer:
        """POST `form` and `secrets` form-encoded, and the whole answer, redirects included, before `deadline`.

        `fresh` sends once, on a connection of its own; otherwise a connection may be used again, and a request that
        found it closed is sent once more: for questions only. Raises NotConnected or NoAnswer; Celery's soft time limit
        passes.
        """

        def content() -> Content:
            body = urlencode({**form, **{name: secret.reveal() for name, secret in secrets.items()}})
            return body.encode("ascii"), {}

        outcome = self._attempt(url, content, deadline, max_bytes, fresh)
        if isinstance(outcome, NoAnswer) and not fresh and self._was_stale():
            outcome = self._attempt(url, content, deadline, max_bytes, fresh)
        # Raised here and not where it happened: no frame that saw the secrets is part of the traceback.
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def post_body(
        self, *, url: str, body: bytes, headers: Mapping[str, str], deadline: float, max_bytes: int
    ) -> Answer:
        """POST `body` as it is, once, on a connection of its own. Raises NotConnected or NoAnswer."""
        outcome = self._attempt(url, lambda: (body, headers), deadline, max_bytes, fresh=True)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close the kept connection, if any. The object stays usable."""
        self._pooled.close()

    def _was_stale(self) -> bool:
        """Whether a kept connection turned out closed: it was not opened for this request and nothing came."""
        exchange = self._exchange
        return exchange.sent and not exchange.connected and not exchange.received and not exchange.is_over

    def _attempt(
        self,
        url: str,
        content: Callable[[], Content],
        deadline: float,
        max_bytes: int,
        fresh: bool,
    ) -> Answer | OutboundError | SoftTimeLimitExceeded:
        called = self._called or _host_of(url)
        self._exchange.begin(deadline=deadline)
        wire = Wire(self._exchange) if fresh else self._pooled
        reading = _Reading()
        try:
            request = self._prepare(url, content, fresh)
            return self._talk(wire, request, reading, max_bytes)
        except SoftTimeLimitExceeded:  # our own limit, which says nothing of the host
            wire.close()
            return SoftTimeLimitExceeded()
        except Exception as problem:  # noqa: BLE001 (an exception of any kind holds the request; what left decides)
            wire.close()
            return self._failure(called, problem, reading)
        finally:
            if fresh:
                wire.close()

    def _prepare(self, url: str, content: Callable[[], Content], fresh: bool) -> requests.PreparedRequest:
        body, more = content()
        headers = {**HEADERS, **({"Connection": "close"} if fresh else {}), **more}
        request = requests.Request("POST", url, data=body, headers=headers).prepare()
        self._check_address(request.url or "")
        return request

    def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.username is not None or parts.password is not None:
            raise self._refusal("the address holds a user name or a password")
        if parts.scheme == "http" and self._exchange.may_be_private(host):
            return
        if parts.scheme != "https":
            raise self._refusal("the address is not https")
        if (parts.port or 443) not in PUBLIC_PORTS and not self._exchange.may_be_private(host):
            raise self._refusal("the address names a port that is not a web server's")

    def _refusal(self, why: str) -> ValueError:
        self._exchange.why = why
        return ValueError(why)

    def _talk(self, wire: Wire, request: requests.PreparedRequest, reading: _Reading, max_bytes: int) -> Answer:
        # The transport itself, without requests' Session: a Session reads a redirect's body whole, whatever its size.
        response = wire.send(request, stream=True, timeout=self._exchange.left())
        reading.status = response.status_code
        for piece in response.raw.stream(PIECE, decode_content=False):
            reading.body += piece
            if len(reading.body) > max_bytes:
                raise _TooLongError
        response.raw.release_conn()
        headers = {name: response.headers[name][:200] for name in KEPT_HEADERS if name in response.headers}
        body = _decompress(bytes(reading.body), response.headers.get("content-encoding", ""), max_bytes)
        return Answer(status=response.status_code, headers=headers, body=body)

    def _failure(self, called: str, problem: Exception, reading: _Reading) -> OutboundError:
        exchange = self._exchange
        if not exchange.sent:
            why = exchange.why
            if not why and exchange.is_over:
                why = "the time was over before anything was sent"
            if not why and exchange.connected:
                why = "no secure connection could be agreed on"
            text = f"Not connected to {called}: {why or type(problem).__name__}."
            return NotConnected(text, reached=exchange.connected)
        subject = called[:1].upper() + called[1:] if self._called else called
        if isinstance(problem, _TooLongError):
            text = f"{subject} sent an answer that is too long."
        elif isinstance(problem, zlib.error):
            text = f"{subject} sent an answer that does not unpack."
        elif exchange.is_over:
            text = f"{subject} gave no complete answer in time."
        else:
            text = f"{subject} closed the connection without a complete answer."
        return NoAnswer(text, status=reading.status, partial=bytes(reading.body))


def _host_of(url: str) -> str:
    with contextlib.suppress(ValueError):
        return (urlsplit(url).hostname or "")[:100] or "the address"
    return "the address"


def _decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body of a server that compresses unasked, never longer than `max_bytes`."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    plain = unpacker.decompress(body, max_bytes + 1)
    if len(plain) > max_bytes:
        raise _TooLongError
    if not unpacker.eof:
        raise zlib.error("cut short")
    return plain
