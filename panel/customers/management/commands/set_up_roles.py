"""Creates or updates the staff roles and their permissions. Run after `migrate`."""

from typing import Any

from django.utils.translation import gettext as _

from panel.customers.roles import set_up_roles
from panel.lib.commands import Answer, OperatorCommand, operator
from panel.ops import audit


class Command(OperatorCommand):
    help = "Create or update the staff roles (Admin, Manager, Support, Read-only) and their permissions."

    def work(self, **options: Any) -> Answer:
        roles = set_up_roles()
        audit.record(actor=operator(), action="roles.set up", target="roles", detail={"permissions": roles})
        text = "\n".join(
            _("%(role)s: %(count)d permissions") % {"role": name, "count": count} for name, count in roles.items()
        )
        return Answer(text=text, data={"roles": roles})
