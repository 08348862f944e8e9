"""A refill and a cancel under a person's hands, on a phone and on a desk; the staff's queue beside them."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.refill_jobs import poll_refills
from orders.models import Cancellation, Refill
from panel.customers.models import User
from tests.browser.conftest import SignIn
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize("width", [390, 1280])


@SIZES
def test_a_sent_order_is_canceled(store: Store, signed_in: SignIn, width: int) -> None:
    order = store.active()
    window = signed_in(width=width)
    window.go(f"/orders/{order.pk}/")
    window.do(lambda page: page.locator("#cancel summary").click())
    window.do(
        lambda page: expect(page.locator("#cancel p")).to_contain_text("If the order completes first, nothing changes.")
    )
    window.do(lambda page: page.get_by_role("button", name="Request cancellation").click())
    window.do(lambda page: expect(page.get_by_text("You'll be refunded once it's confirmed.")).to_be_visible())
    assert store.wallet() == Decimal("98.65")

    poll_cancels(now=timezone.now())
    store.poll()
    poll_cancels(now=timezone.now())
    window.go(f"/orders/{order.pk}/")
    window.do(lambda page: expect(page.locator("h1 .state")).to_have_text("Canceled"))
    window.do(lambda page: expect(page.locator(".timeline")).to_contain_text("$1.35 was refunded to your balance."))
    assert store.wallet() == 100
    assert window.complaints == []


@SIZES
def test_a_refill_is_asked_for_and_followed(store: Store, signed_in: SignIn, width: int) -> None:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()
    window = signed_in(width=width)
    window.go(f"/orders/{order.pk}/")
    window.do(lambda page: page.locator("#ask-refill").click())
    window.do(lambda page: expect(page.get_by_text("Refill requested.")).to_be_visible())
    window.go("/refills/")
    window.do(lambda page: expect(page.locator("#refills tbody .state")).to_have_text("Pending"))

    poll_refills(now=timezone.now())
    store.simulator.advance(ORDER_SECONDS * 2)
    poll_refills(now=timezone.now(), everything=True)
    # It comes by itself; a look that follows from coming back to the page is the same as one by the clock.
    window.do(lambda page: page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"))
    window.do(lambda page: expect(page.locator("#refills tbody .state")).to_have_text("Completed"))
    window.do(lambda page: page.get_by_role("link", name="Open").click())
    window.do(lambda page: expect(page.locator("#refills")).to_contain_text("No refills with this status"))
    assert Refill.objects.get().state == "completed"
    assert window.complaints == []


@SIZES
def test_staff_send_a_cancel_again(store: Store, signed_in: SignIn, width: int) -> None:
    wish = Cancellation.objects.create(order=store.active(), state="unknown", tries=3, reason="HTTP 500.", next_at=None)
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    window = signed_in(width=width)
    window.cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
    window.go("/staff/requests/?kind=cancels")
    window.do(lambda page: page.get_by_role("button", name="Send again").click())
    window.do(lambda page: expect(page.get_by_text("the request is sent again within minutes")).to_be_visible())
    window.do(lambda page: expect(page.get_by_text("No unanswered requests")).to_be_visible())
    wish.refresh_from_db()
    assert (wish.state, wish.next_at is not None) == ("unknown", True)  # until it is clear, it stays so
    assert window.complaints == []
