"""The sockets beneath panel/lib/outbound/client.py: they check whom they reached and know whether a byte went out.

Every wait is for the time that is left until one deadline, so neither a silent server nor one that sends a byte a
second holds a caller longer. The rest of the product uses panel/lib/outbound/client.py.
"""

import functools
import socket
import ssl
import time
from collections.abc import Collection
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from panel.lib.outbound.addresses import is_public
from panel.lib.outbound.names import look_up

CONNECT_SECONDS = 5.0
MAX_ADDRESSES = 4


class ConnectRefusedError(OSError):
    """We did not connect, or did not stay: `Exchange.why` says it in words."""


class Exchange:
    """One request on the wire: until when it may last, and how far it got."""

    def __init__(self, *, allowed_private_hosts: Collection[str]) -> None:
        self.allowed = frozenset(host.strip().lower().rstrip(".") for host in allowed_private_hosts)
        self.begin(deadline=0.0)

    def begin(self, *, deadline: float) -> None:
        """Start anew, for a request that ends at `deadline` (time.monotonic)."""
        self.deadline = deadline
        self.why = ""
        self.connected = False
        self.sent = False
        self.received = False

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def left(self) -> float:
        """The seconds left. Raises TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left

    def may_be_private(self, host: str) -> bool:
        return host.lower().rstrip(".").strip("[]") in self.allowed

    def connect(self, host: str, port: int) -> socket.socket:
        """A socket to `host` whose peer was checked. Raises OSError, with `why` set, before anything is sent."""
        private = self.may_be_private(host)
        addresses = [row for row in self._resolve(host, port) if private or is_public(str(row[4][0]))]
        if not addresses:
            raise self._refusal("its address is not on the public Internet")
        until = time.monotonic() + min(CONNECT_SECONDS, self.left())
        for family, kind, protocol, _, address in addresses[:MAX_ADDRESSES]:
            if (seconds := until - time.monotonic()) <= 0:
                break
            sock = GuardedSocket(family, kind, protocol)
            try:
                sock.settimeout(seconds)
                sock.connect(address)
                self._check_peer(sock, private=private)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(min(CONNECT_SECONDS, self.left()))
            except ConnectRefusedError:
                sock.close()
                raise
            except OSError as problem:
                sock.close()
                self.why = "no connection in time" if isinstance(problem, TimeoutError) else "it does not take calls"
                continue
            self.connected, self.why = True, ""
            return sock
        raise self._refusal(self.why or "no connection in time")

    def _resolve(self, host: str, port: int) -> list[Any]:
        try:
            return look_up(host.strip("[]"), port, seconds=self.left())
        except TimeoutError:
            raise self._refusal("its name did not resolve in time") from None
        except (OSError, UnicodeError):
            raise self._refusal("its name does not resolve") from None

    def _check_peer(self, sock: socket.socket, *, private: bool) -> None:
        if not private and not is_public(str(sock.getpeername()[0])):
            raise self._refusal("its address is not on the public Internet")

    def _refusal(self, why: str) -> ConnectRefusedError:
        self.why = why
        return ConnectRefusedError(why)


class _Guarded:
    """What both kinds of socket do once a request uses them: every wait is for the time left, every step noted."""

    exchange: Exchange | None = None

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._before_sending()
        super().sendall(data, flags)  # type: ignore[misc]

    def send(self, data: Any, flags: int = 0) -> int:
        self._before_sending()
        return int(super().send(data, flags))  # type: ignore[misc]

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.exchange is not None:
            self.settimeout(self.exchange.left())  # type: ignore[attr-defined]
        count = int(super().recv_into(*args, **kwargs))  # type: ignore[misc]
        if count and self.exchange is not None:
            self.exchange.received = True
        return count

    def _before_sending(self) -> None:
        if self.exchange is not None:
            self.settimeout(self.exchange.left())  # type: ignore[attr-defined]
            self.exchange.sent = True


class GuardedSocket(_Guarded, socket.socket):
    pass


class GuardedTLSSocket(_Guarded, ssl.SSLSocket):
    pass


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, exchange: Exchange, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.connect(self.host, self.port)

    def connect(self) -> None:
        super().connect()
        self.sock.exchange = self.exchange  # type: ignore[union-attr]


class _TLSConnection(_Connection, HTTPSConnection):
    # The handshake is over when `connect` of HTTPSConnection returns: only then the request's socket is guarded.
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Pools(PoolManager):
    def __init__(self, exchange: Exchange, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.exchange = exchange
        self.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def _new_pool(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = super()._new_pool(*args, **kwargs)
        pool.conn_kw["exchange"] = self.exchange
        return pool


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Certificates and names are verified against the authorities that requests trusts; read from disk once."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = GuardedTLSSocket
    return context


class Wire(HTTPAdapter):
    """requests' own transport, on guarded connections. It follows no redirect, keeps no cookie, asks no proxy."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = _Pools(self.exchange, num_pools=connections, maxsize=maxsize, block=block, **kwargs)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, tls = super().build_connection_pool_key_attributes(request, True, None)
        return host, {**tls, "ssl_context": tls_context()}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to add: the context verifies, and reading the bundle again for every connection is slow."""
