"""Place an order: understand it, price it, take the money and write it, in one transaction. Every door calls this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from orders.core import safe_mode
from orders.core.wake import wake_submit
from orders.models import Order, OrderEvent
from orders.placing.validation import BadOrderError, OrderLimits, OrderRequest, Problem, validate_order
from orders.rules.service_types import SERVICE_TYPES
from orders.rules.states import State
from panel.customers.models import User
from panel.customers.suspension import suspended_message
from panel.lib.database.bulk import insert_row
from panel.lib.money import charge_for, is_storable
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.web.formatting import money_text
from providers.catalog.pricing.orderable_service import OrderableService, orderable_service


@dataclass(frozen=True, slots=True)
class Placement:
    """The order, and whether this call made it: a token that was used before gives back its order."""

    order: Order
    is_new: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would be: `charge` in the shop's currency, `cost` in the provider's."""

    sale: OrderableService
    request: OrderRequest
    charge: Decimal
    cost: Decimal


def quote_order(*, customer: User, service_id: int, params: Mapping[str, str]) -> Quote:
    """What these params of the customer's would order, and for how much. Raises BadOrderError; changes nothing."""
    return quote_sale(find_sale(customer=customer, service_id=service_id), params=params)


def quote_sale(sale: OrderableService, *, params: Mapping[str, str]) -> Quote:
    """As `quote_order`, for a service that was fetched before."""
    request = validate_order(limits=limits_of(sale), params=params)
    charge, cost = price_of(sale, units=request.quantity)
    return Quote(sale, request, charge, cost)


def find_sale(*, customer: User, service_id: int) -> OrderableService:
    """The service as it is sold to the customer now. Raises BadOrderError where it is not."""
    sale = orderable_service(service_id=service_id, customer_id=customer.pk)
    if sale is None or sale.type not in SERVICE_TYPES or sale.is_below_cost:
        raise BadOrderError([_not_for_sale()])
    return sale


def limits_of(sale: OrderableService) -> OrderLimits:
    """What an order of the service may be."""
    return OrderLimits(service_type=SERVICE_TYPES[sale.type], min=sale.min, max=sale.max, dripfeed=sale.dripfeed)


def price_of(sale: OrderableService, *, units: int) -> tuple[Decimal, Decimal]:
    """The charge in the shop's currency, the cost in the provider's.

    Raises BadOrderError where there is no price, or one that no account can hold.
    """
    service_type = SERVICE_TYPES[sale.type]
    charge = charge_for(rate=sale.rate, quantity=units, per_package=service_type.is_per_package)
    cost = charge_for(rate=sale.upstream_rate, quantity=units, per_package=service_type.is_per_package)
    is_too_large = not is_storable(charge, cost, cost * sale.exchange_rate)
    if charge <= 0 or (is_too_large and service_type.is_per_package):
        raise BadOrderError([_not_for_sale()])
    if is_too_large:
        text = _("The price of this order is too high. Lower the quantity.")
        raise BadOrderError([Problem(service_type.counts, text, "Quantity is too large")])
    return charge, cost


def place_order(
    *,
    customer: User,
    service_id: int,
    params: Mapping[str, str],
    now: datetime,
    token: str | None = None,
    agreed_charge: Decimal | None = None,
    repeat_seconds: int = 0,
) -> Placement:
    """Take the charge and write the order as QUEUED; all or nothing. A `token` makes a repeated call harmless.

    A token that was used before returns its order, even where nothing could be ordered like that any more. With
    `repeat_seconds`, so does an order of the same content that is in progress and no older than that.

    Raises BadOrderError where it cannot be ordered, or would cost more than `agreed_charge` (what the customer was
    shown), and NotEnoughFundsError where the wallet holds less than the charge.
    """
    try:
        if customer.is_suspended:
            raise BadOrderError([Problem("account", suspended_message(), "Account suspended")])
        if safe_mode.is_on():
            maintenance = Problem("account", _(safe_mode.CUSTOMER_NOTICE), "Maintenance. Please try again later.")
            raise BadOrderError([maintenance])
        with transaction.atomic(durable=True):
            quote = quote_order(customer=customer, service_id=service_id, params=params)
            if agreed_charge is not None and quote.charge > agreed_charge:
                amount = money_text(quote.charge, currency=settings.CURRENCY)
                text = _("The price has changed: this order now costs %(amount)s.") % {"amount": amount}
                raise BadOrderError([Problem("charge", text)])
            if repeat_seconds and (same := _same_order(customer, quote, now - timedelta(seconds=repeat_seconds))):
                return Placement(same, is_new=False)
            order = _write_order(customer, quote, token, now)
            wake_submit(order_id=order.pk)
            return Placement(order, is_new=True)
    except (IntegrityError, BadOrderError, NotEnoughFundsError):
        earlier = placed_before(customer=customer, token=token)
        if earlier is None:
            raise
        return Placement(earlier, is_new=False)


def placed_before(*, customer: User, token: str | None) -> Order | None:
    """The order that the token was used for."""
    return Order.objects.filter(customer=customer, client_token=token).first() if token else None


def orders_placed_before(*, customer: User, tokens: Sequence[str]) -> dict[str, Order]:
    """The orders that these tokens were used for, by token. At most one query."""
    if not tokens:
        return {}
    found = Order.objects.filter(customer=customer, client_token__in=tokens)
    return {str(order.client_token): order for order in found}


def _not_for_sale() -> Problem:
    return Problem("service", _("This service isn't available right now."), "Incorrect service ID")


def _same_order(customer: User, quote: Quote, since: datetime) -> Order | None:
    """The newest order of the same content that did not end without delivery; the wallet is locked until the commit."""
    ledger.lock_wallet(user=customer)
    request = quote.request
    alike = Order.objects.filter(
        customer=customer,
        created_at__gte=since,
        service_id=quote.sale.service_id,
        link=request.link,
        quantity=request.quantity,
    ).exclude(state__in=[State.CANCELED, State.REJECTED])
    return next((order for order in alike.order_by("-created_at", "-pk") if order.fields == dict(request.fields)), None)


def _write_order(customer: User, quote: Quote, token: str | None, now: datetime) -> Order:
    sale = quote.sale
    order = Order(
        customer=customer,
        client_token=token,
        service_id=sale.service_id,
        provider_id=sale.provider_id,
        provider_service=sale.external_id,
        type=sale.type,
        link=quote.request.link,
        quantity=quote.request.quantity,
        fields=dict(quote.request.fields),
        currency=settings.CURRENCY,
        rate=sale.rate,
        charge=quote.charge,
        provider_currency=sale.provider_currency,
        exchange_rate=sale.exchange_rate,
        expected_cost=quote.cost,
        next_attempt_at=now,
        created_at=now,
        queued_at=now,
    )
    insert_row(order)
    ledger.charge(customer=customer, amount=quote.charge, key=f"charge:{order.pk}", cause=f"order:{order.pk}")
    insert_row(OrderEvent(order=order, at=now, what="ordered", new=order.state, amount=quote.charge))
    return order
