"""What API v2's answer to `add` means for the order: bought, refused, to be sent later, or not known. Pure.

Only an answer that is understood to the last is definite. Everything else is an OutcomeUnknown, since a wrong
"not placed" buys twice and a wrong "placed" sells what was not bought.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from providers.adapters import decode
from providers.adapters.acceptance import sign_of_acceptance
from providers.adapters.base import Placed
from providers.adapters.errors import AdapterError, Evidence, NotPlaced, OutcomeUnknown, Refused
from providers.adapters.vocabulary import classify_error, normalize

MAX_RETRY_AFTER = 24 * 3600
_OUTRIGHT = frozenset({200, 201})
_FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure", "false", "0"})


@dataclass(frozen=True, slots=True)
class AddAnswer:
    """A complete answer to `add`, the key already masked in its body."""

    status: int
    body: bytes
    retry_after: int | None
    evidence: Evidence


def classify_add_answer(answer: AddAnswer) -> Placed | AdapterError:
    """Placed, or the error to raise: Refused, NotPlaced or OutcomeUnknown. Raises nothing, whatever the body is."""
    try:
        data = decode.strict(answer.body)
    except decode.Broken as problem:
        is_busy = answer.status == 429 and not decode.may_name_order(answer.body)
        return _busy(answer) if is_busy else _unknown(answer, str(problem))
    outcome = _classify(answer, data)
    if isinstance(outcome, Refused | NotPlaced) and (sign := sign_of_acceptance(data)):
        return _unknown(answer, f"{outcome.text} {sign}")
    return outcome


def _classify(answer: AddAnswer, data: Any) -> Placed | AdapterError:
    if not isinstance(data, dict):
        return _busy(answer) if answer.status == 429 else _unknown(answer, "The answer is not an object.")
    order, error = data.get("order"), decode.error_text(data.get("error"))
    if answer.status in _OUTRIGHT:
        return _classify_success(answer, data, order, error)
    if order:
        return _unknown(answer, f"HTTP {answer.status} beside an order.")
    if answer.status == 429:
        return _busy(answer, error)
    if answer.status in {401, 403}:
        return _not_sold(answer, error) or _rejected_key(answer, error)
    return _unknown(answer, f"HTTP {answer.status}: {error}" if error else f"HTTP {answer.status}.")


def parse_retry_after(header: str) -> int | None:
    """The seconds a Retry-After header asks for, at most a day, or None when it asks for nothing sensible."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return min(int(header[:9]), MAX_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(0, round(seconds)), MAX_RETRY_AFTER)


def _classify_success(answer: AddAnswer, data: dict[str, Any], order: Any, error: str) -> Placed | AdapterError:
    if error:
        if order:
            return _unknown(answer, f"An error beside an order: {error}")
        return _refusal(answer, error) or _unknown(answer, f"An error we do not know: {error}")
    if not (placed := decode.order_id(order)):
        return _unknown(answer, "The answer names no order.")
    status = data.get("status")
    if status is False or (isinstance(status, str | int) and normalize(str(status)) in _FAILURE_WORDS):
        return _unknown(answer, "The answer names an order and a failure.")
    return Placed(order_id=placed, evidence=answer.evidence)


def _refusal(answer: AddAnswer, error: str) -> AdapterError | None:
    """The error that a known text stands for."""
    kind = classify_error(error)
    if kind == "order" or kind == "service_gone":
        return Refused(error, code=kind, evidence=answer.evidence)
    return _not_sold(answer, error)


def _not_sold(answer: AddAnswer, error: str) -> NotPlaced | None:
    kind = classify_error(error)
    if kind is None or kind == "order" or kind == "service_gone":
        return None
    return NotPlaced(error, reason=kind, retry_after=answer.retry_after, evidence=answer.evidence)


def _rejected_key(answer: AddAnswer, error: str) -> NotPlaced:
    return NotPlaced(error or f"HTTP {answer.status}.", reason="key", evidence=answer.evidence)


def _busy(answer: AddAnswer, error: str = "") -> NotPlaced:
    text = error or "HTTP 429: too many requests."
    return NotPlaced(text, reason="busy", retry_after=answer.retry_after, evidence=answer.evidence)


def _unknown(answer: AddAnswer, text: str) -> OutcomeUnknown:
    return OutcomeUnknown(text, candidate=decode.find_order_id(answer.body), evidence=answer.evidence)
