"""The permissions of each staff role.

The roles are groups; the command `set_up_roles` updates their permissions to this table. Superusers can do everything.
Only they see providers' URLs, change providers' keys, create staff and assign roles. Support asks providers to cancel
and decides unconfirmed orders; refunding a sent order is a separate permission (refund_order).
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

APPS = ("orders", "webhooks", "reports", "providers", "catalog", "wallet", "customers", "ops", "account", "mfa")
"""The apps whose records staff can see."""
VIEWED_BY_SUPPORT = (
    "orders.order", "orders.attempt", "orders.orderevent", "orders.probe", "orders.refill", "orders.cancellation",
    "webhooks.webhook", "webhooks.delivery", "wallet.account", "wallet.transfer", "wallet.topup",
    "wallet.approvalrequest",
    "customers.user", "customers.apikey", "account.emailaddress", "ops.alert",
)  # fmt: skip
VIEW_AS_CUSTOMER = "customers.view_as_user"
"""Viewing the panel as a customer. Not part of the view permissions, although its name begins with view."""
DONE_BY_SUPPORT = (
    "orders.change_order", "customers.change_user", "customers.change_apikey", "ops.change_alert", VIEW_AS_CUSTOMER,
)  # fmt: skip
DONE_BY_MANAGERS = (
    *DONE_BY_SUPPORT,
    "orders.refund_order",
    "catalog.add_category", "catalog.change_category", "catalog.change_service",
    "catalog.add_markup", "catalog.change_markup", "catalog.delete_markup",
    "catalog.add_backup", "catalog.change_backup", "catalog.delete_backup",
    "catalog.add_customerterms", "catalog.change_customerterms",
    "catalog.add_customerrate", "catalog.change_customerrate", "catalog.delete_customerrate",
    "ops.change_jobrun", "providers.change_provider", "wallet.add_transfer", "wallet.change_topup",
    "wallet.add_paymentmethod", "wallet.change_paymentmethod", "customers.add_user",
)  # fmt: skip
ADMIN, MANAGER, SUPPORT, READ_ONLY = "Admin", "Manager", "Support", "Read-only"


def role_permissions(role: str) -> Q:
    """The condition for the permissions of a role."""
    ours = Q(content_type__app_label__in=APPS)
    view_all = ours & Q(codename__startswith="view_") & ~_named([VIEW_AS_CUSTOMER])
    match role:
        case "Admin":
            return ours
        case "Manager":
            return view_all | _named(DONE_BY_MANAGERS)
        case "Support":
            seen = (f"{app}.view_{model}" for app, model in (name.split(".") for name in VIEWED_BY_SUPPORT))
            return _named([*seen, *DONE_BY_SUPPORT])
        case "Read-only":
            return view_all
    raise ValueError(f"There is no role {role}.")


def set_up_roles() -> dict[str, int]:
    """Create or update the roles; returns the number of permissions of each. Other groups are not changed."""
    counts = {}
    with transaction.atomic():
        for role in (ADMIN, MANAGER, SUPPORT, READ_ONLY):
            group, _ = Group.objects.get_or_create(name=role)
            permissions = list(Permission.objects.filter(role_permissions(role)))
            group.permissions.set(permissions)
            counts[role] = len(permissions)
    return counts


def _named(names: Iterable[str]) -> Q:
    condition = Q(pk=None)
    for name in names:
        app, codename = name.split(".")
        condition |= Q(content_type__app_label=app, codename=codename)
    return condition
