"""Placing an order: the charge, the money, and everything that must refuse it without a trace."""

from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.models import Order
from orders.placing.place import Placement, place_order, quote_order
from orders.placing.validation import BadOrderError
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Transfer
from providers.admin.edit import save_provider
from providers.catalog.models import Service
from providers.catalog.publishing.unpublish import unpublish_service
from providers.models import Provider, UpstreamService
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, DEFAULT_SERVICE, PACKAGE_SERVICE, PLAIN_SERVICE


def test_an_order_takes_its_charge_and_is_queued(store: Store) -> None:
    order = store.place(quantity="2500")

    assert order.state == "QUEUED"
    assert (order.charge, order.expected_cost, order.quantity) == (Decimal("3.375"), Decimal("2.25"), 2500)
    assert order.fields == {"link": LINK, "quantity": "2500"}
    assert store.money() == {
        "wallet": Decimal("96.625"),
        "held": Decimal("3.375"),
        "revenue": 0,
        "provider": 1000,
        "cost": 0,
    }
    assert Transfer.objects.get(key=f"charge:{order.pk}").cause == f"order:{order.pk}"
    assert [event.what for event in order.events.all()] == ["ordered"]


@pytest.mark.parametrize(
    ("service", "words", "quantity", "charge"),
    [
        ("1", {"quantity": "50"}, 50, "0.0675"),
        ("1", {"quantity": "100", "runs": "3", "interval": "60"}, 300, "0.405"),
        (PACKAGE_SERVICE, {}, 1, "7.5"),
        (COMMENTS_SERVICE, {"comments": "Nice\r\n\r\n  Lovely  \nNice\n"}, 3, "0.036"),
        (PLAIN_SERVICE, {"quantity": "11"}, 11, "0.004125"),
    ],
)
def test_what_is_charged(store: Store, service: str, words: dict[str, str], quantity: int, charge: str) -> None:
    order = store.place(service, **words)

    assert (order.quantity, order.charge) == (quantity, Decimal(charge))


@pytest.mark.parametrize(
    ("service", "words", "field", "word"),
    [
        ("1", {"quantity": "49"}, "quantity", "Quantity less than minimal 50"),
        ("1", {"quantity": "10001"}, "quantity", "Quantity more than maximum 10000"),
        ("1", {"quantity": ""}, "quantity", "Incorrect request"),
        ("1", {"quantity": "1_000"}, "quantity", "Incorrect request"),
        ("1", {"quantity": "１００"}, "quantity", "Incorrect request"),
        ("1", {"quantity": "1e3"}, "quantity", "Incorrect request"),
        ("1", {"quantity": "-100"}, "quantity", "Incorrect request"),
        ("1", {"quantity": "9" * 5000}, "quantity", "Incorrect request"),
        ("1", {"link": ""}, "link", "Bad link"),
        ("1", {"link": "javascript:alert(1)//a.b"}, "link", "Bad link"),
        ("1", {"link": "https://a.b/\x00"}, "link", "Bad link"),
        ("1", {"link": "https://a.b/ c"}, "link", "Bad link"),
        ("1", {"link": "https://[a.b"}, "link", "Bad link"),
        ("1", {"runs": "3"}, "interval", "Incorrect request"),
        ("1", {"interval": "3"}, "runs", "Incorrect request"),
        ("1", {"quantity": "10000", "runs": "999999", "interval": "1"}, "runs", "Incorrect request"),
        (COMMENTS_SERVICE, {"comments": " \r\n "}, "comments", "Incorrect request"),
        (COMMENTS_SERVICE, {"comments": "a\u202eb"}, "comments", "Incorrect request"),
        (COMMENTS_SERVICE, {"comments": "x\n" * 1501}, "comments", "Quantity more than maximum 1500"),
    ],
)
def test_what_is_refused_moves_nothing(
    store: Store, service: str, words: dict[str, str], field: str, word: str
) -> None:
    before = store.everything()

    with pytest.raises(BadOrderError) as refusal:
        store.place(service, **words)

    assert [(problem.field, problem.word) for problem in refusal.value.problems] == [(field, word)]
    assert store.everything() == before


def test_drip_feed_is_ignored_where_the_service_has_none(store: Store) -> None:
    order = store.place(PLAIN_SERVICE, quantity="100", runs="3", interval="5")

    assert order.fields == {"link": LINK, "quantity": "100"}
    assert order.quantity == 100


def test_a_wallet_is_never_overdrawn(store: Store) -> None:
    store.place(PLAIN_SERVICE, quantity="100000")
    store.place(PLAIN_SERVICE, quantity="100000")
    before = store.everything()

    with pytest.raises(NotEnoughFundsError) as refusal:
        store.place(PLAIN_SERVICE, quantity="100000")

    assert refusal.value.charge == Decimal("37.5")
    assert store.everything() == before
    assert store.wallet() == Decimal(25)


@pytest.mark.parametrize(
    ("external_id", "rate", "upstream_rate", "text"),
    [
        (DEFAULT_SERVICE, "999999999999", "0.9", "The price of this order is too high. Lower the quantity."),
        (DEFAULT_SERVICE, "1", "999999999999", "The price of this order is too high. Lower the quantity."),
        (PACKAGE_SERVICE, "1", "1000000000000", "This service isn't available right now."),
    ],
)
def test_a_price_that_no_account_can_hold_is_refused(
    store: Store, external_id: str, rate: str, upstream_rate: str, text: str
) -> None:
    service = store.service(external_id)
    Service.objects.filter(pk=service.pk).update(rate=Decimal(rate), allow_below_cost=True)
    UpstreamService.objects.filter(pk=service.upstream_id).update(rate=Decimal(upstream_rate))
    before = store.everything()
    with pytest.raises(BadOrderError) as refusal:
        store.place(external_id, quantity="10000")
    assert str(refusal.value) == text
    assert store.everything() == before


def test_a_cost_that_no_report_can_hold_is_refused(store: Store) -> None:
    """The cost in the shop's currency is added up as well."""
    Service.objects.update(allow_below_cost=True)
    UpstreamService.objects.update(rate=Decimal(10**9))
    Provider.objects.update(exchange_rate=Decimal(101))
    before = store.everything()
    with pytest.raises(BadOrderError, match="The price of this order is too high"):
        store.place(quantity="10000")
    assert store.everything() == before


def test_a_repeated_token_is_the_same_order(store: Store) -> None:
    words = {"link": LINK, "quantity": "1000"}
    service_id = store.service().pk
    first, second = (
        place_order(customer=store.customer, service_id=service_id, params=words, now=timezone.now(), token="once")
        for _ in range(2)
    )

    assert (first.is_new, second.is_new) == (True, False)
    assert first.order == second.order
    assert Order.objects.count() == 1
    assert store.wallet() == Decimal("98.65")


def test_a_repeated_token_is_the_same_order_when_nothing_could_be_ordered_any_more(store: Store) -> None:
    words = {"link": LINK, "quantity": "1000"}
    service_id = store.service().pk

    def place() -> Placement:
        return place_order(
            customer=store.customer, service_id=service_id, params=words, now=timezone.now(), token="once"
        )

    first = place().order
    ledger.debit_wallet(user=store.customer, amount=store.wallet(), key="debit:all")
    before = store.everything()
    assert place() == Placement(first, is_new=False)
    store.customer.suspended_at = timezone.now()
    assert place() == Placement(first, is_new=False)
    store.customer.suspended_at = None
    unpublish_service(provider_id=store.provider.pk, external_id=DEFAULT_SERVICE)
    assert place() == Placement(first, is_new=False)
    assert store.everything() == before


def test_nothing_costs_more_than_was_agreed(store: Store) -> None:
    before = store.everything()

    with pytest.raises(BadOrderError, match=r"now costs \$1\.35\."):
        place_order(
            customer=store.customer,
            service_id=store.service().pk,
            params={"link": LINK, "quantity": "1000"},
            now=timezone.now(),
            agreed_charge=Decimal("1.349999"),
        )

    assert store.everything() == before


@pytest.mark.parametrize("how", ["unknown", "disabled", "unavailable", "provider off", "below cost", "unsold type"])
def test_what_is_not_for_sale(store: Store, how: str) -> None:
    service = store.service()
    match how:
        case "unknown":
            service.pk = 999_999
        case "disabled":
            type(service).objects.update(is_enabled=False)
        case "unavailable":
            type(service).objects.update(is_available=False)
        case "provider off":
            store.provider.is_active = False
            save_provider(provider=store.provider, changed=["is_active"], key=None)
        case "below cost":
            type(service).objects.update(rate=service.cost - Decimal("0.000001"))
        case "unsold type":
            type(service).objects.update(type="")
    before = store.everything()

    with pytest.raises(BadOrderError) as refusal:
        place_order(
            customer=store.customer,
            service_id=service.pk,
            params={"link": LINK, "quantity": "1000"},
            now=timezone.now(),
        )

    assert refusal.value.problems[0].word == "Incorrect service ID"
    assert store.everything() == before


def test_a_quote_changes_nothing(store: Store) -> None:
    before = store.everything()

    assert quote_order(
        customer=store.customer, service_id=store.service().pk, params={"link": LINK, "quantity": "50"}
    ).charge == Decimal("0.0675")
    assert store.everything() == before


def test_queries_an_order(store: Store, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    store.place()
    service_id = store.service().pk

    with django_assert_num_queries(8):  # service, order, accounts, wallet, transfer, event; and the test's savepoint
        place_order(
            customer=store.customer, service_id=service_id, params={"link": LINK, "quantity": "50"}, now=timezone.now()
        )
