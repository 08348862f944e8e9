"""The order list under a person's hands: choosing, asking for many, finding, and rows that change meanwhile."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order, Refill
from tests.browser.conftest import SignIn
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE
from tests.panel.web.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize("width", [390, 1280])


def picked(window: Window) -> Any:
    """The numbers of the chosen orders, and what the bar says."""
    boxes = window.do(lambda page: page.locator(".order-pick:checked").evaluate_all("all => all.map(b => +b.value)"))
    return boxes, window.do(lambda page: page.locator("#picked").inner_text())


@SIZES
def test_choosing_rows(store: Store, signed_in: SignIn, width: int) -> None:
    ids = [store.place(PLAIN_SERVICE, quantity="10").pk for _ in range(5)][::-1]
    window = signed_in(width=width)
    window.go("/orders/")
    assert picked(window) == ([], "Select all")
    expect_actions(window, shown=False)
    window.do(lambda page: page.locator(f"#pick-{ids[1]}").check())
    window.do(lambda page: page.locator(f"#pick-{ids[3]}").click(modifiers=["Shift"]))
    assert picked(window) == (ids[1:4], "Selected: 3")
    expect_actions(window, shown=True)
    assert window.do(lambda page: page.locator("#pick-all").evaluate("box => box.indeterminate")) is True
    assert window.do(lambda page: page.get_attribute("#copy-picked", "data-copy")) == ", ".join(map(str, ids[1:4]))
    window.do(lambda page: page.locator(f"#pick-{ids[3]}").press("Escape"))
    assert picked(window) == ([], "Select all")
    window.do(lambda page: page.locator("#pick-all").check())
    assert picked(window) == (ids, "Selected: 5")
    window.do(lambda page: page.locator(f"#pick-{ids[0]}").press("Space"))
    assert picked(window) == (ids[1:], "Selected: 4")
    assert window.complaints == []


def expect_actions(window: Window, *, shown: bool) -> None:
    window.do(lambda page: expect(page.locator(".bulk-actions")).to_be_visible(visible=shown))


@SIZES
def test_refills_are_asked_for_without_leaving_the_list(store: Store, signed_in: SignIn, width: int) -> None:
    done, waiting = store.active(), store.place(PLAIN_SERVICE)
    store.simulator.set_order(done.provider_order_id, status="Completed", remains=0)
    store.poll()
    window = signed_in(width=width)
    window.go("/orders/?since=7")
    window.do(lambda page: page.locator("#pick-all").check())
    window.do(lambda page: page.get_by_role("button", name="Refill").click())
    window.do(lambda page: expect(page.locator("#selection-result .tone-green")).to_contain_text("for 1 order"))
    window.do(lambda page: expect(page.locator("#selection-result .tone-amber li")).to_contain_text(str(waiting.pk)))
    assert picked(window) == ([], "Select all")
    assert window.do(lambda page: page.url).endswith("/orders/?since=7")
    assert list(Refill.objects.values_list("order", flat=True)) == [done.pk]
    assert window.complaints == []


@SIZES
def test_canceling_says_what_happens_and_the_rows_follow(store: Store, signed_in: SignIn, width: int) -> None:
    order = store.place(PLAIN_SERVICE)
    window = signed_in(width=width)
    window.go("/orders/")
    window.do(lambda page: page.locator(f"#pick-{order.pk}").check())
    window.do(lambda page: page.locator("#cancel-picked summary").click())
    window.do(
        lambda page: expect(page.locator(".bulk-confirm")).to_contain_text("are canceled now and refunded in full")
    )
    assert store.fresh(order).state == "QUEUED"
    window.do(lambda page: page.get_by_role("button", name="Cancel selected orders").click())
    window.do(lambda page: expect(page.locator(f"#order-{order.pk} .state")).to_have_text("Canceled"))
    assert store.fresh(order).refunded == order.charge
    assert window.complaints == []


def test_a_row_that_is_swapped_stays_chosen(store: Store, signed_in: SignIn) -> None:
    order = store.active()
    window = signed_in()
    window.go("/orders/")
    window.do(lambda page: page.locator(f"#pick-{order.pk}").check())
    Order.objects.filter(pk=order.pk).update(provider_status="Processing")
    window.do(lambda page: page.evaluate("htmx.trigger('#orders-live', 'look')"))
    window.do(lambda page: expect(page.locator(f"#order-{order.pk} .state")).to_have_text("Processing"))
    assert picked(window) == ([order.pk], "Selected: 1")
    window.do(lambda page: expect(page.locator(f"#pick-{order.pk}")).to_be_focused())


def test_finding_keeps_the_address_short(store: Store, signed_in: SignIn) -> None:
    store.place(PLAIN_SERVICE)
    window = signed_in(timezone_id="Europe/Berlin")
    window.go("/orders/")

    def find(page: Page) -> None:
        page.fill("#orders-q", "views")
        page.wait_for_url("**/orders/?q=views")
        page.fill("#orders-from", "2020-01-01")
        page.wait_for_url("**/orders/?q=views&from=2020-01-01")
        page.select_option("#orders-since", "7")
        page.wait_for_url("**/orders/?q=views&since=7")
        expect(page.locator("#orders-from")).to_have_value("")
        page.click("#tab-partial")
        page.wait_for_url("**/orders/?q=views&since=7&state=partial")
        expect(page.locator("#orders")).to_contain_text("No matching orders")
        page.fill("#orders-q", "")
        page.wait_for_url("**/orders/?since=7&state=partial")

    window.do(find)
    assert window.complaints == []


def test_without_scripts_the_form_asks_too(store: Store, signed_in: SignIn) -> None:
    order = store.place(PLAIN_SERVICE)
    window = signed_in(java_script_enabled=False)
    window.go("/orders/?q=views")
    window.do(lambda page: page.locator(f"#pick-{order.pk}").check())
    window.do(lambda page: page.locator("#cancel-picked summary").click())
    window.do(lambda page: page.get_by_role("button", name="Cancel selected orders").click())
    window.do(lambda page: expect(page.locator("#selection-result .tone-green")).to_contain_text(str(order.pk)))
    window.do(lambda page: page.locator(".page-head a").click())
    assert window.do(lambda page: page.url).endswith("/orders/?q=views")
    assert store.fresh(order).state == "CANCELED"
