"""The staff's page of an order: exact words, one domain call an action, and what is refused moves nothing."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from orders.models import Cancellation, Order
from panel.customers.models import User
from panel.customers.roles import SUPPORT, set_up_roles
from panel.ops.models import AuditEvent
from panel.wallet.models import Transfer
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db


def read(client: Client, order: Order) -> str:
    answer = client.get(f"/staff/orders/{order.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def do(client: Client, order: Order, slug: str, **words: str) -> tuple[int, str]:
    """Status and text of the page that follows."""
    given = {"reason": "A screenshot of theirs", **words}
    answer = client.post(f"/staff/orders/{order.pk}/{slug}/", given)
    text = client.get(answer["Location"]).content.decode() if answer.status_code == 302 else answer.content.decode()
    return answer.status_code, " ".join(text.split())


def test_the_page_has_every_fact(owner: Client, store: Store) -> None:
    order = store.active()
    page = read(owner, order)
    for fact in (
        f"Order #{order.pk}", "ada@example.com", order.provider_order_id, "Expected cost", "<dt>Profit</dt>",
        f"charge:{order.pk}", f"cost:{order.pk}:1", "Attempt 1", "queued →",
    ):  # fmt: skip
        assert str(fact) in page
    assert "−$0.90" in page  # nothing is earned yet, and the cost is booked
    assert owner.get("/staff/orders/987654/").status_code == 404


def test_the_page_takes_few_queries(owner: Client, store: Store, django_assert_max_num_queries: object) -> None:
    order = store.active()
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        owner.get(f"/staff/orders/{order.pk}/")


def test_what_the_state_allows(owner: Client, store: Store, doubtful: Order) -> None:
    titles = {"update", "cancel", "partial", "back", "again", "reviewed"}

    def offered(order: Order) -> set[str]:
        page = read(owner, order)
        return {slug for slug in titles if f'id="do-{slug}"' in page}

    waiting, running = (
        store.place(link="https://example.com/w"),
        store.active(link="https://example.com/r", quantity="50"),
    )
    assert offered(waiting) == {"cancel"}
    assert offered(running) >= {"update", "partial", "back"}
    assert offered(doubtful) <= {"cancel"}
    assert f"/staff/doubtful/?order={doubtful.pk}" in read(owner, doubtful)
    do(owner, running, "back", agreed="0.0675")
    assert offered(running) == {"update", "again"}


def test_a_partial_is_told_in_money_before_it_is_done(owner: Client, store: Store) -> None:
    order = store.active()
    before = store.everything()
    status, page = do(owner, order, "partial", remains="333")
    assert status == 200
    assert "333 of 1,000 were not delivered: $0.44955 is refunded to the wallet of ada@example.com" in page
    assert "North is not stopped and may still deliver: you pay its cost, $0.90 so far." in page
    assert "Refund $0.44955" in page
    assert store.everything() == before
    status, page = do(owner, order, "partial", remains="333", agreed="0.44955")
    assert status == 302
    assert f"Order #{order.pk} is partial. $0.44955 refunded to ada@example.com." in page
    now = store.fresh(order)
    assert (now.state, now.refunded, now.remains) == ("PARTIAL", Decimal("0.44955"), 333)
    assert AuditEvent.objects.get().actor == "owner@example.com"


@pytest.mark.parametrize(
    ("slug", "words", "said"),
    [
        ("partial", {"remains": ""}, "Enter the undelivered quantity as a whole number."),
        ("partial", {"remains": "-3"}, "Enter the undelivered quantity as a whole number."),
        ("partial", {"remains": "1001"}, "Enter an undelivered quantity from 1 to 1,000."),
        ("partial", {"remains": "5", "reason": " "}, "Enter a reason. It is saved with the order."),
        ("partial", {"remains": "5", "agreed": "1"}, "The order has changed: 0.00675 USD would be refunded now."),
        ("back", {"agreed": "1.34"}, "The order has changed: 1.35 USD would be refunded now."),
        ("back", {"agreed": "much"}, "This page was out of date."),
        ("back", {"agreed": "1.35", "reason": ""}, "Enter a reason. It is saved with the order."),
        ("again", {"agreed": "1.35"}, "Only orders that ended with a full refund can be reordered."),
        ("cancel", {"reason": ""}, "Enter a reason. It is saved with the order."),
        ("reviewed", {"reason": ""}, "Enter a reason. It is saved with the order."),
    ],
)
def test_a_refusal_says_why_and_moves_nothing(
    owner: Client, store: Store, slug: str, words: dict[str, str], said: str
) -> None:
    order = store.active()
    before = store.everything()
    status, page = do(owner, order, slug, **words)
    assert (status, said in page) == (422, True)
    assert store.everything() == before
    assert AuditEvent.objects.count() == 0


def test_all_goes_back_once_however_often_it_is_clicked(owner: Client, store: Store) -> None:
    order = store.active()
    assert do(owner, order, "back", agreed="1.35")[0] == 302
    status, page = do(owner, order, "back", agreed="1.35")
    assert (status, "This order is already refunded in full." in page) == (422, True)
    assert store.wallet() == 100
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1


def test_the_provider_is_asked_and_its_answer_told(owner: Client, store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=500, charge="0.45")
    status, page = do(owner, order, "update", reason="")
    assert status == 302
    assert (
        f"Order #{order.pk}: North reports “Partial”. 500 of 1,000 remaining. The order is now Partial. "
        "$0.675 was refunded to the customer."
    ) in page
    store.simulator.next("status", "error503", times=3)
    before = store.money()
    status, page = do(owner, order, "update")
    assert (status, "The provider could not be asked" in page, store.money()) == (422, True, before)


def test_a_waiting_order_is_canceled_and_ordered_again(owner: Client, store: Store) -> None:
    order = store.place()
    assert "This order was not sent. $1.35 is refunded to the wallet of ada@example.com." in read(owner, order)
    status, page = do(owner, order, "cancel")
    assert (status, f"Order #{order.pk} is canceled. $1.35 refunded to ada@example.com." in page) == (302, True)
    event = AuditEvent.objects.get(action="order cancel")
    assert (event.detail["before"]["state"], event.detail["after"]["state"]) == ("QUEUED", "CANCELED")
    assert event.detail["reason"] == "A screenshot of theirs"
    assert "$1.35 is charged to the wallet of ada@example.com. This order stays as it is." in read(owner, order)
    status, page = do(owner, order, "again", agreed="1.35")
    new = Order.objects.latest("pk")
    assert f"Order #{order.pk} is reordered as order #{new.pk} for $1.35." in page
    assert f"Already reordered as order #{new.pk}." in read(owner, order)
    status, page = do(owner, order, "again", agreed="1.35")
    assert f"Order #{order.pk} was already reordered as order #{new.pk}. Nothing was charged." in page
    assert (Order.objects.count(), store.wallet()) == (2, Decimal("98.65"))


def test_the_provider_is_asked_to_cancel_and_no_money_moves(owner: Client, store: Store) -> None:
    order = store.active()
    type(order.service).objects.update(cancel=True)
    before = store.money()
    status, page = do(owner, order, "cancel")
    assert (status, f"Order #{order.pk}: cancel requested from North. No money has moved yet." in page) == (302, True)
    assert store.money() == before
    assert Cancellation.objects.get().order_id == order.pk
    assert AuditEvent.objects.get(action="order cancel").actor == "owner@example.com"


def test_a_flag_is_taken_away(owner: Client, store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    assert "Removes the flag “odd remains”." in read(owner, order)
    assert do(owner, order, "reviewed")[0] == 302
    assert store.fresh(order).attention == ""
    detail = AuditEvent.objects.get(action="order reviewed").detail
    assert (detail["before"]["attention"], detail["after"]["attention"]) == ("odd remains", "")


def test_support_asks_and_cancels_but_gives_no_money_back(store: Store) -> None:
    set_up_roles()
    user = User.objects.create_user("support@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    client = Client()
    client.force_login(user)
    order = store.active()
    page = read(client, order)
    assert 'id="do-update"' in page
    assert 'id="do-back"' not in page
    before = store.everything()
    assert do(client, order, "back", agreed="1.35")[0] == 403
    assert do(client, order, "partial", remains="5")[0] == 403
    assert store.everything() == before
    assert client.post(f"/staff/orders/{order.pk}/nonsense/", {"reason": "x"}).status_code == 404


def test_what_customers_and_providers_wrote_is_text(owner: Client, store: Store) -> None:
    order = store.active()
    hostile = "<script>alert(1)</script>"
    Order.objects.filter(pk=order.pk).update(
        link=f"https://x.example/{hostile}", provider_status_raw=hostile, attention=hostile[:40]
    )
    for page in (read(owner, order), owner.get("/staff/orders/").content.decode()):
        assert hostile not in page
        assert "&lt;script&gt;" in page
