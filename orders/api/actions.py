"""The actions of the API: each reads its parameters, makes one domain call and returns the protocol's response."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.api.params import INCORRECT, ApiError, Params, read_id, read_ids
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
MAX_IDEMPOTENCY_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: the owner of its key, its parameters and its time."""

    holder: ApiClient
    params: Params
    now: datetime

    @property
    def customer(self) -> User:
        return User.objects.get(pk=self.holder.customer_id)


@dataclass(frozen=True, slots=True)
class Action:
    """The function of an action, and whether it changes anything."""

    run: Callable[[Call], Any]
    changes: bool = False


def add(call: Call) -> Any:
    """Place an order. With an idempotency key, a repeated call returns the first order, a different one an error.

    Without one, the customer's duplicate protection applies.
    """
    service_id = read_id(call.params, "service") or 0  # no service has that number
    customer, token = call.customer, _token(call.params.get("idempotency_key", ""))
    try:
        placement = place_order(
            customer=customer,
            service_id=service_id,
            params=call.params,
            now=call.now,
            token=token,
            repeat_seconds=0 if token else customer.repeat_seconds,
        )
    except BadOrderError as problem:
        raise ApiError(problem.problems[0].word) from None
    except NotEnoughFundsError:
        raise ApiError(NO_FUNDS) from None
    if token and not placement.is_new and not _is_same_order(placement.order, service_id, call.params):
        raise ApiError(OTHER_CONTENT)
    return {"order": placement.order.pk}


def status(call: Call) -> Any:
    """The status of one order, or of up to 100 by their ids."""
    if "orders" in call.params:
        ids = read_ids(call.params, "orders")
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
    """Request a refill of one order, or of up to 100."""
    if "orders" in call.params:
        ids = read_ids(call.params, "orders")
        results = _request_refills(call, ids.values())
        return [
            {"order": _echoed_id(text, pk), "refill": results.get(pk, serializers.error(BAD_ORDER))}
            for text, pk in ids.items()
        ]
    order_id = _one(call, "order", BAD_ORDER)
    result = _request_refills(call, [order_id]).get(order_id, serializers.error(BAD_ORDER))
    return {"refill": str(result)} if isinstance(result, int) else result


def refill_status(call: Call) -> Any:
    """The status of one refill, or of up to 100."""
    if "refills" in call.params:
        ids = read_ids(call.params, "refills")
        statuses = _refill_statuses(call, ids.values())
        return [
            {"refill": _echoed_id(text, pk), "status": statuses.get(pk, serializers.error(BAD_REFILL))}
            for text, pk in ids.items()
        ]
    refill_id = _one(call, "refill", BAD_REFILL)
    statuses = _refill_statuses(call, [refill_id])
    if refill_id not in statuses:
        raise ApiError(BAD_REFILL)
    return {"status": statuses[refill_id]}


def cancel(call: Call) -> Any:
    """Request the cancellation of up to 100 orders. Their status shows the result."""
    if "orders" not in call.params and "order" not in call.params:
        raise ApiError(INCORRECT)
    ids = read_ids(call.params, "orders" if "orders" in call.params else "order")
    order_ids = [pk for pk in ids.values() if pk is not None]
    reasons = request_cancels(customer=call.customer, order_ids=order_ids, actor=call.holder.email) if order_ids else {}
    return [{"order": _echoed_id(text, pk), "cancel": _cancel_result(reasons, pk)} for text, pk in ids.items()]


def balance(call: Call) -> Any:
    """The customer's balance."""
    wallet = wallet_balance(user=call.customer)
    return {"balance": plain(wallet), "currency": settings.CURRENCY}


def services(call: Call) -> Any:
    """All services for sale, at the customer's rates."""
    return services_list(terms=terms_for(customer_id=call.holder.customer_id))


def _one(call: Call, name: str, error: str) -> int:
    if name not in call.params:
        raise ApiError(INCORRECT)
    number = read_id(call.params, name)
    if number is None:
        raise ApiError(error)
    return number


def _status_rows(call: Call, ids: Collection[int | None]) -> dict[int, StatusRow]:
    return status_rows(customer_id=call.holder.customer_id, order_ids=[pk for pk in ids if pk is not None])


def _request_refills(call: Call, ids: Collection[int | None]) -> dict[int | None, Any]:
    """By order: the id of its refill, or the error."""
    order_ids = [pk for pk in ids if pk is not None]
    reasons = request_refills(customer=call.customer, order_ids=order_ids, actor=call.holder.email) if order_ids else {}
    accepted = Refill.objects.filter(
        order__in=[pk for pk, reason in reasons.items() if not reason], state__in=Refill.OPEN
    )
    refills = dict(accepted.values_list("order_id", "pk"))
    return {pk: serializers.error(reason) if reason else refills[pk] for pk, reason in reasons.items()}


def _refill_statuses(call: Call, ids: Collection[int | None]) -> dict[int | None, str]:
    refill_ids = [pk for pk in ids if pk is not None]
    mine = Refill.objects.filter(order__customer_id=call.holder.customer_id, pk__in=refill_ids)
    return {pk: REFILL_WORDS[state] for pk, state in mine.values_list("pk", "state")}


def _cancel_result(reasons: Mapping[int, str], pk: int | None) -> Any:
    if pk is None or pk not in reasons:
        return serializers.error(BAD_ORDER)
    return serializers.error(reasons[pk]) if reasons[pk] else 1


def _echoed_id(text: str, number: int | None) -> int | str:
    """The id as the answer names it: as it was sent where it is no number."""
    return text if number is None else number


def _is_same_order(order: Order, service_id: int, params: Params) -> bool:
    """Whether the call asks for this very order, judged by the limits that the service had at the time."""
    service_type = SERVICE_TYPES[order.type]
    takes_runs = order.service.dripfeed or "runs" in order.fields
    limits = OrderLimits(service_type=service_type, min=1, max=MAX_UNITS, dripfeed=takes_runs)
    return order.service_id == service_id and asks_the_same(limits=limits, params=params, fields=order.fields)


def _token(key: str) -> str | None:
    """The order's token for an idempotency key."""
    if not key:
        return None
    if len(key) > MAX_IDEMPOTENCY_KEY_LENGTH:
        raise ApiError(f"An idempotency key has at most {MAX_IDEMPOTENCY_KEY_LENGTH} characters")
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
