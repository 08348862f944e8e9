"""Forms of the sign-in and the sign-up, each from an address of its own: one by one, or as a flood in its own process.

python -m tests.attack.flood PORT TOKEN COOKIES SECONDS    prints how often each status was answered, as JSON
"""

import http.client
import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

A_SECOND = 100
SECONDS = 30
_addresses = count(1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends forms with the token and the cookies of one page."""

    port: int
    token: str
    cookies: str

    def post(self, path: str, **fields: str) -> tuple[int, float]:
        """The status of the answer, 0 without one, and how long it took."""
        number = next(_addresses)
        source = f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookies}
        body = urlencode({"csrfmiddlewaretoken": self.token, **fields})
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS, source_address=(source, 0))
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except OSError:
            status = 0
        finally:
            connection.close()
        return status, time.perf_counter() - began


def attempt(caller: Caller, number: int) -> int:
    """A sign-in to no account, or a sign-up; the status of the answer."""
    if number % 2:
        return caller.post("/accounts/login/", login=f"nobody{number}@example.com", password="wrong wrong")[0]
    return caller.post("/accounts/signup/", email=f"flood{number}@example.com", password1="tall green ladder")[0]


def flood(caller: Caller, seconds: float) -> Counter[int]:
    """A hundred a second, whether they are answered or not."""
    began = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        sent = []
        for number in range(int(seconds * A_SECOND)):
            time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            sent.append(pool.submit(attempt, caller, number))
        return Counter(one.result() for one in sent)


if __name__ == "__main__":
    port, token, cookies, seconds = sys.argv[1:]
    sys.stdout.write(json.dumps(flood(Caller(int(port), token, cookies), float(seconds))))
