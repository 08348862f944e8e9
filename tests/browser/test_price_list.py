"""The price list's instant search in a real browser: inside the favourites, and after its tab was left for a while."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from providers.catalog.listing.favorites import set_favourite
from providers.catalog.markups import set_markup
from tests.browser.conftest import SignIn
from tests.fixtures_orders import Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rows(page: Page) -> list[str]:
    return page.locator("#price-rows .price-name").all_inner_texts()


def test_the_search_stays_inside_the_favourites(store: Store, signed_in: SignIn) -> None:
    first, views = store.service("1"), store.service("4")
    for service in (first, views):
        set_favourite(customer=store.customer, service_id=service.pk, is_favourite=True)
    screen = signed_in()
    screen.go("/services/?favourites=1")

    def visit(page: Page) -> None:
        assert rows(page) == [first.name, views.name]
        page.fill("#price-q", "instagram")
        expect(page.locator("#price-rows .price-name")).to_have_count(1)
        assert rows(page) == [first.name]
        page.wait_for_url("**/services/?q=instagram&favourites=1")
        page.fill("#price-q", "")
        expect(page.locator("#price-rows .price-name")).to_have_count(2)
        page.wait_for_url("**/services/?favourites=1")
        page.reload()
        assert rows(page) == [first.name, views.name]

    screen.do(visit)
    assert screen.complaints == []


def test_a_tab_that_was_left_shows_the_prices_of_now(store: Store, signed_in: SignIn) -> None:
    screen = signed_in()
    asked: list[str] = []

    def open_it(page: Page) -> None:
        page.clock.install()
        page.on("request", lambda request: asked.append(request.url) if "prices.json" in request.url else None)
        page.goto(f"{screen.origin}/services/")
        page.fill("#price-q", "followers real 30")
        page.clock.run_for(100)
        expect(page.locator("#price-rows [data-slot=rate]").first).to_have_text("$1.35")

    def look_again(after: int) -> Any:
        def visit(page: Page) -> None:
            page.clock.fast_forward(after)
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            page.wait_for_load_state("networkidle")

        return visit

    screen.do(open_it)
    set_markup(percent=Decimal(100))
    screen.do(look_again(60_000))
    assert len(asked) == 1
    screen.do(look_again(5 * 60_000))
    screen.do(lambda page: expect(page.locator("#price-rows [data-slot=rate]").first).to_have_text("$1.80"))
    assert len(asked) == 2
    assert screen.complaints == []
