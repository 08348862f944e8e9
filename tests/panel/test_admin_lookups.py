"""No list of the admin can be asked for what it does not show: only declared filters are lookups, for every model."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from panel.customers.models import User
from panel.ops.admin_forms.base import filter_parameters

pytestmark = pytest.mark.django_db
LOOKUPS = ("", "__exact", "__startswith", "__regex", "__contains", "__gte", "__in", "__isnull", "__range", "__length")
ADMINS = sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def paths(model: type[Model]) -> Iterator[str]:
    """Every field of the model, and every field of what it points to or what points to it."""
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation and field.related_model:
            related: Any = field.related_model
            yield from (f"{field.name}__{other.name}" for other in related._meta.get_fields())


@pytest.mark.parametrize(("model", "model_admin"), ADMINS, ids=lambda one: getattr(one, "__name__", ""))
def test_only_what_is_declared_is_a_lookup(model: type[Model], model_admin: Any) -> None:
    declared = {name for entry in model_admin.list_filter for name in filter_parameters(model, entry)}
    allowed = {
        f"{path}{end}"
        for path in paths(model)
        for end in LOOKUPS
        if model_admin.lookup_allowed(f"{path}{end}", "x", None)
    }
    assert allowed <= declared


@pytest.mark.parametrize(("model", "model_admin"), ADMINS, ids=lambda one: getattr(one, "__name__", ""))
def test_the_list_refuses_hidden_fields_and_orders_by_its_columns_alone(
    client: Client, model: type[Model], model_admin: Any
) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for field in model._meta.concrete_fields:
        for end in ("__regex", "__startswith"):
            assert client.get(address, {f"{field.name}{end}": "a"}).status_code == 400, field.name
    shown = {str(column) for column in model_admin.list_display}
    sealed = {"password", "digest", "sealed_key", "sealed_secret", "data", "client_token", "session_key"}
    assert not shown & sealed
    for order in ("password", "-sealed_key", "99", "1.-2.password"):
        assert client.get(address, {"o": order}).status_code in {200, 302}


def test_the_secrets_of_the_report_are_out_of_reach(client: Client) -> None:
    for address in (
        "/admin/customers/user/?password__regex=^pbkdf2",
        "/admin/providers/provider/?sealed_key__startswith=v1",
        "/admin/customers/apikey/?digest__startswith=a",
        "/admin/webhooks/webhook/?sealed_secret__startswith=v1",
        "/admin/orders/order/?client_token__startswith=a",
        "/admin/mfa/authenticator/?data__contains=a",
        "/admin/customers/apikey/?customer__password__startswith=a",
        "/admin/wallet/account/?customer__password__regex=a",
    ):
        assert client.get(address).status_code == 400, address


def test_the_filters_that_are_shown_work(client: Client) -> None:
    for address in (
        "/admin/customers/user/?is_active__exact=1",
        "/admin/customers/user/?suspended_at__isempty=0",
        "/admin/orders/order/?state__exact=ACTIVE",
        "/admin/orders/order/?provider__id__exact=1",
        "/admin/orders/refill/?order__provider__id__exact=1",
        "/admin/catalog/service/?upstream__review_reason=price",
        "/admin/wallet/account/?kind=wallet",
    ):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize(("model", "model_admin"), ADMINS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_filter_with_a_nul_is_a_bad_request(client: Client, model: type[Model], model_admin: Any) -> None:
    """PostgreSQL would fail at it, and the page with it."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for entry in model_admin.list_filter:
        for name in filter_parameters(model, entry):
            assert client.get(url, {name: "a\x00b"}).status_code == 400
