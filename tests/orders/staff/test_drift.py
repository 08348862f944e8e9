"""A provider's drift on its page: booked once as what it is, by whom it may be, and placing goes on with a reason."""

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from panel.ops.models import AuditEvent
from panel.wallet.models import Transfer
from providers.balances.readings import record_deposit
from providers.models import BalanceReading, Pause, Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def latest() -> BalanceReading:
    return BalanceReading.objects.latest("pk")


def explain(client: Client, store: Store, **words: str) -> str:
    """What the page says after the click."""
    given = {"reading": str(latest().pk), "as": "topup", "reason": "Paid by card", **words}
    return client.post(f"/staff/balances/{store.provider.pk}/explain/", given, follow=True).content.decode()


def test_a_jump_is_booked_as_a_top_up_with_one_click_and_once(owner: Client, store: Store) -> None:
    store.simulator.balance += Decimal(50)
    reading = store.read_balance()
    page = owner.get(f"/staff/balances/{store.provider.pk}/").content.decode()
    assert "Did you add funds there?" in page
    assert "Recorded: +$50.00." in explain(owner, store)
    booked = Transfer.objects.get(key=f"drift:{reading.pk}")
    assert (booked.source.house, booked.target.house, booked.amount, booked.note) == (
        "adjustment", store.provider.account, 50, "Top-up that was not recorded: Paid by card",
    )  # fmt: skip
    event = AuditEvent.objects.get(action="provider.drift")
    assert (event.actor, event.target) == ("owner@example.com", f"provider:{store.provider.pk}")
    assert event.detail == {
        "amount": "50", "currency": "USD", "as": "topup", "reason": "Paid by card", "transfer": booked.key,
    }  # fmt: skip
    again = explain(owner, store)
    assert "Another transfer was recorded since this reading. Refresh the balance first." in again
    assert "Did you add funds there?" not in again
    assert Transfer.objects.filter(key__startswith="drift:").count() == 1
    assert store.read_balance().drift == 0


@pytest.mark.parametrize(("slug", "house"), [("by_hand", "loss"), ("price", "loss"), ("unknown", "suspense")])
def test_missing_money_is_booked_as_what_it_was_and_placing_goes_on(
    owner: Client, store: Store, slug: str, house: str
) -> None:
    store.simulator.balance -= Decimal(7)
    for _ in range(2):
        store.read_balance()
    assert Provider.objects.get().paused_reason == "drift"
    assert "<b>Missing money</b>" in owner.get(f"/staff/balances/{store.provider.pk}/").content.decode()
    assert "Recorded: −$7.00." in explain(owner, store, **{"as": slug, "reason": "Their ticket 5"})
    assert (store.house(house), store.house(store.provider.account)) == (7, 993)
    store.read_balance()
    assert (Provider.objects.get().paused_reason, latest().drift) == ("", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"reason": " "}, "Enter a note."),
        ({"as": "topup"}, "This cause does not fit the drift."),
        ({"as": "nonsense"}, "This cause does not fit the drift."),
        ({"reading": "1²"}, "The balance was updated meanwhile. Review it again."),
    ],
)
def test_what_does_not_fit_books_nothing(owner: Client, store: Store, words: dict[str, str], said: str) -> None:
    store.simulator.balance -= Decimal(7)
    store.read_balance()
    before = store.everything()
    assert said in explain(owner, store, **{"as": "by_hand", **words})
    assert store.everything() == before
    assert not AuditEvent.objects.exists()


def test_a_drift_is_not_booked_after_a_newer_reading_or_a_deposit(owner: Client, store: Store) -> None:
    store.simulator.balance += Decimal(50)
    old = store.read_balance()
    store.read_balance()
    before = store.everything()
    assert "The balance was updated meanwhile" in explain(owner, store, reading=str(old.pk))
    assert store.everything() == before
    record_deposit(provider=store.provider, amount=Decimal(50))
    before = store.everything()
    assert "Another transfer was recorded since this reading" in explain(owner, store)
    assert store.everything() == before


def test_placing_goes_on_with_a_reason(owner: Client, helper: Client, store: Store) -> None:
    store.simulator.balance -= Decimal(7)
    for _ in range(2):
        store.read_balance()
    url = f"/staff/balances/{store.provider.pk}/resume/"
    assert helper.post(url, {"reason": "x"}).status_code == 403
    assert helper.post(f"/staff/balances/{store.provider.pk}/explain/", {"reason": "x"}).status_code == 403
    assert (
        "Enter a reason. It is saved to the audit log."
        in owner.post(url, {"reason": " "}, follow=True).content.decode()
    )
    assert Provider.objects.get().paused_reason == "drift"
    said = owner.post(url, {"reason": "Their support looks"}, follow=True).content.decode()
    assert "Orders are sent to this provider again." in said
    assert Provider.objects.get().paused_reason == ""
    assert (
        "The provider is no longer paused for missing money."
        in owner.post(url, {"reason": "Again"}, follow=True).content.decode()
    )
    assert AuditEvent.objects.get(action="provider.resume").detail == {"reason": "Their support looks", "missing": "7"}


def test_a_doubtful_order_that_costs_it_is_named_on_the_page(owner: Client, store: Store) -> None:
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    store.read_balance()
    page = " ".join(owner.get(f"/staff/balances/{store.provider.pk}/").content.decode().split())
    assert "matches exactly one unconfirmed order." in page
    assert f'<a href="/staff/doubtful/?order={order.pk}">Order #{order.pk}</a>' in page
    assert "this is not proof" in page


def test_the_page_with_a_drift_takes_fifteen_queries(
    owner: Client, store: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page = f"/staff/balances/{store.provider.pk}/"
    store.read_balance()
    with django_assert_num_queries(13):
        owner.get(page)
    store.simulator.balance -= Decimal(7)
    for _ in range(3):
        store.read_balance()
    with django_assert_num_queries(15):
        assert "<b>Missing money</b>" in owner.get(page).content.decode()


def test_every_pause_is_shown_and_those_that_a_person_may_end_are_ended_one_by_one(
    owner: Client, helper: Client, store: Store
) -> None:
    pk = store.provider.pk
    page, url = f"/staff/balances/{pk}/", f"/staff/balances/{pk}/resume/"
    Pause.objects.bulk_create(
        Pause(provider=store.provider, reason=reason, detail=f"Seen: {reason}.") for reason in Pause.Reason
    )
    text = owner.get(page).content.decode()
    assert text.count(">Resume</button>") == 3
    for reason in Pause.Reason:
        assert f"Seen: {reason}." in text
    assert helper.post(url, {"pause": "funds", "reason": "x"}).status_code == 403

    said = owner.post(url, {"pause": "currency", "reason": "x"}, follow=True).content.decode()
    assert "This pause ends automatically and cannot be ended by hand." in said
    owner.post(url, {"pause": "key", "reason": ""})
    assert Pause.objects.count() == 5
    said = owner.post(url, {"pause": "key", "reason": "New key"}, follow=True).content.decode()
    assert "This pause has ended. Orders still wait: no funds." in said
    said = owner.post(url, {"pause": "key", "reason": "New key"}, follow=True).content.decode()
    assert "The provider is no longer paused for this reason." in said
    owner.post(url, {"reason": "Their support looks"})  # the one for missing money, as before there were several
    assert sorted(Pause.objects.values_list("reason", flat=True)) == ["currency", "funds", "list-currency"]
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "detail")) == [
        ("provider.resume", {"reason": "New key", "pause": "key"}),
        ("provider.resume", {"reason": "Their support looks", "missing": "0"}),
    ]
    Pause.objects.exclude(reason="funds").delete()
    said = owner.post(url, {"pause": "funds", "reason": "Paid"}, follow=True).content.decode()
    assert "Orders are sent to this provider again. It is paused again if the problem comes back." in said


def test_reading_now_in_another_currency_pauses_as_the_job_does(owner: Client, store: Store) -> None:
    store.simulator.next("balance", "wrong_currency")
    owner.post(f"/staff/balances/{store.provider.pk}/read/")
    assert [(pause.reason, pause.detail) for pause in Pause.objects.all()] == [
        ("currency", "North reports a balance of 1000 INR, but its currency here is USD.")
    ]
    owner.post(f"/staff/balances/{store.provider.pk}/read/")
    assert Pause.objects.count() == 0
