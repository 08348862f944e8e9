"""What members of staff may do, by role.

The roles are groups; the command `set_up_roles` brings their permissions in line with this table. A superuser may do
all, and alone sees providers' addresses, changes their keys, makes staff and gives roles. Support asks providers to
cancel and decides doubtful orders; giving money of a sent order back is a permission of its own (refund_order).
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

APPS = ("orders", "webhooks", "reports", "providers", "catalog", "wallet", "customers", "ops", "account", "mfa")
"""Whose records staff see."""
SEEN_BY_SUPPORT = (
    "orders.order", "orders.attempt", "orders.orderevent", "orders.probe", "orders.refill", "orders.cancellation",
    "webhooks.webhook", "webhooks.delivery", "wallet.account", "wallet.transfer", "wallet.topup",
    "wallet.approvalrequest",
    "customers.user", "customers.apikey", "account.emailaddress", "ops.alert",
)  # fmt: skip
SEE_AS = "customers.view_as_user"
"""Seeing the panel as a customer does: more than looking at records, whatever its name begins with."""
DONE_BY_SUPPORT = (
    "orders.change_order", "customers.change_user", "customers.change_apikey", "ops.change_alert", SEE_AS,
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
    looking = ours & Q(codename__startswith="view_") & ~_named([SEE_AS])
    match role:
        case "Admin":
            return ours
        case "Manager":
            return looking | _named(DONE_BY_MANAGERS)
        case "Support":
            seen = (f"{app}.view_{model}" for app, model in (name.split(".") for name in SEEN_BY_SUPPORT))
            return _named([*seen, *DONE_BY_SUPPORT])
        case "Read-only":
            return looking
    raise ValueError(f"There is no role {role}.")


def set_up_roles() -> dict[str, int]:
    """Make the roles, or bring them in line; how many permissions each has. Other groups are left alone."""
    found = {}
    with transaction.atomic():
        for role in (ADMIN, MANAGER, SUPPORT, READ_ONLY):
            group, _ = Group.objects.get_or_create(name=role)
            permissions = list(Permission.objects.filter(role_permissions(role)))
            group.permissions.set(permissions)
            found[role] = len(permissions)
    return found


def _named(names: Iterable[str]) -> Q:
    wanted = Q(pk=None)
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return wanted
