"""One question to a scripted server, as the tests of the one way out ask it."""

import time

from panel.lib.outbound.client import Answer, Outbound
from panel.lib.secret import Secret

HOME = frozenset({"127.0.0.1"})
OK = b'{"ok":1}'
HEAD = b"HTTP/1.1 200 OK\r\n"


def post(url: str, *, out: Outbound | None = None, seconds: float = 10, most: int = 1000, fresh: bool = True) -> Answer:
    return (out or Outbound(allowed_private_hosts=HOME)).post(
        url=url,
        form={"action": "add", "link": "https://x.example/ä b"},
        secrets={"key": Secret("K-12 3")},
        deadline=time.monotonic() + seconds,
        max_bytes=most,
        fresh=fresh,
    )
