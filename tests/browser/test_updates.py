"""A price that jumps: held on the staff's page, accepted there, and told on the price list and the page of updates."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_staff_pages import Open, browser, open_page
from tests.fixtures_orders import Store
from tests.fixtures_shop import Shop

__all__ = ["browser", "open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_price_jump_is_held_accepted_and_told(open_page: Open, store: Store, shop: Shop) -> None:
    service = store.service()
    shop.simulator.set_service(1, rate="1.80")
    shop.sync()
    page = open_page("/updates/?kind=removed")
    expect(page.locator(".update", has_text=service.name)).to_contain_text("Removed")
    for width, theme in ((390, "dark"), (1280, "light")):
        page = open_page("/staff/changes/", width=width, theme=theme)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    row = page.locator(f"#held-{service.pk}")
    expect(row).to_contain_text("$0.90 → $1.80")
    expect(row).to_contain_text("$1.35 → $2.70")
    page.fill("#held-reason", "Their season's price")
    row.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("1 service accepted. It is sold as the provider lists it.")).to_be_visible()
    expect(page.get_by_text("Nothing to review")).to_be_visible()

    page = open_page("/services/?q=Followers+Real+30")
    expect(page.locator(".price-row", has_text=service.name)).to_contain_text("$2.70")
    for width, theme in ((390, "dark"), (1280, "light")):
        page = open_page("/updates/", width=width, theme=theme)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    back = page.locator(".update", has_text=service.name).filter(has_text="Available again")
    expect(back).to_contain_text("$1.35 → $2.70")
