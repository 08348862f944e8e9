"""A thread's way back to the caller: it never waits for one who reads slowly. What a caller has not taken is kept."""

import errno
import os
import socket
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.wsgi import Response

IN_MEMORY = 256 * 1024
LARGEST_BACKLOG = 64 * 1024 * 1024
"""So much of one answer is kept for a slow reader; a longer one is cut."""
BLOCK = 128 * 1024
BLOCKS_AT_ONCE = 8
"""So many are sent before others have their turn."""


class Answer:
    """Stands in for the socket where gunicorn writes; the loop pushes the rest when the thread is done."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._head: bytes | None = None
        self._backlog: IO[bytes] | None = None
        self._written = self._taken = 0
        self.is_begun = self.is_sent = False

    @property
    def waiting(self) -> int:
        """How many bytes the caller has not taken yet."""
        return self._written - self._taken

    def sendall(self, data: bytes) -> None:
        """Send or keep it. The head is held until the body's first piece, so that both go out together."""
        if not self.is_begun:
            self.is_begun = True
            self._head = data
            return
        if self._head is not None:
            data, self._head = self._head + data, None
        self._send(data)

    def sendfile(self, file: IO[bytes], *, offset: int, count: int) -> None:
        """Send a part of a file, as a socket's own does."""
        file.seek(offset)
        while count > 0 and (block := file.read(min(count, BLOCK))):
            self.sendall(block)
            count -= len(block)

    def finish(self) -> None:
        """The thread has written everything."""
        if self._head is not None:
            data, self._head = self._head, None
            self._send(data)

    def push(self) -> bool:
        """Send what the caller takes now of what was kept; whether that was all of it. OSError for a gone caller."""
        for _ in range(BLOCKS_AT_ONCE):
            if self._backlog is None:
                return True
            self._backlog.seek(self._taken)
            sent = self._take(self._backlog.read(BLOCK))
            if sent == 0:
                return False
            self._taken += sent
            if self.waiting == 0:
                self.drop()
        return self._backlog is None

    def drop(self) -> None:
        """Forget what was kept."""
        if self._backlog is not None:
            self._backlog.close()
        self._backlog = None
        self._written = self._taken = 0

    def _send(self, data: bytes) -> None:
        self.is_sent = True
        sent = self._take(data) if self._backlog is None else 0
        if sent == len(data):
            return
        if self._backlog is None:
            self._backlog = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed by drop)
        if self.waiting + len(data) - sent > LARGEST_BACKLOG:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        self._backlog.seek(self._written)
        self._written += self._backlog.write(memoryview(data)[sent:])
        self.push()

    def _take(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0


class UnsignedResponse(Response):  # type: ignore[misc] # gunicorn is not typed
    """Gunicorn's writer of answers, without the header that names the server."""

    def default_headers(self) -> list[str]:
        return [line for line in super().default_headers() if not line.startswith("Server:")]


def write_answer(application: Callable[..., Any], environ: dict[str, Any], response: Any) -> None:
    """Run the application and write all that it answers."""
    pieces = application(environ, response.start_response)
    try:
        if isinstance(pieces, environ["wsgi.file_wrapper"]):
            response.write_file(pieces)
        else:
            for piece in pieces:
                response.write(piece)
        response.close()
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
