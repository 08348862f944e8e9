"""A small client of the protocol, on http.client alone: the simulator is tested without the panel's adapter."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.fixtures_simulator import RemoteSimulator, Simulator

Reachable = Simulator | RemoteSimulator

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Raw:
    status: int
    type: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def post(simulator: Reachable, *, timeout: float = 5, **fields: object) -> Raw:
    """One request with the right key on a connection of its own."""
    form = {"key": simulator.key, **{name: str(value) for name, value in fields.items()}}
    return send(simulator.url, body=urlencode(form), timeout=timeout)


def call(simulator: Reachable, **fields: object) -> Any:
    """The answer's JSON."""
    answer = post(simulator, **fields)
    assert answer.status == 200
    return answer.json


def add(simulator: Reachable, **fields: object) -> str:
    """The id of an order of 1000 at 0.90, or of what `fields` say."""
    asked = {"service": 1, "link": "https://example.com/a", "quantity": 1000, **fields}
    return str(call(simulator, action="add", **asked)["order"])


def status(simulator: Reachable, order: str) -> dict[str, Any]:
    answer = call(simulator, action="status", order=order)
    assert isinstance(answer, dict)
    return answer


def send(url: str, *, body: str, method: str = "POST", type: str = FORM, timeout: float = 5, **headers: str) -> Raw:  # noqa: A002
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}", body, {"Content-Type": type, **names})
        answer = connection.getresponse()
        return Raw(answer.status, answer.headers["Content-Type"], dict(answer.headers), answer.read())
    finally:
        connection.close()
