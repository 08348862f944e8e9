"""Every role against every staff page and every record in the admin: who sees it, who changes it, who is told no."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from orders.models import Order
from panel.customers.models import User
from panel.customers.roles import ADMIN, MANAGER, READ_ONLY, SUPPORT, set_up_roles
from panel.ops.models import Alert
from tests.admin_forms import save
from tests.fixtures_orders import Store

ROLES = (ADMIN, MANAGER, SUPPORT, READ_ONLY)
SUPPORT_SEES = {
    "order", "refill", "cancellation", "webhook", "delivery", "account", "transfer", "topup", "user", "apikey",
    "emailaddress", "alert",
}  # fmt: skip
MANAGER_ADDS = {"category", "markup", "customerterms", "customerrate", "paymentmethod", "user"}
MANAGER_CHANGES = {
    "category",
    "service",
    "markup",
    "customerterms",
    "customerrate",
    "provider",
    "paymentmethod",
    "user",
}
NOBODYS = {"group"}
"""For a superuser alone."""
PAGES = {
    "/staff/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/balances/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/balances/{provider}/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/reports/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/reports/csv/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/orders/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/orders/{order}/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/doubtful/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/approvals/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/requests/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/changes/": {ADMIN, MANAGER, READ_ONLY},
    "/staff/alerts/": {ADMIN, MANAGER, SUPPORT, READ_ONLY},
    "/staff/jobs/": {ADMIN, MANAGER, READ_ONLY},
    "/admin/catalog/service/import/": {ADMIN, MANAGER},
    "/admin/catalog/category/arrange/": {ADMIN, MANAGER},
    "/admin/catalog/category/{category}/arrange/": {ADMIN, MANAGER},
}
BUTTONS = {
    "/staff/doubtful/{order}/placed/": {ADMIN, MANAGER, SUPPORT},
    "/staff/doubtful/{order}/again/": {ADMIN, MANAGER, SUPPORT},
    "/staff/doubtful/{order}/back/": {ADMIN, MANAGER, SUPPORT},
    "/staff/doubtful/{order}/reviewed/": {ADMIN, MANAGER, SUPPORT},
    "/staff/doubtful/{order}/looked/": {ADMIN, MANAGER, SUPPORT},  # an address of earlier versions
    "/staff/orders/{order}/update/": {ADMIN, MANAGER, SUPPORT},
    "/staff/orders/{order}/cancel/": {ADMIN, MANAGER, SUPPORT},
    "/staff/orders/{order}/again/": {ADMIN, MANAGER, SUPPORT},
    "/staff/orders/{order}/reviewed/": {ADMIN, MANAGER, SUPPORT},
    "/staff/orders/{order}/looked/": {ADMIN, MANAGER, SUPPORT},  # an address of earlier versions
    "/staff/orders/{order}/partial/": {ADMIN, MANAGER},
    "/staff/orders/{order}/back/": {ADMIN, MANAGER},
    "/staff/alerts/{alert}/take/": {ADMIN, MANAGER, SUPPORT},
    "/staff/alerts/{alert}/close/": {ADMIN, MANAGER, SUPPORT},
    "/staff/balances/{provider}/explain/": {ADMIN, MANAGER},
    "/staff/balances/{provider}/resume/": {ADMIN, MANAGER},
    "/staff/balances/{provider}/read/": {ADMIN, MANAGER},
    "/staff/alerts/test/": {ADMIN, MANAGER, SUPPORT},
    "/staff/changes/accept/": {ADMIN, MANAGER},
    "/staff/changes/keep/": {ADMIN, MANAGER},
    "/staff/changes/provider/{provider}/prices/": {ADMIN, MANAGER},
    "/staff/changes/provider/{provider}/list/": {ADMIN, MANAGER},
    "/staff/jobs/check_books/run/": {ADMIN, MANAGER},
    "/admin/wallet/account/adjust/{customer}/": {ADMIN, MANAGER},
    "/admin/providers/provider/{provider}/test/": {ADMIN, MANAGER},
    "/admin/providers/provider/{provider}/sync/": {ADMIN, MANAGER},
    "/admin/providers/provider/{provider}/deposit/": {ADMIN, MANAGER},
    "/admin/catalog/markup/preview/": {ADMIN, MANAGER, READ_ONLY},
    "/admin/catalog/service/import/": {ADMIN, MANAGER},
    "/admin/catalog/service/chosen/price/": {ADMIN, MANAGER},
    "/admin/catalog/service/chosen/unprice/": {ADMIN, MANAGER},
    "/admin/catalog/service/chosen/move/": {ADMIN, MANAGER},
    "/admin/catalog/service/chosen/place/": {ADMIN, MANAGER},
    "/admin/catalog/service/chosen/import/": {ADMIN, MANAGER},
    "/admin/catalog/category/arrange/": {ADMIN, MANAGER},
    "/admin/catalog/category/{category}/arrange/": {ADMIN, MANAGER},
}


@pytest.fixture
def roles(db: None) -> None:
    set_up_roles()


def member(role: str) -> Client:
    user = User.objects.create_user(f"{role.lower()}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def models() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.model_name not in NOBODYS]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_and_changes_what_the_table_says(role: str, roles: None, store: Store) -> None:
    client = member(role)
    seen, added, changed, deleted = set(), set(), set(), set()
    for model in models():
        name = model._meta.model_name
        base = f"admin:{model._meta.app_label}_{name}"
        status = client.get(reverse(f"{base}_changelist")).status_code
        assert status in {200, 403}
        seen |= {name} if status == 200 else set()
        added |= {name} if client.get(reverse(f"{base}_add")).status_code == 200 else set()
        row = model._default_manager.first()
        if row is not None:
            page = client.get(reverse(f"{base}_change", args=[row.pk]))
            assert page.status_code == status
            changed |= {name} if page.status_code == 200 and b'name="_save"' in page.content else set()
            gone = client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"})
            deleted |= {name} if gone.status_code == 302 else set()
    all_names = {model._meta.model_name for model in models()}
    assert seen == (SUPPORT_SEES if role == SUPPORT else all_names)
    expected = MANAGER_ADDS if role in {ADMIN, MANAGER} else set()
    assert added == expected
    touched = {ADMIN: MANAGER_CHANGES, MANAGER: MANAGER_CHANGES, SUPPORT: {"user"}, READ_ONLY: set()}[role]
    assert changed <= touched
    assert {"service", "category", "provider"} & changed == {"service", "category", "provider"} & touched
    assert deleted == ({"markup"} if role in {ADMIN, MANAGER} else set())


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_pages_and_buttons(role: str, roles: None, store: Store) -> None:
    store.simulator.next("add", "error500_before")
    order = store.active()
    Alert.objects.create(subject="books", level="critical", title="x")
    names = {
        "provider": store.provider.pk,
        "order": order.pk,
        "alert": Alert.objects.latest("pk").pk,
        "customer": store.customer.pk,
        "category": store.service().category_id,
    }
    client = member(role)
    for path, allowed in PAGES.items():
        assert client.get(path.format(**names)).status_code == (200 if role in allowed else 403), path
    before = store.everything()
    for path, allowed in BUTTONS.items():
        refused = client.post(path.format(**names), {}).status_code == 403
        assert refused is (role not in allowed), path
    assert store.everything() == before
    sidebar = client.get("/account/").content.decode()
    assert ("/staff/balances/" in sidebar) is (role != SUPPORT)


def test_what_support_reads_holds_no_key_and_no_rate_of_ours(roles: None, store: Store) -> None:
    client = member(SUPPORT)
    for path in ("/admin/providers/provider/", "/admin/catalog/service/", "/admin/catalog/markup/", "/staff/balances/"):
        assert client.get(path).status_code == 403


def test_a_superusers_things_are_nobodys(roles: None, store: Store) -> None:
    client = member(ADMIN)
    assert client.get("/admin/auth/group/").status_code in {403, 200}
    group = Group.objects.get(name=SUPPORT)
    before = list(group.permissions.order_by("pk"))
    every = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    assert (
        client.post(f"/admin/auth/group/{group.pk}/change/", {"name": SUPPORT, "permissions": every}).status_code == 403
    )
    assert list(group.permissions.order_by("pk")) == before
    me = User.objects.get(email="admin@example.com")
    save(client, f"/admin/customers/user/{me.pk}/change/", {"is_superuser": "on", "is_staff": "on", "is_active": "on"})
    assert User.objects.get(pk=me.pk).is_superuser is False
    page = client.get(f"/admin/providers/provider/{store.provider.pk}/change/").content.decode()
    assert 'name="key"' not in page


def test_who_sees_the_panel_as_a_customer_does_and_reads_their_statement(roles: None, store: Store) -> None:
    for role in ROLES:
        client = member(role)
        page = client.get(f"/admin/customers/user/{store.customer.pk}/change/").content.decode()
        for link in ("/admin/wallet/account/statement/", "/staff/orders/?customer="):
            assert f"{link}{store.customer.pk}" in page
        statement = client.get(f"/admin/wallet/account/statement/{store.customer.pk}/").content.decode()
        assert ("Credit" in statement, "$100.00" in statement) == (True, True)
        assert (f"/staff/see-as/{store.customer.pk}/" in page) is (role != READ_ONLY)
        begun = client.post(f"/staff/see-as/{store.customer.pk}/").status_code
        assert begun == (403 if role == READ_ONLY else 302)
    stranger = User.objects.create_user("stranger@example.com", is_staff=True)
    client = Client()
    client.force_login(stranger)
    assert client.get(f"/admin/wallet/account/statement/{store.customer.pk}/").status_code == 403


def test_customers_and_strangers_have_no_part_in_it(roles: None, store: Store) -> None:
    customer = Client()
    customer.force_login(store.customer)
    for path in PAGES:
        url = path.format(provider=store.provider.pk, category=store.service().category_id, order=1)
        assert customer.get(url).status_code == (302 if path.startswith("/admin/") else 404)
        assert Client().get(url).status_code == 302


def test_setting_up_again_brings_roles_back_in_line_and_leaves_other_groups(roles: None) -> None:
    own = Group.objects.create(name="Interns")
    group = Group.objects.get(name=READ_ONLY)
    right = set(group.permissions.values_list("codename", flat=True))
    assert right
    assert all(name.startswith("view_") for name in right)
    group.permissions.set(Permission.objects.all())
    call_command("set_up_roles", "--json")
    assert set(group.permissions.values_list("codename", flat=True)) == right
    assert own.permissions.count() == 0


@pytest.mark.parametrize("path", ["/staff/", "/staff/doubtful/", "/admin/", "/admin/orders/order/"])
def test_without_a_second_factor_staff_are_led_to_set_it_up(path: str, store: Store, settings: Any) -> None:
    settings.STAFF_TWO_FACTOR = True
    boss = User.objects.create_superuser("boss@example.com", "correct horse battery")
    client = Client()
    client.force_login(boss)
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_index"))
    before = list(Order.objects.values())
    assert client.post(path, {}).status_code == 302
    assert list(Order.objects.values()) == before
    assert (
        "Set up two-factor authentication first. It&#x27;s required for staff pages."
        in client.get(reverse("mfa_index"), follow=True).content.decode()
    )
    assert client.get("/orders/").status_code == 200  # the customers' pages are open to them
    boss.authenticator_set.create(type="totp", data={"secret": "x"})
    assert client.get(path).status_code == 200


def test_where_the_shop_asks_a_second_factor_of_everybody_customers_are_led_to_it(store: Store, settings: Any) -> None:
    settings.CUSTOMER_TWO_FACTOR = True
    client = Client()
    assert client.get("/").status_code == 200
    client.force_login(store.customer)
    before = store.everything()
    for path in ("/orders/", "/wallet/", "/account/", "/order/"):
        assert (client.get(path)["Location"], client.post(path)["Location"]) == (reverse("mfa_index"),) * 2
    assert store.everything() == before
    assert (
        "Set up two-factor authentication first. It&#x27;s required for all accounts."
        in client.get(reverse("mfa_index"), follow=True).content.decode()
    )
    store.customer.authenticator_set.create(type="totp", data={"secret": "x"})
    assert client.get("/orders/").status_code == 200
