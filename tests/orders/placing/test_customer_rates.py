"""A customer's own rates and discount: the same on the site, in the API and in the books, to the millionth."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.models import Order
from orders.placing.mass import check_lines
from orders.placing.place import place_order
from orders.placing.validation import BadOrderError
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.ops.models import AuditEvent
from providers.catalog.markups import set_markup
from providers.catalog.models import CustomerRate, CustomerTerms, Service
from providers.catalog.publishing.staff_choices import choose_for_service
from providers.models import Provider, UpstreamService
from tests.admin_forms import save
from tests.fixtures_orders import LINK, Store

TERMS, RATES = "/admin/catalog/customerterms/", "/admin/catalog/customerrate/"


def give(store: Store, discount: str = "0", **rates: str) -> CustomerTerms:
    """Terms for the store's customer; own rates as s1="0.95", by the service's number at the provider."""
    terms = CustomerTerms.objects.create(customer=store.customer, discount_percent=Decimal(discount))
    for name, rate in rates.items():
        CustomerRate.objects.create(terms=terms, service=store.service(name[1:]), rate=Decimal(rate))
    return terms


@pytest.fixture
def customer(store: Store) -> Client:
    client = Client()
    client.force_login(store.customer)
    return client


@pytest.fixture
def owner(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


@pytest.fixture
def key(store: Store) -> str:
    return issue_key(customer=store.customer, name="Test", actor="test", now=timezone.now()).secret.reveal()


def api_rates(key: str) -> dict[int, str]:
    rows = Client().post("/api/v2", {"key": key, "action": "services"}).json()
    return {row["service"]: row["rate"] for row in rows}


def listed(client: Client) -> dict[int, str]:
    """The rates of the price list that the page's search reads."""
    answer = client.get("/services/prices.json", headers={"Accept-Encoding": "gzip"})
    content: Any = json.loads(gzip.decompress(answer.content))
    return {row["id"]: row["rate"] for category in content["categories"] for row in category["services"]}


@pytest.mark.parametrize(
    ("discount", "own", "charge"),
    [
        ("0", {}, "1.35"),
        ("5", {}, "1.2825"),
        ("33.333", {}, "0.900005"),  # 0.9000045, rounded up to a millionth
        ("50", {}, "0.9"),  # 0.675 is under the cost
        ("5", {"s1": "1.111111"}, "1.111111"),
        ("0", {"s1": "0.1"}, "0.9"),
        ("0", {"s1": "2"}, "1.35"),  # the shop's is lower
        ("5", {"s1": "2"}, "1.35"),  # and the own rate stands in the place of the discount
        ("0", {"s1": "1.35"}, "1.35"),
        ("5", {"s4": "0.3"}, "1.2825"),
    ],
)
def test_an_order_is_charged_at_the_customers_rate(
    store: Store, discount: str, own: dict[str, str], charge: str
) -> None:
    give(store, discount, **own)
    order = store.place()
    assert (order.rate, order.charge) == (Decimal(charge), Decimal(charge))
    assert store.wallet() == 100 - Decimal(charge)


def test_a_fixed_own_rate_is_paid_also_where_the_shop_asks_less(store: Store, key: str, customer: Client) -> None:
    give(store, s1="2")
    CustomerRate.objects.update(is_fixed=True)
    order = store.place()
    assert (order.rate, order.charge) == (Decimal(2), Decimal(2))
    assert (api_rates(key)[store.service().pk], listed(customer)[store.service().pk]) == ("2", "2")


def test_an_own_rate_is_not_paid_any_longer_than_the_shop_asks_more(store: Store, key: str) -> None:
    give(store, s1="1.2")
    assert api_rates(key)[store.service().pk] == "1.2"
    set_markup(percent=Decimal(5))
    assert (api_rates(key)[store.service().pk], store.place().charge) == ("0.945", Decimal("0.945"))


@pytest.mark.parametrize(
    ("least", "markup", "discount", "charge"),
    [
        (20, 50, "50", "1.08"),  # the cost of 0.90 and 20 % of it
        (20, 50, "10", "1.215"),
        (5, 5, "20", "0.945"),
        (20, 5, "20", "0.945"),  # sold under the minimum margin, as its provider says: no higher than the shop's rate
        (0, 50, "50", "0.9"),
    ],
)
def test_no_discount_goes_below_the_minimum_margin(
    store: Store, key: str, settings: LazySettings, least: int, markup: int, discount: str, charge: str
) -> None:
    settings.MINIMUM_MARGIN_PERCENT = least
    Provider.objects.update(low_margin="mark")
    set_markup(percent=Decimal(markup))
    give(store, discount)
    assert (api_rates(key)[store.service().pk], store.place().charge) == (charge, Decimal(charge))


def test_below_cost_is_sold_where_staff_allowed_it(store: Store) -> None:
    choose_for_service(service=store.service(), chosen={"allow_below_cost": True})
    give(store, "50")
    assert store.place().charge == Decimal("0.675")


def test_every_door_says_the_same_rate(store: Store, customer: Client, key: str) -> None:
    give(store, "5", s4="0.3")
    first, fourth = store.service("1").pk, store.service("4").pk
    rates = api_rates(key)
    assert (rates[first], rates[fourth]) == ("1.2825", "0.3")
    assert listed(customer) == {pk: rates[pk] for pk in listed(customer)}
    assert listed(Client())[first] == "1.35"
    pages = ["/services/", f"/services/{first}/", f"/order/?service={first}", f"/services/?q={first}"]
    for path in pages:
        text = customer.get(path).content.decode()
        assert "1.2825" in text, path
    lines = check_lines(customer=store.customer, text=f"{first} | {LINK} | 1000\n{fourth} | {LINK} | 1000")
    assert [line.charge for line in lines] == [Decimal("1.2825"), Decimal("0.3")]
    words = {"service": first, "link": LINK, "quantity": "1000"}
    assert "1.2825" in customer.post("/order/charge/", words).content.decode()
    order = Client().post("/api/v2", {"key": key, "action": "add", **words}).json()["order"]
    assert Order.objects.get(pk=order).charge == Decimal("1.2825")


def test_others_pay_what_everybody_pays(store: Store, key: str) -> None:
    give(store, "5")
    bob = User.objects.create_user("bob@example.com", "correct horse battery")
    bobs = issue_key(customer=bob, name="Test", actor="test", now=timezone.now()).secret.reveal()
    service = store.service().pk
    for _ in range(2):
        assert (api_rates(key)[service], api_rates(bobs)[service]) == ("1.2825", "1.35")
    ada_client, bob_client = Client(), Client()
    ada_client.force_login(store.customer)
    assert "Your 5% discount is included." in ada_client.get("/services/").content.decode()
    bob_client.force_login(bob)
    text = bob_client.get("/services/").content.decode()
    assert "1.35" in text
    assert "discount is included" not in text


def test_staff_give_terms_and_the_next_call_shows_them(owner: Client, store: Store, customer: Client, key: str) -> None:
    service = store.service().pk
    assert (api_rates(key)[service], "1.35" in customer.get("/services/").content.decode()) == ("1.35", True)
    assert owner.post(f"{TERMS}add/", {"customer": store.customer.pk, "discount_percent": "10"}).status_code == 302
    assert api_rates(key)[service] == "1.215"
    assert "Your 10% discount is included." in customer.get("/services/").content.decode()
    terms = CustomerTerms.objects.get()
    owner.post(f"{RATES}add/", {"terms": terms.pk, "service": service, "rate": "1.1"})
    assert api_rates(key)[service] == "1.1"
    own = CustomerRate.objects.get()
    save(owner, f"{RATES}{own.pk}/change/", {"rate": "1.05"})
    assert api_rates(key)[service] == "1.05"
    page = owner.get(f"{RATES}?terms__id__exact={terms.pk}").content.decode()
    assert all(shown in page for shown in ("1.05", "1.35", "0.90"))
    for other in (terms.pk + 1, "x", ""):
        assert "1.05" not in owner.get(f"{RATES}?terms__id__exact={other}").content.decode()
    assert "10%" in owner.get(TERMS).content.decode()
    assert "Custom rates (1)" in owner.get(f"{TERMS}{terms.pk}/change/").content.decode()
    owner.post(f"{RATES}{own.pk}/delete/", {"post": "yes"})
    assert api_rates(key)[service] == "1.215"
    trail = AuditEvent.objects.filter(target=f"customerterms:{terms.pk}").order_by("pk").values_list("action", "detail")
    assert list(trail) == [
        ("customerterms.add", {"after": {"customer": store.customer.pk, "discount_percent": "10"}}),
        ("customerrate.add", {"after": {"terms": terms.pk, "service": service, "rate": "1.1"}}),
        ("customerrate.change", {"fields": ["Rate"], "before": {"rate": "1.1"}, "after": {"rate": "1.05"}}),
        ("customerrate.delete", {"before": {"terms": terms.pk, "service": service, "rate": "1.05", "is_fixed": False}}),
    ]


@pytest.mark.parametrize(("discount", "rate"), [("-1", ""), ("100", ""), ("x", ""), ("", "0"), ("", "-1"), ("", "NaN")])
def test_terms_that_make_no_sense_are_refused(owner: Client, store: Store, discount: str, rate: str) -> None:
    terms = give(store)
    if discount:
        answer = save(owner, f"{TERMS}{terms.pk}/change/", {"discount_percent": discount})
    else:
        answer = owner.post(f"{RATES}add/", {"terms": terms.pk, "service": store.service().pk, "rate": rate})
    assert answer.status_code == 200
    assert (CustomerTerms.objects.get().discount_percent, CustomerRate.objects.count()) == (0, 0)
    assert not AuditEvent.objects.exists()


def test_a_rate_that_rose_is_not_charged_unasked(store: Store) -> None:
    give(store, "5")
    words = {"link": LINK, "quantity": "1000"}
    before = store.everything()
    CustomerTerms.objects.update(discount_percent=Decimal(1))
    with pytest.raises(BadOrderError, match=r"now costs \$1\.3365"):
        place_order(
            customer=store.customer,
            service_id=store.service().pk,
            params=words,
            now=timezone.now(),
            agreed_charge=Decimal("1.2825"),
        )
    assert store.everything() == before


def test_a_customer_may_have_hundreds_of_own_rates(owner: Client, store: Store) -> None:
    terms, first = give(store, "5"), store.service()
    upstream = first.upstream
    rows = [
        UpstreamService(provider=store.provider, external_id=f"x{n}", name=f"More {n}", rate=1, min=1, max=10)
        for n in range(300)
    ]
    UpstreamService.objects.bulk_create(rows)
    services = [
        Service(
            upstream=row, provider=store.provider, category=first.category, name=row.name, type=upstream.type,
            min=1, max=10, cost=1, rate=2,
        )
        for row in rows
    ]  # fmt: skip
    Service.objects.bulk_create(services)
    CustomerRate.objects.bulk_create(CustomerRate(terms=terms, service=row, rate=Decimal("1.5")) for row in services)
    url = f"{TERMS}{terms.pk}/change/"
    assert save(owner, url, {"discount_percent": "7"}).status_code == 302
    assert CustomerTerms.objects.get().discount_percent == 7
    found = owner.get(f"{RATES}?terms__id__exact={terms.pk}&q=More+299").content.decode()
    assert ("More 299" in found, "More 298" in found) == (True, False)
    own = CustomerRate.objects.get(service__name="More 299")
    assert save(owner, f"{RATES}{own.pk}/change/", {"rate": "1.4"}).status_code == 302
    version = CustomerTerms.objects.get().version
    chosen = {"action": "remove", "select_across": "1", "_selected_action": [own.pk]}
    asked = owner.post(f"{RATES}?terms__id__exact={terms.pk}", chosen).content.decode()
    assert "300 custom rates will be removed." in asked
    assert CustomerRate.objects.count() == 300
    numbers = ",".join(str(pk) for pk in CustomerRate.objects.values_list("pk", flat=True))
    assert owner.post(f"{RATES}remove/", {"chosen": numbers}).status_code == 302
    assert not CustomerRate.objects.exists()
    assert CustomerTerms.objects.get().version != version
    gone = AuditEvent.objects.filter(action="customerrate.delete", target=f"customerterms:{terms.pk}")
    assert gone.count() == 300
    last = gone.get(detail__before__service=own.service_id)
    assert last.detail == {"before": {"terms": terms.pk, "service": own.service_id, "rate": "1.4", "is_fixed": False}}


def test_own_rates_are_removed_by_who_may(store: Store, owner: Client) -> None:
    terms = give(store, "5", s1="1.1")
    helper = Client()
    user = User.objects.create_user("helper@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_customerrate", "change_customerrate"]))
    helper.force_login(user)
    own = terms.rates.get()
    assert helper.post(f"{RATES}remove/", {"chosen": str(own.pk)}).status_code == 403
    assert helper.post(f"{RATES}{own.pk}/delete/", {"post": "yes"}).status_code == 403
    owner.post(f"{RATES}remove/", {"chosen": "nonsense"})
    owner.get(f"{RATES}remove/")
    assert CustomerRate.objects.get() == own
    assert not AuditEvent.objects.exists()
