"""A mass order under a person's hands: checked, one line corrected, placed once; on a phone and on a desk."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from orders.models import Order
from tests.browser.conftest import SignIn
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, PLAIN_SERVICE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1280])
def test_lines_are_checked_placed_and_corrected(store: Store, signed_in: SignIn, width: int) -> None:
    plain = store.service(PLAIN_SERVICE).pk
    text = f"{store.service().pk} | {LINK} | 1000\n{plain} | {LINK} | 5\n"
    text += f"{store.service(COMMENTS_SERVICE).pk} | {LINK} | comments=Lovely\\nWell done"
    window = signed_in(width=width)
    window.go("/mass-order/")
    window.do(lambda page: page.locator("#mass-text").fill(text))
    window.do(lambda page: page.get_by_role("button", name="Check lines").click())
    window.do(lambda page: expect(page.locator("#mass-total")).to_have_text("$1.374"))
    window.do(lambda page: expect(page.locator("#mass")).to_contain_text("The minimum quantity is 10."))
    assert window.do(lambda page: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
    assert not Order.objects.exists()
    window.do(lambda page: page.get_by_role("button", name="Place 2 orders").dblclick())
    window.do(lambda page: expect(page.locator("#mass-placed")).to_have_text("2 orders placed"))
    window.do(lambda page: expect(page.locator("#mass-text")).to_have_value(f"{plain} | {LINK} | 5"))
    assert store.wallet() == Decimal("98.626")

    window.do(lambda page: page.locator("#mass-text").fill(f"{plain} | {LINK} | 10"))
    window.do(lambda page: page.get_by_role("button", name="Check lines").click())
    window.do(lambda page: page.get_by_role("button", name="Place 1 order").click())
    window.do(lambda page: expect(page.locator("#mass-placed")).to_have_text("1 order placed"))
    assert Order.objects.count() == 3
    assert window.complaints == []
