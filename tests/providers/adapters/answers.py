"""An adapter whose way out is replaced by one answer, so that tests of reading need no network."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from panel.lib.outbound.client import Answer
from panel.lib.secret import Secret
from providers.adapters.base import AddRequest
from providers.adapters.v2 import V2Adapter

KEY = "CANARY0key1for2tests"
ORDER = AddRequest({"service": "1", "link": "https://x.example/p", "quantity": "100"})


class OneAnswer:
    """Stands where the adapter's Outbound stands; notes what was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def post(self, **question: Any) -> Answer:
        self.asked.append(question)
        return self.answer

    def close(self) -> None:
        pass


def adapter_with(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, key: str = KEY
) -> tuple[V2Adapter, OneAnswer]:
    """An adapter that gets `body` (bytes as they are, text encoded, all else as JSON) to every question."""
    if isinstance(body, str):
        body = body.encode()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    way = OneAnswer(Answer(status=status, headers=headers or {}, body=raw))
    adapter = V2Adapter("https://provider.example/api/v2", Secret(key))
    adapter._outbound = way  # type: ignore[assignment]
    return adapter, way


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
