"""A provider's balance in a real browser: it falls, alerts, is topped up, and the queue goes on."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from orders.accounting.reconcile import read_balances
from panel.ops.models import Alert
from providers.models import Provider
from tests.browser.test_staff_pages import Open, browser, open_page
from tests.fixtures_orders import Store

__all__ = ["browser", "open_page"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_balance_falls_alerts_is_topped_up_and_the_queue_goes_on(open_page: Open, store: Store) -> None:
    provider = f"/staff/balances/{store.provider.pk}/"
    store.simulator.balance = Decimal("1.4")
    page = open_page("/staff/balances/")
    page.get_by_role("link", name="North").click()
    page.get_by_role("button", name="Refresh balance").click()
    expect(page.get_by_text("Balance: $1.40.")).to_be_visible()
    drift = page.locator("#drift")
    expect(drift.get_by_text("−$998.60").first).to_be_visible()
    drift.locator("summary").click()
    drift.get_by_label("Type").select_option("Price correction by the provider")
    drift.get_by_label("Note").fill("Taken back by their support, ticket 5")
    drift.get_by_role("button", name="Record", exact=True).click()
    expect(
        page.get_by_text("Recorded: −$998.60. The next balance check shows whether the balance matches.")
    ).to_be_visible()

    store.active()
    waits = store.active()
    assert (waits.state, Provider.objects.get().paused_reason) == ("QUEUED", "funds")
    read_balances()
    subjects = Alert.objects.filter(closed_at=None).order_by("subject").values_list("subject", flat=True)
    assert [subject.partition(":")[0] for subject in subjects] == ["balance-low", "paused-funds"]
    page = open_page("/staff/")
    expect(page.get_by_text("Low balance at North")).to_be_visible()
    page = open_page("/staff/balances/")
    row = page.get_by_role("row").filter(has_text="North")
    expect(row.get_by_text("Paused", exact=True)).to_be_visible()
    expect(row.get_by_text("$0.50").first).to_be_visible()
    expect(row.get_by_text("$0.90").first).to_be_visible()

    store.simulator.balance += Decimal(100)
    page = open_page(provider)
    page.get_by_role("link", name="Record deposit").click()
    page.fill("[name=amount]", "100")
    page.fill("[name=reason]", "Card payment 4711")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Booked: +$100.00.")).to_be_visible()
    page = open_page(provider)
    expect(page.get_by_text("Card payment 4711")).to_be_visible()
    page.get_by_role("button", name="Refresh balance").click()
    expect(page.get_by_text("Balance: $100.50.")).to_be_visible()
    expect(page.locator("#drift")).to_have_count(0)
    assert (Provider.objects.get().paused_reason, Alert.objects.filter(closed_at=None).count()) == ("", 0)
    assert store.submit(waits).state == "ACTIVE"
    page.get_by_role("button", name="Refresh balance").click()
    expect(page.get_by_text("Balance: $99.60.")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_tabs_of_what_is_stuck_fit(open_page: Open, store: Store, width: int, theme: str) -> None:
    for tab in ("doubtful", "flagged", "slow", "words", "missing", "jobs"):
        page = open_page(f"/staff/doubtful/?show={tab}", width=width, theme=theme)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, tab
