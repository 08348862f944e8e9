"""The industry's "API v2", as it is published and as it is met in the wild. Catalogue, order and balance jobs ask it.

Every error is made where the answer is judged but raised at the top, so that no traceback holds a frame with the key.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar

from panel.lib.outbound.client import Answer, NoAnswer, NotConnected, Outbound
from panel.lib.secret import Secret
from providers.adapters import decode, v2_reads
from providers.adapters.base import (
    Accepted,
    AddRequest,
    Balance,
    ItemError,
    OrderStatus,
    Placed,
    ProviderAdapter,
    RefillStatus,
    ServiceList,
)
from providers.adapters.errors import AdapterError, Evidence, NotPlaced, OutcomeUnknown, Refused, RetryLater
from providers.adapters.texts import Mask
from providers.adapters.v2_add import AddAnswer, classify_add_answer, parse_retry_after
from providers.adapters.v2_services import read_currencies, read_services
from providers.adapters.vocabulary import classify_error

READ_SECONDS = 30.0
ADD_BYTES = 1024 * 1024
READ_BYTES = 5 * 1024 * 1024
SERVICES_BYTES = 20 * 1024 * 1024

T = TypeVar("T")
Reason = Literal["not_connected", "busy", "key", "broken"]


class V2Adapter(ProviderAdapter):
    """One provider's API at `url` under `key`; only hosts in `allowed_private_hosts` may be private or plain http."""

    def __init__(self, url: str, key: Secret, *, allowed_private_hosts: Collection[str] = frozenset()) -> None:
        self._url = url
        self._key = key
        self._mask = Mask(key)
        self._outbound = Outbound(allowed_private_hosts=allowed_private_hosts, called="the provider")

    def services(self, *, unless_digest: str = "") -> ServiceList | None:
        with self._recorded("services"):
            return self._services(unless_digest)

    def add(self, *, request: AddRequest, deadline: float) -> Placed:
        with self._recorded("add"):
            outcome = self._buy(request, deadline)
            if isinstance(outcome, AdapterError):
                raise outcome
            return outcome

    def status(self, *, order_id: str) -> OrderStatus | ItemError:
        return self._read("status", {"order": order_id}, lambda data: v2_reads.read_status(data, order_id))

    def statuses(self, *, order_ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]:
        return self._batch("status", "orders", order_ids, v2_reads.read_statuses)

    def refill(self, *, order_id: str) -> str | ItemError:
        return self._read("refill", {"order": order_id}, lambda data: v2_reads.read_refill(data, order_id), fresh=True)

    def refills(self, *, order_ids: Sequence[str]) -> dict[str, str | ItemError]:
        return self._batch("refill", "orders", order_ids, v2_reads.read_refills, fresh=True)

    def refill_status(self, *, refill_id: str) -> RefillStatus | ItemError:
        return self._read(
            "refill_status", {"refill": refill_id}, lambda data: v2_reads.read_refill_status(data, refill_id)
        )

    def refill_statuses(self, *, refill_ids: Sequence[str]) -> dict[str, RefillStatus | ItemError]:
        return self._batch("refill_status", "refills", refill_ids, v2_reads.read_refill_statuses)

    def cancels(self, *, order_ids: Sequence[str]) -> dict[str, Accepted | ItemError]:
        return self._batch("cancel", "orders", order_ids, v2_reads.read_cancels, fresh=True)

    def balance(self) -> Balance:
        return self._read("balance", {}, v2_reads.read_balance)

    def close(self) -> None:
        self._outbound.close()

    def _services(self, unless_digest: str) -> ServiceList | None:
        answer = self._fetch("services", {}, max_bytes=SERVICES_BYTES)
        if isinstance(answer, RetryLater):
            raise answer
        digest = hashlib.sha256(answer.body).hexdigest()
        if answer.status == 200 and digest == unless_digest:
            return None
        found = self._understand(answer, lambda data: (*read_services(data), read_currencies(data)))
        if isinstance(found, RetryLater):
            raise found
        services, rejected, currencies = found
        return ServiceList(services=services, rejected=rejected, digest=digest, currencies=currencies)

    def _buy(self, request: AddRequest, deadline: float) -> Placed | AdapterError:
        if not {"key", "action"}.isdisjoint(request.fields):
            raise ValueError("The adapter itself gives key and action.")
        try:
            "".join([*request.fields.keys(), *request.fields.values()]).encode()
        except UnicodeEncodeError:
            return Refused("The order holds characters that cannot be sent.", code="order")
        try:
            answer = self._post("add", request.fields, deadline=deadline, max_bytes=ADD_BYTES, fresh=True)
        except NotConnected as problem:
            return NotPlaced(problem.text, reason="not_connected")
        except NoAnswer as problem:
            partial = self._mask.body(problem.partial)
            evidence = self._evidence(problem.status, problem.partial)
            return OutcomeUnknown(problem.text, candidate=decode.find_order_id(partial), evidence=evidence)
        outcome = classify_add_answer(
            AddAnswer(
                status=answer.status,
                body=self._mask.body(answer.body),
                retry_after=parse_retry_after(answer.headers.get("retry-after", "")),
                evidence=self._evidence(answer.status, answer.body),
            )
        )
        if isinstance(outcome, AdapterError):
            outcome.text = self._mask.text(outcome.text)
            outcome.args = (outcome.text,)
        elif self._mask.text(outcome.order_id) != outcome.order_id:
            return OutcomeUnknown("The answer names our key as the order.", evidence=outcome.evidence)
        return outcome

    def _batch(
        self,
        action: str,
        name: str,
        ids: Sequence[str],
        read: Callable[[Any, Sequence[str]], dict[str, T]],
        *,
        fresh: bool = False,
    ) -> dict[str, T]:
        if len(ids) > self.batch_size:
            raise ValueError(f"{len(ids)} ids are asked for; {self.batch_size} are the most.")
        if any("," in one for one in ids):
            raise ValueError("An id with a comma cannot stand in a batch.")
        if not ids:
            return {}
        return self._read(action, {name: ",".join(ids)}, lambda data: read(data, ids), fresh=fresh)

    def _read(self, action: str, fields: Mapping[str, str], read: Callable[[Any], T], *, fresh: bool = False) -> T:
        with self._recorded(action):
            answer = self._fetch(action, fields, fresh=fresh)
            result = answer if isinstance(answer, RetryLater) else self._understand(answer, read)
            if isinstance(result, RetryLater):
                raise result
            masked: T = self._mask.value(result)
            return masked

    def _fetch(
        self, action: str, fields: Mapping[str, str], *, max_bytes: int = READ_BYTES, fresh: bool = False
    ) -> Answer | RetryLater:
        deadline = time.monotonic() + READ_SECONDS
        try:
            return self._post(action, fields, deadline=deadline, max_bytes=max_bytes, fresh=fresh)
        except NotConnected as problem:
            return RetryLater(problem.text, reason="not_connected", may_be_done=False)
        except NoAnswer as problem:
            evidence = self._evidence(problem.status, problem.partial)
            return RetryLater(problem.text, reason="broken" if problem.status else "not_connected", evidence=evidence)

    def _understand(self, answer: Answer, read: Callable[[Any], T]) -> T | RetryLater:
        """What `read` finds in the answer, or why nothing can be learnt from it."""
        data, text = None, ""
        try:
            data = decode.tolerant(self._mask.body(answer.body))
        except decode.Broken as problem:
            text = str(problem)
        said = data.get("error") if isinstance(data, dict) else data if isinstance(data, str) else None
        error = decode.error_text(said)
        if reason := _trouble(answer.status, error):
            refused = reason == "key" or (reason == "busy" and (answer.status == 429 or bool(error)))
            text = error or _status_text(answer.status) or text
            return self._retry_later(answer, text, reason, may_be_done=not refused)
        if text:
            return self._retry_later(answer, text, "broken")
        try:
            return read(data)
        except decode.Broken as problem:
            return self._retry_later(answer, str(problem), "broken")

    def _retry_later(self, answer: Answer, text: str, reason: Reason, *, may_be_done: bool = True) -> RetryLater:
        return RetryLater(
            self._mask.text(text),
            reason=reason,
            may_be_done=may_be_done,
            retry_after=parse_retry_after(answer.headers.get("retry-after", "")),
            evidence=self._evidence(answer.status, answer.body),
        )

    def _evidence(self, status: int | None, body: bytes) -> Evidence:
        if status is None and not body:
            return Evidence()
        digest = hashlib.sha256(body).hexdigest()
        return Evidence(http_status=status, body_sha256=digest, excerpt=self._mask.excerpt(body))

    def _post(self, action: str, fields: Mapping[str, str], *, deadline: float, max_bytes: int, fresh: bool) -> Answer:
        return self._outbound.post(
            url=self._url,
            form={**fields, "action": action},
            secrets={"key": self._key},
            deadline=deadline,
            max_bytes=max_bytes,
            fresh=fresh,
        )


def _trouble(status: int, error: str) -> Reason | None:
    """What is wrong with an answer as a whole: the provider is busy, our key, or an HTTP status without an error."""
    kind = classify_error(error) if error else None
    if status in {429, 503} or kind == "busy":
        return "busy"
    if kind == "key" or (error and status in {401, 403}):
        return "key"
    if 200 <= status < 300 or (error and 400 <= status < 500):
        return None
    return "broken"


def _status_text(status: int) -> str:
    return "" if 200 <= status < 300 else f"HTTP {status}."
