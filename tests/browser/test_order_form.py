"""The order form under a person's hands: on a phone and on a desk, in light and in dark."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from orders.models import Order
from tests.browser.conftest import SignIn
from tests.fixtures_orders import LINK, Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTRAST = """() => {
    const light = (text) => {
        const parts = text.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const box = document.querySelector('#order-form');
    const [ink, paper] = [getComputedStyle(box).color, getComputedStyle(box).backgroundColor].map(light);
    return [(Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05), paper];
}"""


def fill(page: Page, **words: str) -> None:
    for name, text in words.items():
        page.locator(f"#order-form [name={name}]").fill(text)


def is_within_the_screen(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [390, 1280])
def test_an_order_is_chosen_priced_and_placed(store: Store, signed_in: SignIn, width: int) -> None:
    service = store.service()
    window = signed_in(width=width)
    window.go("/order/")
    window.do(lambda page: page.locator(f"a[href*='service={service.pk}']").first.click())
    window.do(lambda page: expect(page.locator("#order-form-title")).to_have_text(service.name))
    window.do(lambda page: fill(page, link=LINK, quantity="2000"))
    window.do(lambda page: expect(page.locator("#order-charge")).to_have_text("$2.70"))
    window.do(lambda page: expect(page.locator("#order-after")).to_have_text("$97.30"))
    assert window.do(is_within_the_screen)
    window.do(lambda page: page.get_by_role("button", name="Place order").dblclick())
    window.do(lambda page: expect(page.locator("[data-placed]")).to_contain_text("placed for $2.70"))
    order = Order.objects.get()
    assert (order.link, order.quantity, order.charge) == (LINK, 2000, Decimal("2.7"))
    assert store.wallet() == Decimal("97.3")
    assert window.do(is_within_the_screen)
    assert window.complaints == []


def test_what_is_typed_while_the_price_is_on_its_way_counts(store: Store, signed_in: SignIn) -> None:
    window = signed_in(width=390)
    window.go(f"/order/?service={store.service().pk}")

    def type_another_digit(route: Route) -> None:
        route.request.frame.locator("#order-form [name=quantity]").press_sequentially("0")
        route.continue_()

    window.do(lambda page: page.route("**/order/charge/", type_another_digit, times=1))
    window.do(lambda page: fill(page, quantity="200"))
    window.do(lambda page: expect(page.locator("#order-charge")).to_have_text("$2.70"))
    assert window.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_what_is_wrong_stands_beside_its_field(store: Store, signed_in: SignIn, width: int) -> None:
    before = store.everything()
    window = signed_in(width=width)
    window.go(f"/order/?service={store.service().pk}")
    window.do(lambda page: fill(page, link="nonsense", quantity="49"))
    window.do(lambda page: page.get_by_role("button", name="Place order").click())
    for name, text in [("link", "enter a full link"), ("quantity", "The minimum quantity is 50.")]:
        window.do(
            lambda page, name=name, text=text: expect(
                page.locator(f"#order-form .field:has([name={name}]) .field-error")
            ).to_contain_text(text)
        )
        assert window.do(lambda page, name=name: page.locator(f"[name={name}]").get_attribute("aria-invalid")) == "true"
    assert window.do(lambda page: page.locator("[name=link]").input_value()) == "nonsense"
    assert store.everything() == before
    assert [text for text in window.complaints if "422" not in text] == []


def test_light_and_dark_are_both_readable(store: Store, signed_in: SignIn) -> None:
    papers = []
    for scheme in ("light", "dark"):
        window = signed_in(width=390, color_scheme=scheme)
        window.go(f"/order/?service={store.service().pk}")
        contrast, paper = window.do(lambda page: page.evaluate(CONTRAST))
        assert contrast >= 4.5
        papers.append(paper)
    assert papers[0] > 0.8 > 0.2 > papers[1]


def test_without_scripts_the_form_works_all_the_same(store: Store, signed_in: SignIn) -> None:
    window = signed_in(width=390, java_script_enabled=False)
    window.go(f"/order/?service={store.service().pk}")
    window.do(lambda page: fill(page, link=LINK, quantity="1000"))
    window.do(lambda page: page.get_by_role("button", name="Place order").click())
    order = Order.objects.get()
    assert window.do(lambda page: page.url).endswith(f"/orders/{order.pk}/")
    assert order.charge == Decimal("1.35")
