"""Orders, books and what the jobs wrote in the admin: read-only for everyone, found fast, with a few safe actions."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Attempt, Cancellation, Order, OrderEvent, Probe, Refill
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent, JobRun
from panel.wallet.models import Account, Transfer
from providers.catalog.models import Backup
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PLAIN_SERVICE

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"
EVIL = "\"><script>alert('x')</script>"
READ_ONLY = (Order, Refill, Cancellation, Account, Transfer, Alert, AuditEvent, JobRun)


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


@pytest.fixture
def helper() -> Client:
    """A member of staff without any permission."""
    client = Client()
    client.force_login(User.objects.create_user("helper@example.com", "correct horse battery", is_staff=True))
    return client


def act(client: Client, action: str, *orders: Order, reason: str = "") -> str:
    chosen = {"action": action, "_selected_action": [order.pk for order in orders], "reason": reason}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_queued_orders_are_canceled_and_sent_ones_get_a_request(owner: Client, store: Store) -> None:
    waiting, sent, plain = store.place(), store.active(), store.active(PLAIN_SERVICE, link=f"{LINK}/2")
    assert store.wallet() == Decimal("96.925")
    page = act(owner, "cancel", waiting, sent, plain)
    assert "1 order was canceled and refunded in full." in page
    assert "1 cancellation was requested. Nothing has been refunded yet." in page
    refusal = "This order has already started, and this service cannot be canceled after that."
    assert f"1 order was not changed: {refusal}" in page
    assert [store.fresh(order).state for order in (waiting, sent, plain)] == ["CANCELED", "ACTIVE", "ACTIVE"]
    assert store.wallet() == Decimal("98.275")
    assert store.fresh(waiting).events.get(what="canceled").actor == "owner@example.com"
    assert Cancellation.objects.get().order == sent
    audited = AuditEvent.objects.order_by("pk").values_list("action", "target")
    assert list(audited) == [("order cancel", f"order:{waiting.pk}"), ("order cancel", f"order:{sent.pk}")]


def test_refills_are_requested(owner: Client, store: Store) -> None:
    done, running = store.active(), store.active(link=f"{LINK}/2")
    store.simulator.set_order(done.provider_order_id or "", status="Completed")
    store.poll()
    page = act(owner, "refill", done, running)
    assert "1 refill was requested." in page
    assert "1 order was not changed: You can request a refill once the order is completed." in page
    assert Refill.objects.get().order == done


def test_an_order_is_marked_as_reviewed_only_with_a_reason(owner: Client, store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    assert "Enter what you found as the reason. Nothing was changed." in act(owner, "mark_reviewed", order)
    assert store.fresh(order).attention == "odd remains"
    page = act(owner, "mark_reviewed", order, reason="Their count was late")
    assert "1 order is marked as reviewed." in page
    assert store.fresh(order).attention == ""
    assert store.fresh(order).events.get(what="seen").reason == "odd remains: Their count was late"


def test_actions_are_for_those_who_may(helper: Client, store: Store) -> None:
    order = store.place()
    before = store.everything()
    assert helper.post(LIST, {"action": "cancel", "_selected_action": [order.pk]}).status_code == 403
    assert store.everything() == before


def test_an_orders_page_has_its_evidence_history_and_money(owner: Client, store: Store) -> None:
    order = store.active()
    page = owner.get(f"{LIST}{order.pk}/change/").content.decode()
    for words in (
        "accepted",
        "QUEUED",
        "ACTIVE",
        f"charge:{order.pk}",
        f"cost:{order.pk}:1",
        "wallet:",
        "$1.35",
        "$0.90",
    ):
        assert words in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("search", ["ada@example.com", "natgeo", "{pk}", "{provider_order_id}"])
def test_orders_are_found_by_person_link_and_number(owner: Client, store: Store, search: str) -> None:
    order = store.active()
    words = search.format(pk=order.pk, provider_order_id=order.provider_order_id)
    assert f"{LIST}{order.pk}/change/" in owner.get(LIST, {"q": words}).content.decode()
    assert f"{LIST}{order.pk}/change/" not in owner.get(LIST, {"q": "nobody"}).content.decode()


@pytest.mark.parametrize("model", READ_ONLY)
def test_nobody_writes_or_deletes_these_not_even_a_superuser(owner: Client, store: Store, model: type) -> None:
    order = store.active()
    Refill.objects.create(order=order)
    Cancellation.objects.create(order=order)
    Alert.objects.create(subject="books", level="warning", title="x")
    AuditEvent.objects.create(actor="a", action="b", target="c")
    JobRun.objects.create(name="sweep_orders")
    row = model._default_manager.first()
    before = list(model._default_manager.order_by("pk").values())
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    change, delete = (reverse(f"{name}_{verb}", args=[row.pk]) for verb in ("change", "delete"))
    listing = reverse(f"{name}_changelist")
    assert [owner.get(url).status_code for url in (listing, change)] == [200, 200]
    assert owner.get(reverse(f"{name}_add")).status_code == 403
    assert [owner.post(url, {"post": "yes"}).status_code for url in (change, delete)] == [403, 403]
    owner.post(listing, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert list(model._default_manager.order_by("pk").values()) == before


def test_every_page_of_the_admin_is_closed_to_customers_and_to_staff_without_permission(
    helper: Client, store: Store
) -> None:
    order = store.active()
    customer, anonymous = Client(), Client()
    customer.force_login(store.customer)
    before = store.everything()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        urls += [reverse(f"{name}_{verb}", args=[order.pk]) for verb in ("change", "delete", "history")]
        for url in urls:
            for method in ("get", "post"):
                assert getattr(anonymous, method)(url).status_code == 302, url
                assert getattr(customer, method)(url, follow=True).status_code == 404, url
                # A row that is not there leads to the first page, which shows nothing to this person.
                assert getattr(helper, method)(url).status_code in {302, 403}, url
    assert store.everything() == before


def test_bulk_delete_is_nowhere(owner: Client) -> None:
    for model_admin in admin.site._registry.values():
        assert "delete_selected" not in dict(admin.site.actions)
        assert "delete_selected" not in (model_admin.actions or ())


def test_models_of_ours_that_staff_need_are_all_there() -> None:
    ours = {"orders", "providers", "catalog", "wallet", "customers", "ops"}
    within = {Attempt, OrderEvent, Backup, Probe}  # on the page of what they belong to
    hidden = {"CatalogVersion", "Favourite"}
    hidden |= {
        "Backoff",
        "CacheEntry",
        "CategoryHeading",
        "DataKeyCheck",
        "LossRate",
        "Pause",
        "RecoveryCode",
        "SearchEntry",
        *("Checkpoint", "CheckpointProgress", "LedgerCheck", "SettledIds"),
    }  # the panel's own workings
    hidden |= {"UnmatchedOrder", "AlertNotice", "CatalogUpdate"}  # on the pages of safe mode, alerts and updates
    hidden |= {"ApprovalRequest", "ManualMove"}  # on the page of approvals, and what its limit counts
    missing = {
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label in ours and model not in admin.site._registry and model not in within
    }
    assert missing <= hidden


def test_lists_take_a_constant_number_of_queries(owner: Client, store: Store) -> None:
    order = store.active()
    pages = [
        LIST,
        "/admin/wallet/account/",
        "/admin/wallet/transfer/",
        "/admin/orders/refill/",
        f"{LIST}{order.pk}/change/",
    ]

    def queries() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert owner.get(page).status_code == 200
            found.append(len(captured))
        return found

    Refill.objects.create(order=order, state="completed")
    queries()  # what Django remembers from then on
    few = queries()
    for number in range(100):
        customer = User.objects.create(email=f"user{number}@example.com")
        Account.objects.create(customer=customer, currency="USD", balance=0)
        fields = {f.attname: getattr(order, f.attname) for f in Order._meta.fields if not f.primary_key}
        fields |= {"customer_id": customer.pk, "provider_order_id": f"x{number}", "client_token": None}
        Order.objects.create(**fields)
        Refill.objects.create(order=order, state="completed")
        OrderEvent.objects.create(order=order, what="note")
    assert queries() == few


def test_what_customers_and_providers_wrote_is_shown_as_text(owner: Client, store: Store) -> None:
    order = store.active(link="https://www.instagram.com/x")
    Order.objects.update(link=f"https://x.example/{EVIL}", attention=EVIL[:40], provider_status_raw=EVIL)
    Attempt.objects.update(reason=EVIL, excerpt=EVIL, candidate=EVIL)
    OrderEvent.objects.update(reason=EVIL, actor=EVIL)
    Alert.objects.create(subject="books", level="critical", title=EVIL, detail=EVIL)
    AuditEvent.objects.create(actor=EVIL, action="b", target="c")
    User.objects.filter(pk=store.customer.pk).update(name=EVIL)
    pages = [LIST, f"{LIST}{order.pk}/change/", "/admin/ops/alert/", "/admin/ops/auditevent/", "/admin/customers/user/"]
    for page in pages:
        text = owner.get(page).content.decode()
        assert "&lt;script&gt;alert" in text, page
        assert "<script>alert" not in text, page
