"""Every address of the site, walked as a stranger, as another customer and as each role of the staff.

A new address has to be put into a group here, or be a staff's page under a permission: none is open by being forgotten.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from orders.webhooks.models import Delivery, Webhook
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.customers.roles import ADMIN, MANAGER, READ_ONLY, SUPPORT, set_up_roles
from panel.wallet.models import PaymentMethod, TopUp
from tests.extent import IS_SMALL, few
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db

PUBLIC = {
    "home", "api", "api_openapi", "services", "service_prices", "service", "updates", "healthz", "healthz_web",
    "readyz", "account_login", "account_logout", "account_inactive", "account_signup",
    "account_email_verification_sent", "account_reset_password", "account_confirm_login_code",
    "account_confirm_email", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "mfa_authenticate",
}  # fmt: skip
"""Answered without a sign-in."""
MINE = {
    "order", "order_cancel", "order_refill", "api_key_rotate", "api_key_revoke", "webhook_again", "top_up_withdraw",
    "top_up_picture",
}  # fmt: skip
"""Of one customer's own things: for everybody else they do not exist."""
HARMLESS = {"sign_out_session", "see_as_end"}
"""Of one's own things too; what is not there is gone already."""
KEYED = {"metrics"}
"""For who has the key of that page alone; without one it does not exist."""
OWN = {
    "new_order", "order_form", "order_charge", "mass_order", "orders", "orders_live", "orders_export", "orders_refill",
    "orders_cancel", "refills", "api_page", "api_repeats", "api_console", "webhook", "webhook_secret", "webhook_remove",
    "webhook_test", "service_favourite", "wallet", "top_up", "account", "usersessions_list", "sign_out_elsewhere",
    "account_reauthenticate", "account_email", "account_change_password", "account_set_password", "mfa_index",
    "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "new_recovery_codes",
}  # fmt: skip
"""Behind the sign-in, each person's own."""
ROLES = (ADMIN, MANAGER, SUPPORT, READ_ONLY)


class Address:
    """One route, with numbers in it that exist and belong to the store's customer."""

    def __init__(self, route: str, pattern: URLPattern) -> None:
        self.route, self.name, self.view = route, pattern.name or "", pattern.callback
        self.is_staffs = route.startswith("staff/") and self.name not in HARMLESS
        self.is_admins = route.startswith("admin/")

    def path(self, numbers: dict[str, Any]) -> str:
        path = self.route.replace("^", "").replace("$", "").replace("(?P<key>[-:\\w]+)", "x:y:z")
        path = path.replace("(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)", "1-abc")
        for kind in ("int", "slug", "path", "str"):
            for name, number in numbers.items():
                path = path.replace(f"<{kind}:{name}>", str(number))
        return f"/{path}"


def walk(patterns: list[Any], prefix: str = "") -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif "(?P<url>" not in route and "(?P<app_label>" not in route:  # the admin's own catch-alls
            yield Address(route, pattern)


ADDRESSES = list(walk(get_resolver("panel.urls").url_patterns))


@pytest.fixture
def numbers(store: Store) -> dict[str, Any]:
    """What the addresses' parts stand for: things of the store's customer, and of the shop."""
    now = timezone.now()
    method = PaymentMethod.objects.create(name="Bank", instructions="Pay")
    top_up = TopUp.objects.create(
        customer=store.customer, token="t", method=method, currency="USD", amount=5, reference="r",
        picture=SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n"),
    )  # fmt: skip
    key = issue_key(customer=store.customer, name="mine", actor="ada", now=now).key
    webhook = Webhook.objects.create(customer=store.customer, url="https://example.com/", sealed_secret="x")
    delivery = Delivery.objects.create(webhook=webhook, event="order.changed", payload={})
    return {
        "order_id": store.active().pk, "service_id": store.service().pk, "key_id": key.pk, "deposit_id": top_up.pk,
        "delivery_id": delivery.pk, "provider_id": store.provider.pk, "session_id": 1, "orphan_id": 1, "alert_id": 1,
        "request_id": 1, "user_id": store.customer.pk, "customer_id": store.customer.pk, "markup_id": 1,
        "verdict": "placed", "kind": "refill", "name": "check_books", "to": "on", "object_id": store.customer.pk,
        "content_type_id": 1, "slug": "reviewed", "what": "list", "category_id": store.service().category_id,
    }  # fmt: skip


def ask(client: Client, method: str, path: str) -> Any:
    return client.get(path) if method == "get" else client.post(path, {"reason": "x"})


def test_every_address_is_in_exactly_one_group() -> None:
    for address in ADDRESSES:
        if address.is_staffs:
            assert getattr(address.view, "permission", ""), f"{address.route} is under no permission"
        elif not address.is_admins and address.name:
            groups = [group for group in (PUBLIC, MINE, HARMLESS, KEYED, OWN) if address.name in group]
            assert len(groups) == 1, f"{address.route} ({address.name}) is in {len(groups)} groups"
    known = {address.name for address in ADDRESSES}
    assert known >= (PUBLIC | MINE | HARMLESS | KEYED | OWN)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_led_to_the_sign_in(store: Store, numbers: dict[str, Any], method: str) -> None:
    before = store.everything()
    for address in few(ADDRESSES, offset=len(method)):
        if address.name in PUBLIC | KEYED or not address.name:
            continue
        path = address.path(numbers)
        answer = ask(Client(), method, path)
        if address.name in {"logout", "password_change"}:  # the admin's, which are the site's own
            continue
        assert answer.status_code in {302, 405}, f"{path}: {answer.status_code}"
        if answer.status_code == 302:
            doors = ("/accounts/login/", "/admin/login/")  # the second leads to the first
            assert answer["Location"].startswith(doors), f"{path} leads to {answer['Location']}"
    assert store.everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_another_customer_what_is_not_his_does_not_exist(store: Store, numbers: dict[str, Any], method: str) -> None:
    bo = User.objects.create_user("bo@example.com", "correct horse battery")
    before = store.everything()
    for address in few(ADDRESSES, offset=len(method)):
        is_foreign = address.name in MINE | KEYED or address.is_staffs or address.is_admins
        if not is_foreign or address.name in {"logout", "password_change"}:
            continue
        client = Client()
        client.force_login(bo)
        answer = ask(client, method, address.path(numbers))
        if answer.get("Location", "").startswith("/admin/login/"):
            answer = client.get(answer["Location"])
        assert answer.status_code in {404, 405}, address.route
        if address.name in MINE:
            assert "ada@example.com" not in answer.content.decode()
    assert store.everything() == before
    assert TopUp.objects.get().state == "asked"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_its_permissions_say(store: Store, numbers: dict[str, Any], role: str) -> None:
    set_up_roles()
    user = User.objects.create_user("member@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    opened = 0
    for address in ADDRESSES:
        if not address.is_staffs:
            continue
        status = client.get(address.path(numbers)).status_code
        may = user.has_perm(address.view.permission)  # type: ignore[attr-defined]
        assert (status == 403) is (not may), f"{role} at {address.route}: {status}"
        assert status < 500, address.route
        opened += status == 200
    assert opened >= 4


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours. A session notes when it was used last, which changes nothing."""
    ours = [
        model for model in apps.get_models() if model.__module__.partition(".")[0] in {"orders", "providers", "panel"}
    ]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in ours}


def test_who_may_only_look_changes_nothing_anywhere(store: Store, numbers: dict[str, Any]) -> None:
    """Whatever a page of the staff does needs a permission to change something, and that is asked for first."""
    set_up_roles()
    user = User.objects.create_user("member@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=READ_ONLY))
    client = Client()
    client.force_login(user)
    before, refused = everything(), []
    for address in few(ADDRESSES):
        if not (address.is_staffs or address.is_admins) or address.name in {"logout", "password_change"}:
            continue
        answer = client.post(address.path(numbers), {"reason": "x", "action": "delete_selected", "post": "yes"})
        assert answer.status_code < 500, address.route
        if address.is_staffs:
            assert answer.status_code in {403, 405}, f"{address.route}: {answer.status_code}"
            refused.append(answer.status_code)
        assert everything() == before, address.route
    assert refused.count(403) >= (3 if IS_SMALL else 18)
    assert len(store.simulator.requests("balance")) == 1  # the fixture's own


def test_no_address_of_the_staff_breaks_for_its_owner(store: Store, numbers: dict[str, Any]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    for address in few(ADDRESSES):
        if address.name not in PUBLIC | {"logout"}:
            assert client.get(address.path(numbers)).status_code < 500, address.route
