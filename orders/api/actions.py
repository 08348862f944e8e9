"""The actions of the API: words in, one domain call each, the protocol's shapes out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.api.params import INCORRECT, ApiError, Words, read_id, read_ids
from orders.api.service_list import services_list
from orders.api.status_query import status_rows
from orders.models import Order, Refill
from orders.placing.place import place_order
from orders.placing.validation import BadOrderError, OrderLimits, asks_the_same
from orders.rules import serializers
from orders.rules.idempotency import api_token
from orders.rules.serializers import REFILL_WORDS, StatusRow
from orders.rules.service_types import MAX_UNITS, SERVICE_TYPES
from panel.customers.keys import ApiClient
from panel.customers.models import User
from panel.lib.money import plain
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.statement import wallet_balance
from providers.catalog.pricing.customer_rates import terms_for

BAD_ORDER = "Incorrect order ID"
BAD_REFILL = "Refill not found"
NO_FUNDS = "Not enough funds on balance"
READ_ONLY = "This API key may only read"
OTHER_CONTENT = "This idempotency key was used for another order"
LONGEST_IDEMPOTENCY_KEY = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who asks, with which parameters, when."""

    holder: ApiClient
    words: Words
    now: datetime

    @property
    def customer(self) -> User:
        return User.objects.get(pk=self.holder.customer_id)


@dataclass(frozen=True, slots=True)
class Action:
    """What a call of that name does, and whether it changes anything."""

    run: Callable[[Call], Any]
    changes: bool = False


def add(call: Call) -> Any:
    """Place an order. With an idempotency key, a repeated call gets the first one's order, and another call an error.

    Without one the customer's own rule for repeated orders holds.
    """
    service_id = read_id(call.words, "service") or 0  # no service has that number
    customer, token = call.customer, _token(call.words.get("idempotency_key", ""))
    try:
        placement = place_order(
            customer=customer,
            service_id=service_id,
            params=call.words,
            now=call.now,
            token=token,
            repeat_seconds=0 if token else customer.repeat_seconds,
        )
    except BadOrderError as problem:
        raise ApiError(problem.problems[0].word) from None
    except NotEnoughFundsError:
        raise ApiError(NO_FUNDS) from None
    if token and not placement.is_new and not _asked_before(placement.order, service_id, call.words):
        raise ApiError(OTHER_CONTENT)
    return {"order": placement.order.pk}


def status(call: Call) -> Any:
    """The status of one order, or of up to 100 by their ids."""
    if "orders" in call.words:
        ids = read_ids(call.words, "orders")
        rows = _status_rows(call, ids.values())
        return {
            text: serializers.status(rows[pk]) if pk in rows else serializers.error(BAD_ORDER)
            for text, pk in ids.items()
        }
    order_id = _one(call, "order", BAD_ORDER)
    rows = _status_rows(call, [order_id])
    if order_id not in rows:
        raise ApiError(BAD_ORDER)
    return serializers.status(rows[order_id])


def refill(call: Call) -> Any:
    """Ask for a refill of one order, or of up to 100."""
    if "orders" in call.words:
        ids = read_ids(call.words, "orders")
        found = _refill(call, ids.values())
        return [
            {"order": _shown(text, pk), "refill": found.get(pk, serializers.error(BAD_ORDER))}
            for text, pk in ids.items()
        ]
    order_id = _one(call, "order", BAD_ORDER)
    answer = _refill(call, [order_id]).get(order_id, serializers.error(BAD_ORDER))
    return {"refill": str(answer)} if isinstance(answer, int) else answer


def refill_status(call: Call) -> Any:
    """How a refill stands, or up to 100."""
    if "refills" in call.words:
        ids = read_ids(call.words, "refills")
        found = _refill_states(call, ids.values())
        return [
            {"refill": _shown(text, pk), "status": found.get(pk, serializers.error(BAD_REFILL))}
            for text, pk in ids.items()
        ]
    refill_id = _one(call, "refill", BAD_REFILL)
    found = _refill_states(call, [refill_id])
    if refill_id not in found:
        raise ApiError(BAD_REFILL)
    return {"status": found[refill_id]}


def cancel(call: Call) -> Any:
    """Ask for up to 100 orders to be canceled. What becomes of it is told by their status."""
    if "orders" not in call.words and "order" not in call.words:
        raise ApiError(INCORRECT)
    ids = read_ids(call.words, "orders" if "orders" in call.words else "order")
    wanted = [pk for pk in ids.values() if pk is not None]
    said = request_cancels(customer=call.customer, order_ids=wanted, actor=call.holder.email) if wanted else {}
    return [{"order": _shown(text, pk), "cancel": _done(said, pk)} for text, pk in ids.items()]


def balance(call: Call) -> Any:
    """What is in the wallet."""
    wallet = wallet_balance(user=call.customer)
    return {"balance": plain(wallet), "currency": settings.CURRENCY}


def services(call: Call) -> Any:
    """Everything that is for sale, at the customer's rates."""
    return services_list(terms=terms_for(customer_id=call.holder.customer_id))


def _one(call: Call, name: str, error: str) -> int:
    if name not in call.words:
        raise ApiError(INCORRECT)
    number = read_id(call.words, name)
    if number is None:
        raise ApiError(error)
    return number


def _status_rows(call: Call, ids: Collection[int | None]) -> dict[int, StatusRow]:
    return status_rows(customer_id=call.holder.customer_id, order_ids=[pk for pk in ids if pk is not None])


def _refill(call: Call, ids: Collection[int | None]) -> dict[int | None, Any]:
    """By order: the id of its refill, or the error."""
    wanted = [pk for pk in ids if pk is not None]
    said = request_refills(customer=call.customer, order_ids=wanted, actor=call.holder.email) if wanted else {}
    taken = Refill.objects.filter(order__in=[pk for pk, why in said.items() if not why], state__in=Refill.OPEN)
    refills = dict(taken.values_list("order_id", "pk"))
    return {pk: serializers.error(why) if why else refills[pk] for pk, why in said.items()}


def _refill_states(call: Call, ids: Collection[int | None]) -> dict[int | None, str]:
    wanted = [pk for pk in ids if pk is not None]
    mine = Refill.objects.filter(order__customer_id=call.holder.customer_id, pk__in=wanted)
    return {pk: REFILL_WORDS[state] for pk, state in mine.values_list("pk", "state")}


def _done(said: Mapping[int, str], pk: int | None) -> Any:
    if pk is None or pk not in said:
        return serializers.error(BAD_ORDER)
    return serializers.error(said[pk]) if said[pk] else 1


def _shown(text: str, number: int | None) -> int | str:
    return text if number is None else number


def _asked_before(order: Order, service_id: int, words: Words) -> bool:
    """Whether the order is what the call asks for, as its service was when it was ordered."""
    service_type = SERVICE_TYPES[order.type]
    takes_runs = order.service.dripfeed or "runs" in order.fields
    limits = OrderLimits(service_type=service_type, min=1, max=MAX_UNITS, dripfeed=takes_runs)
    return order.service_id == service_id and asks_the_same(limits=limits, params=words, fields=order.fields)


def _token(key: str) -> str | None:
    """The order's token for an idempotency key."""
    if not key:
        return None
    if len(key) > LONGEST_IDEMPOTENCY_KEY:
        raise ApiError(f"An idempotency key has at most {LONGEST_IDEMPOTENCY_KEY} characters")
    return api_token(idempotency_key=key)


ACTIONS: Mapping[str, Action] = {
    "services": Action(services),
    "add": Action(add, changes=True),
    "status": Action(status),
    "refill": Action(refill, changes=True),
    "refill_status": Action(refill_status),
    "cancel": Action(cancel, changes=True),
    "balance": Action(balance),
}
