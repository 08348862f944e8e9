"""A provider that costs next to nothing: prebuilt answers over kept connections, each after a wait that burns no CPU.

Asked at /<milliseconds>/<variant>. It imports nothing of the panel, and runs in a process of its own.
"""

import asyncio
import json
import random
import signal
from urllib.parse import parse_qs

from scripts.offspring import follow_parent

SERVICES = 10_000
CHANGED_SERVICES = SERVICES // 100

RUNNING = ("In progress", "1", "500")
PARTIAL = ("Partial", "0.75", "250")
COMPLETED = ("Completed", "1", "0")
FURTHER = ("In progress", "1", "400")
MOVED = [PARTIAL] * 5 + [COMPLETED] * 10 + [FURTHER] * 15 + [RUNNING] * 70
"""Of a hundred orders in a row thirty have news, and five of those a refund."""


class Book:
    """The answers, built once; and how often it was asked."""

    def __init__(self) -> None:
        self.bodies = _service_lists()
        self.parts = {name: [_part(*word) for word in words] for name, words in _variants().items()}
        self.requests = self.in_flight = self.most_in_flight = 0

    def answer(self, variant: str, form: dict[str, list[str]]) -> bytes:
        if form["action"] == ["services"]:
            return self.bodies[variant]
        parts = self.parts[variant]
        if "order" in form:
            return parts[int(form["order"][0]) % 100]
        ids = form["orders"][0].split(",")
        return b"{%s}" % b",".join([b'"%s":%s' % (one.encode(), parts[int(one) % 100]) for one in ids])

    def counts(self) -> bytes:
        """The counts since the last time they were asked for."""
        told = json.dumps({"requests": self.requests, "most_in_flight": self.most_in_flight}).encode()
        self.requests = self.most_in_flight = 0
        return told


class Connection(asyncio.Protocol):
    """One kept connection of HTTP/1.1, one request at a time."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, found, rest = bytes(self.read).partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        if not found or len(rest) < length:
            return
        self.read.clear()
        path = lines[0].split(" ")[1]
        if path == "/counts":
            self._send(self.book.counts())
            return
        _, wait, variant = path.split("/")
        body = self.book.answer(variant, parse_qs(rest.decode()))
        self.book.requests += 1
        self.book.in_flight += 1
        self.book.most_in_flight = max(self.book.most_in_flight, self.book.in_flight)
        asyncio.get_running_loop().call_later(int(wait) / 1000, self._finish, body)

    def _finish(self, body: bytes) -> None:
        self.book.in_flight -= 1
        self._send(body)

    def _send(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


def _variants() -> dict[str, list[tuple[str, str, str]]]:
    return {"same": [RUNNING] * 100, "moved": MOVED}


def _part(word: str, charge: str, remains: str) -> bytes:
    told = {"charge": charge, "start_count": "3572", "status": word, "remains": remains, "currency": "USD"}
    return json.dumps(told).encode()


def _service_lists() -> dict[str, bytes]:
    rows = _services()
    other = [row | {"rate": f"{row['rate']}5"} for row in rows[:CHANGED_SERVICES]]
    turned = [dict(reversed(row.items())) for row in rows]
    return {
        "plain": json.dumps(rows).encode(),
        "reordered": json.dumps(turned, separators=(",", ":")).encode(),
        "changed": json.dumps(other + rows[CHANGED_SERVICES:]).encode(),
    }


def _services() -> list[dict[str, str | int | bool]]:
    """A list as a large provider sends it: the published fields, symbols in the names, 200 categories."""
    chance = random.Random(7)
    places, things = ("Instagram", "TikTok", "YouTube", "Telegram"), ("Followers", "Likes", "Views", "Shares", "Saves")
    return [
        {
            "service": 1000 + number,
            "name": f"🔥 {chance.choice(places)} {chance.choice(things)} [{number}] | Max 100K | Speed 5K/Day ♻️ R30",
            "type": chance.choice(("Default", "Default", "Default", "Custom Comments", "Package")),
            "category": f"⭐ {places[number % 4]} {things[number % 5]} | Group {number % 200}",
            "rate": f"{chance.randrange(20)}.{chance.randrange(100, 10_000):04}",
            "min": str(chance.choice((10, 50, 100))),
            "max": str(chance.choice((1000, 10_000, 1_000_000))),
            "dripfeed": chance.random() < 0.3,
            "refill": chance.random() < 0.5,
            "cancel": chance.random() < 0.3,
        }
        for number in range(SERVICES)
    ]


async def serve() -> None:
    """Print the port, then answer until ended."""
    book = Book()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(book), "127.0.0.1", 0, backlog=200)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    follow_parent(signal.SIGTERM)
    asyncio.run(serve())
