"""One order of each form shape under a person's hands: lines, a package, choices, names, a subscription, drip-feed."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from tests.browser.conftest import SignIn
from tests.fixtures_orders import LINK, Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHAPES: list[tuple[str, dict[str, str], str, str]] = [
    # the type, what is filled in, the charge, what the form says of it
    (
        "Default",
        {"link": LINK, "quantity": "100", "runs": "3", "interval": "90"},
        "2.70",
        "3 runs, one every 1 hour 30",
    ),
    ("Package", {"link": LINK}, "9.00", "Fixed price per package."),
    ("Custom Comments", {"link": LINK, "comments": "one\ntwo\n\nthree"}, "0.027", ""),
    (
        "Mentions with Hashtags",
        {"link": LINK, "quantity": "100", "usernames": "ann", "hashtags": "red\nblue"},
        "0.90",
        "",
    ),
    ("Comment Likes", {"link": LINK, "quantity": "100", "username": "ann"}, "0.90", ""),
    (
        "Web Traffic",
        {
            "link": LINK,
            "quantity": "100",
            "country": "US",
            "type_of_traffic": "1",
            "device": "2",
            "google_keyword": "red",
        },
        "0.90",
        "",
    ),
    (
        "Subscriptions",
        {"username": "ann", "min": "50", "max": "80", "posts": "3", "delay": "0"},
        "2.16",
        "We reserve the price of 3 posts with up to 80 units each.",
    ),
]


def sell_all(store: Store) -> dict[str, int]:
    """A service of each shape's type on the shelf, at 9 per 1000 or per package; by type."""
    for number, (name, *_) in enumerate(SHAPES):
        store.simulator.add_service(
            900 + number, name=f"A {name}", type=name, category="Shapes", rate="6", min="1", max="1000", dripfeed=True
        )
    refresh_provider(provider_id=store.provider.pk, now=timezone.now())
    return dict(Service.objects.filter(category__name="Shapes").values_list("type", "pk"))


def fill(page: Page, words: dict[str, str]) -> None:
    for name, text in words.items():
        field = page.locator(f"#order-form [name={name}]")
        if field.evaluate("(element) => element.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)


@pytest.mark.parametrize("width", [390, 1280])
def test_an_order_of_each_shape(store: Store, signed_in: SignIn, width: int) -> None:
    services = sell_all(store)
    window = signed_in(width=width)
    for name, words, charge, note in SHAPES:
        window.go(f"/order/?service={services[name]}")
        if name == "Web Traffic":
            window.do(lambda page: expect(page.locator("[name=google_keyword]")).to_be_hidden())
        window.do(lambda page, words=words: fill(page, words))
        window.do(lambda page, charge=charge: expect(page.locator("#order-charge")).to_have_text(f"${charge}"))
        if note:
            window.do(lambda page, note=note: expect(page.locator("#order-note")).to_contain_text(note))
        assert window.do(lambda page: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
        window.do(lambda page: page.get_by_role("button", name="Place order").click())
        window.do(lambda page, charge=charge: expect(page.locator("[data-placed]")).to_contain_text(f"${charge}"))
        order = Order.objects.latest("pk")
        assert (order.type, order.charge) == (name, Decimal(charge))
    assert Order.objects.count() == len(SHAPES)
    assert window.complaints == []
