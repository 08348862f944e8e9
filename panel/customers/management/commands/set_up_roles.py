"""Makes the staff's roles, or brings their permissions in line with this version. Run after `migrate`."""

from typing import Any

from panel.customers.roles import set_up_roles
from panel.lib.commands import Answer, OperatorCommand, operator
from panel.ops import audit


class Command(OperatorCommand):
    help = "Make the staff's roles (Admin, Manager, Support, Read-only), or bring their permissions in line."

    def work(self, **options: Any) -> Answer:
        roles = set_up_roles()
        audit.record(actor=operator(), action="roles.set up", target="roles", detail={"permissions": roles})
        text = "\n".join(f"{name}: {count} permissions" for name, count in roles.items())
        return Answer(text=text, data={"roles": roles})
