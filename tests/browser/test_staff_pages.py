"""The staff's pages and the admin in a real browser: nothing blocked, no sideways scrolling, a verdict given."""

import csv
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from orders.models import Attempt, Cancellation, Order, OrderEvent, Refill, UnmatchedOrder
from orders.reports.roll_up import roll_up
from orders.unconfirmed.probe import probe_unconfirmed
from panel.customers.models import User
from panel.ops.alerts.alerts import raise_alert
from panel.ops.models import Alert, AlertNotice, JobRun
from panel.wallet.models import ApprovalRequest
from providers.balances.readings import record_deposit
from providers.catalog.models import Category, Markup, Service
from providers.catalog.publishing.staff_choices import set_enabled
from providers.models import PROBES_TO_TRUST, Provider, ServiceChange, UpstreamService
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # The browser's driver runs an event loop in this thread; the tests use the database beside it, not in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server: Any, store: Store) -> Iterator[Open]:
    """Opens pages as the owner; after the test nothing may have been complained of."""
    User.objects.create_superuser("owner@example.com", PASSWORD)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.text} at {message.location.get('url')}")

    context = browser.new_context(base_url=live_server.url)

    def open_(path: str, *, width: int = 1280, theme: Any = "light") -> Page:
        page = context.pages[0] if context.pages else _sign_in(context, note, complaints)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(path)
        page.wait_for_load_state("networkidle")
        return page

    yield open_
    context.close()
    assert complaints == []


def _sign_in(context: Any, note: Callable[[ConsoleMessage], None], complaints: list[str]) -> Page:
    page: Page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/")
    page.fill("[name=login]", "owner@example.com")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/admin/")
    return page


@pytest.fixture
def doubtful(store: Store) -> Order:
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place())
    store.let_lease_end(order)
    return order


def test_pages_fit_and_nothing_is_blocked(open_page: Open, store: Store, doubtful: Order) -> None:
    store.active()
    store.read_balance()
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up")
    markup = Markup.objects.get().pk
    paths = ["/staff/", "/staff/balances/", f"/staff/balances/{store.provider.pk}/", "/staff/doubtful/"]
    paths += [
        "/staff/alerts/",
        "/admin/",
        "/admin/customers/user/",
        f"/admin/customers/user/{store.customer.pk}/change/",
    ]
    paths += ["/admin/catalog/service/", f"/admin/catalog/markup/{markup}/change/", "/admin/orders/order/"]
    paths += [f"/admin/orders/order/{doubtful.pk}/change/", f"/admin/providers/provider/{store.provider.pk}/change/"]
    paths += [f"/admin/wallet/account/{page}/{store.customer.pk}/" for page in ("adjust", "statement")]
    paths += ["/staff/orders/", "/staff/orders/?q=nowhere", f"/staff/orders/{doubtful.pk}/"]
    paths += ["/staff/approvals/", f"/staff/approvals/{asked_to_approve(store.customer).pk}/"]
    set_enabled(service_ids=[store.service("4").pk], is_enabled=False)
    paths += [f"/admin/catalog/service/{store.service().pk}/change/", "/admin/catalog/service/import/"]
    paths += ["/admin/catalog/category/arrange/"]
    for path in paths:
        for width, theme in ((1280, "light"), (390, "dark")):
            page = open_page(path, width=width, theme=theme)
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (path, width)


def asked_to_approve(customer: User) -> ApprovalRequest:
    """A request of somebody else, which the owner may decide on."""
    staff = User.objects.create_user("staff@example.com", is_staff=True)
    given = {"action": "adjust", "subject": f"user:{customer.pk}", "amount": Decimal(500), "reason": "Goodwill"}
    return ApprovalRequest.objects.create(customer=customer, requested_by=staff, **given)


def lengthen(word: str, order: Order) -> None:
    """Give whatever people and providers name a long word without a space."""
    Provider.objects.update(name=word[:50])
    Service.objects.update(name=word[:300])
    Category.objects.filter(pk=Service.objects.get(pk=order.service_id).category_id).update(name=word[:200])
    User.objects.filter(pk=order.customer_id).update(email=f"{word[:60]}@{word[:60]}.example")
    Order.objects.update(link=f"https://example.com/{word}", attention="other currency", provider_status_raw=word[:100])
    OrderEvent.objects.update(reason=word[:300], actor=word[:100])
    Attempt.objects.update(reason=word[:300], excerpt=word[:500], candidate=word[:64])
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title=word[:120], detail=word[:500])
    alert = Alert.objects.get(subject="books")
    AlertNotice.objects.create(alert=alert, channel="email", event="opened", reason=word[:300], tries=1)
    UnmatchedOrder.objects.create(
        provider_id=order.provider_id, external_id=word[:64], charge=order.expected_cost, currency="USD",
        status=word[:100],
    )  # fmt: skip
    Refill.objects.create(order=order, state="unknown", reason=word[:300], next_at=None, provider_refill_id=word[:64])
    Cancellation.objects.create(order=order, state="unknown", reason=word[:300], next_at=None)
    asked_to_approve(order.customer)
    ApprovalRequest.objects.update(reason=word[:300])
    record_deposit(provider=order.provider, amount=Decimal(5), note=word[:200])
    ServiceChange.objects.update(name=word[:300], fields={"name": [word[:300], word[:200]]})
    UpstreamService.objects.filter(pk=order.service.upstream_id).update(review_reason="meaning", name=word[:300])
    JobRun.objects.create(name="check_books", finished_at=timezone.now(), ok=False, summary={"error": word[:200]})


def test_long_words_make_no_page_scroll_sideways(open_page: Open, store: Store, doubtful: Order) -> None:
    active = store.active(quantity="2000")
    store.read_balance()
    lengthen("Unbroken" * 40, active)
    roll_up()
    provider = store.provider.pk
    paths = [
        "/staff/", "/staff/balances/", f"/staff/balances/{provider}/", "/staff/orders/",
        f"/staff/orders/?customer={active.customer_id}",
        f"/staff/orders/?service={active.service_id}", f"/staff/orders/{active.pk}/", f"/staff/orders/{doubtful.pk}/",
        "/staff/alerts/", "/staff/jobs/", "/staff/changes/", "/staff/safe-mode/", "/staff/requests/?kind=refills",
        "/staff/approvals/", f"/staff/approvals/{ApprovalRequest.objects.get().pk}/",
        "/staff/requests/?kind=cancels", f"/staff/requests/?provider={'9' * 19}", "/staff/reports/",
    ]  # fmt: skip
    paths += [f"/staff/doubtful/?show={tab}" for tab in ("doubtful", "flagged", "slow", "words", "missing", "jobs")]
    paths += [f"/staff/reports/?by={by}" for by in ("provider", "service", "customer")]
    paths += [f"/staff/reports/?provider={provider}", f"/staff/reports/?service={active.service_id}"]
    wide = {}
    for path in paths:
        page = open_page(path, width=390)
        if (over := page.evaluate("document.documentElement.scrollWidth - window.innerWidth")) > 0:
            wide[path] = over
    assert sorted(wide.items()) == []


def test_a_verdict_is_given_with_the_keyboard(open_page: Open, store: Store, doubtful: Order) -> None:
    page = open_page("/staff/doubtful/")
    case = page.locator(f"#order-{doubtful.pk}")
    case.locator("summary", has_text="Refund order").focus()
    page.keyboard.press("Enter")
    expect(case.get_by_text("$1.35 is refunded to the wallet of ada@example.com")).to_be_visible()
    case.locator(f"#reason-back-{doubtful.pk}").fill("Their support says no")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Order #{doubtful.pk}: $1.35 refunded to ada@example.com.")).to_be_visible()
    assert store.wallet() == 100


def test_an_order_in_doubt_is_found_by_the_evidence_and_goes_on(open_page: Open, store: Store) -> None:
    Provider.objects.update(probing="adopt", probes_right=PROBES_TO_TRUST)
    store.active(link=f"{LINK}/before", quantity="2000")
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    page = open_page(f"/staff/orders/{order.pk}/")
    expect(page.locator("h1")).to_contain_text("Unconfirmed")
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        store.active(link=f"{LINK}/after", quantity="3000")
        assert probe_unconfirmed(now=timezone.now()).adopted == 1
    page.reload()
    expect(page.locator("h1")).to_contain_text("Active")
    expect(page.locator(".timeline").first).to_contain_text("is the only match among the IDs")
    assert len(store.simulator.created(LINK)) == 1


def test_a_report_says_what_the_ledger_does(open_page: Open, store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=437)
    store.poll()
    roll_up()
    page = open_page("/staff/reports/?range=today", width=390)
    earned = store.house("revenue")
    assert earned == Decimal("0.76005")
    expect(page.locator(".figure-value").first).to_have_text("$0.76005")
    page.locator(".tabs").get_by_role("link", name="Services").click()
    expect(page.locator("#report")).to_contain_text("$0.76005")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        line = list(csv.reader(file))[1]
    assert (line[-5], line[-6], line[-7]) == ("0.76005", "0.58995", "1.35")


def test_a_partial_is_told_in_money_and_then_done(open_page: Open, store: Store) -> None:
    order = store.active()
    page = open_page(f"/staff/orders/{order.pk}/", width=390)
    page.locator("#do-partial summary").click()
    page.fill("#remains", "333")
    page.fill("#reason-partial", "A screenshot of theirs")
    page.get_by_role("button", name="Preview refund").click()
    expect(page.get_by_text("333 of 1,000 were not delivered: $0.44955 is refunded to the wallet")).to_be_visible()
    assert store.fresh(order).state == "ACTIVE"
    page.get_by_role("button", name="Refund $0.44955").dblclick()
    expect(page.get_by_text(f"Order #{order.pk} is partial. $0.44955 refunded to ada@example.com.")).to_be_visible()
    assert store.wallet() == Decimal("99.09955")


def test_the_panel_is_seen_as_a_customer_and_back(open_page: Open, store: Store) -> None:
    page = open_page(f"/admin/customers/user/{store.customer.pk}/change/")
    page.get_by_role("button", name="View as customer").click()
    expect(page.get_by_text("You're viewing the panel as ada@example.com. You can't change anything.")).to_be_visible()
    expect(page.get_by_text("$100.00").first).to_be_visible()
    page.get_by_role("button", name="Exit").click()
    page.wait_for_url(f"**/admin/customers/user/{store.customer.pk}/change/")
    expect(page.locator(".impersonation")).to_have_count(0)


def test_a_markup_shows_its_prices_while_it_is_typed(open_page: Open, store: Store) -> None:
    page = open_page(f"/admin/catalog/markup/{Markup.objects.get().pk}/change/")
    expect(page.locator("#preview")).to_contain_text("This markup applies to 20 services. 0 prices will change: 0 up")
    page.fill("#id_percent", "-20")
    expect(page.locator("#preview")).to_contain_text("0 up, 20 down.")
    expect(page.locator("#preview")).to_contain_text("The rate is below the cost.")
    assert Markup.objects.get().percent == 50


def test_a_markup_is_previewed_saved_and_the_shop_asks_the_new_price(open_page: Open, store: Store) -> None:
    shop = f"/services/{store.service().pk}/"
    expect(open_page(shop).get_by_text("$1.35").first).to_be_visible()
    page = open_page(f"/admin/catalog/markup/{Markup.objects.get().pk}/change/")
    page.fill("#id_percent", "70")
    page.fill("#id_fixed", "0.02")
    expect(page.locator("#preview")).to_contain_text("This markup applies to 20 services. 20 prices will change: 20 up")
    row = page.locator("#preview tr", has_text="Instagram Followers").first
    expect(row).to_contain_text("$0.90")
    expect(row).to_contain_text("$1.35")
    expect(row).to_contain_text("$1.55")
    expect(row).to_contain_text("72.2%")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("20 services have a new price.")).to_be_visible()
    expect(open_page(shop).get_by_text("$1.55").first).to_be_visible()
    assert store.service().rate == Decimal("1.55")


def test_services_are_imported_with_the_keyboard(open_page: Open, store: Store) -> None:
    set_enabled(service_ids=[store.service("4").pk], is_enabled=False)
    page = open_page("/admin/catalog/service/import/")
    page.get_by_label("4 TikTok Views").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Import selected").focus()
    page.keyboard.press("Enter")
    page.fill("[name=new_category]", "Fresh")
    page.fill("[name=percent]", "100")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Import services").wait_for()
    expect(page.get_by_text("1 service will go on sale")).to_be_visible()
    assert not store.service("4").is_for_sale
    page.get_by_role("button", name="Import services").click()
    page.wait_for_url("**/admin/catalog/service/")
    expect(page.get_by_text("1 service was imported.")).to_be_visible()
    imported = store.service("4")
    assert (imported.is_for_sale, imported.rate, imported.category.name) == (True, Decimal("0.5"), "Fresh")


def test_a_category_is_moved_up(open_page: Open, store: Store) -> None:
    page = open_page("/admin/catalog/category/arrange/", width=390)
    page.get_by_role("button", name="Move Packages up").press("Enter")
    expect(page.get_by_text("Order saved.")).to_be_visible()
    assert [category.name for category in Category.objects.all()[:2]] == ["Packages", "Instagram Followers"]


def test_a_balance_is_adjusted_in_two_steps_and_a_reload_books_nothing_more(open_page: Open, store: Store) -> None:
    page = open_page(f"/admin/customers/user/{store.customer.pk}/change/")
    page.get_by_role("link", name="Adjust balance").click()
    page.fill("[name=amount]", "12.5")
    page.fill("[name=reason]", "Goodwill")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Add $12.50 to the balance of ada@example.com: from $100.00 to $112.50.")).to_be_visible()
    page.get_by_role("button", name="Confirm").dblclick()
    expect(page.get_by_text("Booked: +$12.50.")).to_be_visible()
    assert store.wallet() == Decimal("112.5")


def test_the_theme_is_one_for_site_and_admin(open_page: Open, simulator: Simulator) -> None:
    page = open_page("/staff/")
    page.locator("[data-theme-switch]").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page = open_page("/admin/orders/order/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
