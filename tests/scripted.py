"""A server that does, request by request, exactly what a test scripted: it answers, hangs, drips, closes or resets."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

Act = Callable[[socket.socket, threading.Event], bool]
"""Answers one request; whether the connection stays open for another."""


class ScriptedServer:
    """`requests` holds the bodies read, `received` every byte, `connections` how many calls were taken."""

    def __init__(self, acts: Sequence[Act], *, tls: ssl.SSLContext | None = None) -> None:
        self.acts = list(acts)
        self.requests: list[bytes] = []
        self.heads: list[bytes] = []
        self.received = b""
        self.connections = 0
        self.on_accept: Callable[[socket.socket], None] | None = None
        self._tls = tls
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/api/v2"

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(20)
        with suppress(OSError):
            if self.on_accept:
                self.on_accept(peer)
            if self._tls:
                peer = self._tls.wrap_socket(peer, server_side=True)
            while self._read_request(peer):
                act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                if not act(peer, self._over):
                    break
        peer.close()

    def _read_request(self, peer: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := peer.recv(65536)):
                return False
            data += piece
            self.received += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            piece = peer.recv(65536)
            body += piece
            self.received += piece
        self.heads.append(head)
        self.requests.append(body)
        return True


@contextmanager
def scripted(*acts: Act, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """A server that performs `acts` in turn and the last one from then on."""
    server = ScriptedServer(acts, tls=tls)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes, *, status: int = 200, headers: str = "", length: int | None = None, keep: bool = False) -> Act:
    """A complete answer; or one whose declared `length` is not what comes."""
    declared = len(body) if length is None else length

    def act(peer: socket.socket, over: threading.Event) -> bool:
        head = f"HTTP/1.1 {status} Word\r\nContent-Type: application/json\r\nContent-Length: {declared}\r\n{headers}"
        peer.sendall(head.encode() + (b"" if keep else b"Connection: close\r\n") + b"\r\n" + body)
        return keep

    return act


def raw(data: bytes, *, keep: bool = False) -> Act:
    """These very bytes."""

    def act(peer: socket.socket, over: threading.Event) -> bool:
        peer.sendall(data)
        return keep

    return act


def drip(data: bytes, *, after: bytes = b"") -> Act:
    """`data` a byte at a time, without end, each sooner than any wait for a single read would give up.

    What comes first is sent at once, so that it has arrived by any deadline on a busy machine, too.
    """

    def act(peer: socket.socket, over: threading.Event) -> bool:
        peer.sendall(after)
        position = 0
        while not over.wait(0.05):
            peer.sendall(data[position % len(data) :][:1])
            position = position + 1 if position + 1 < len(data) else position
        return False

    return act


def hang(peer: socket.socket, over: threading.Event) -> bool:
    over.wait(20)
    return False


def close(peer: socket.socket, over: threading.Event) -> bool:
    return False


def reset(peer: socket.socket, over: threading.Event) -> bool:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
