"""Where a request ends: its head at the empty line, its body by length or in chunks. Pure, and fed in any split.

Gunicorn's parser reads the head that is found here; the errors are gunicorn's too. Chunks are decoded here alone, so
that nobody else reads their borders differently.
"""

from typing import Any, Protocol

from gunicorn.http.body import CHUNK_EXT_RE, ChunkedReader, LengthReader
from gunicorn.http.errors import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    LimitRequestLine,
)

MAX_LINE_BYTES = 4094
"""Of a request line, as gunicorn has it by default."""
MAX_HEAD_BYTES = 32 * 1024
MAX_SIZE_LINE_BYTES = 1024
MAX_TRAILER_BYTES = 8 * 1024
FRAMING_ALLOWANCE = 16 * 1024
"""Chunks may cost so many bytes more than they carry: a body in chunks of one byte is work without a use."""
HEX = frozenset(b"0123456789abcdefABCDEF")


class HeadFinder:
    """Takes the head of a request off the front of a buffer once it is there whole."""

    def __init__(self) -> None:
        self._searched = 0

    def take(self, buffer: bytearray) -> bytes | None:
        """The head with its empty line, or None while it is not whole. Raises what gunicorn raises for a bad one."""
        start = max(0, self._searched - 3)
        end = buffer.find(b"\r\n\r\n", start)
        limit = len(buffer) if end < 0 else end + 4
        self._refuse_bare_line_feeds(buffer, limit)
        if limit > MAX_LINE_BYTES and self._first_line(buffer) > MAX_LINE_BYTES:
            raise LimitRequestLine(self._first_line(buffer), MAX_LINE_BYTES)
        if limit > MAX_HEAD_BYTES:
            raise LimitRequestHeaders(f"over {MAX_HEAD_BYTES} bytes")
        self._searched = limit
        if end < 0:
            return None
        head = bytes(buffer[:limit])
        del buffer[:limit]
        self._searched = 0
        return head

    def _refuse_bare_line_feeds(self, buffer: bytearray, limit: int) -> None:
        """A head with a line that ends otherwise is read differently by others, or never ends."""
        start = max(0, self._searched - 1)  # a line feed that stands there was checked before
        ended = buffer.count(b"\r\n", start, limit) + (start > 0 and buffer.startswith(b"\n", start))
        if buffer.count(b"\n", start, limit) != ended:
            raise InvalidRequestLine("a line feed without a carriage return")

    @staticmethod
    def _first_line(buffer: bytearray) -> int:
        start = 2 if buffer.startswith(b"\r\n") else 0
        end = buffer.find(b"\r\n", start)
        return (len(buffer) if end < 0 else end) - start


class Body(Protocol):
    """What decodes the body of one request."""

    expected: int
    """How many bytes it has, as far as was said."""
    is_whole: bool

    def take(self, buffer: bytearray) -> bytes:
        """Take what belongs to the body off the front of the buffer and give its content."""


class LengthBody:
    """A body of a known length; without one, none."""

    def __init__(self, length: int) -> None:
        self.expected = self._missing = length
        self.is_whole = length == 0

    def take(self, buffer: bytearray) -> bytes:
        piece = bytes(buffer[: self._missing])
        del buffer[: len(piece)]
        self._missing -= len(piece)
        self.is_whole = self._missing == 0
        return piece


class ChunkedBody:
    """A body in chunks. What they may say beside their size, and trailers, are checked and dropped."""

    def __init__(self) -> None:
        self.expected = 0
        self.is_whole = False
        self._framing = 0
        self._missing = 0
        self._step = self._size

    def take(self, buffer: bytearray) -> bytes:
        pieces: list[bytes] = []
        while not self.is_whole and self._step(buffer, pieces):
            pass
        return b"".join(pieces)

    def _size(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        line = _line(buffer, limit=MAX_SIZE_LINE_BYTES)
        if line is None:
            return False
        digits, mark, extension = line.partition(b";")
        digits = digits.rstrip(b" \t") if mark else digits
        if not digits or len(digits) > 16 or not HEX.issuperset(digits):
            raise InvalidChunkSize(digits[:20])
        if mark and not CHUNK_EXT_RE.fullmatch(mark + extension):
            raise InvalidChunkExtension("invalid chunk extension")
        self._framing += len(line) + 4
        if self._framing > self.expected + FRAMING_ALLOWANCE:
            raise InvalidChunkSize(b"chunks too small for what they carry")
        self._missing = int(digits, 16)
        self.expected += self._missing
        self._step = self._data if self._missing else self._trailer
        return True

    def _data(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        piece = bytes(buffer[: self._missing])
        del buffer[: len(piece)]
        pieces.append(piece)
        self._missing -= len(piece)
        if self._missing == 0:
            self._step = self._end_of_data
        return bool(piece)

    def _end_of_data(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        if not b"\r\n".startswith(bytes(buffer[:2])):
            raise ChunkMissingTerminator(bytes(buffer[:2]))
        if len(buffer) < 2:
            return False
        del buffer[:2]
        self._step = self._size
        return True

    def _trailer(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        line = _line(buffer, limit=MAX_TRAILER_BYTES)
        if line is None:
            return False
        self._missing += len(line) + 2  # of trailers, now that no data is to come
        if self._missing > MAX_TRAILER_BYTES:
            raise LimitRequestHeaders(f"trailers over {MAX_TRAILER_BYTES} bytes")
        if line and line.find(b":") <= 0:
            raise InvalidHeader("a trailer without a name")
        self.is_whole = not line
        return True


def body_of(request: Any) -> Body:
    """How to read the body of a request whose head gunicorn has parsed."""
    reader = request.body.reader
    if isinstance(reader, ChunkedReader):
        return ChunkedBody()
    assert isinstance(reader, LengthReader)
    return LengthBody(reader.length)


def _line(buffer: bytearray, *, limit: int) -> bytes | None:
    """The next line without its end, taken off; None while it is not whole."""
    end = buffer.find(b"\n", 0, limit)
    if end < 0:
        if len(buffer) >= limit:
            raise InvalidChunkSize(b"line too long")
        return None
    line = bytes(buffer[:end])
    if not line.endswith(b"\r") or b"\r" in line[:-1]:
        raise InvalidChunkSize(b"line without its end")
    del buffer[: end + 1]
    return line[:-1]
