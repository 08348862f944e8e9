"""Makes the staff's roles, or brings their permissions in line with this version. Run after `migrate`."""

from typing import Any

from panel.customers.roles import set_up_roles
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Make the staff's roles (Admin, Manager, Support, Read-only), or bring their permissions in line."

    def work(self, **options: Any) -> Answer:
        roles = set_up_roles()
        text = "\n".join(f"{name}: {count} permissions" for name, count in roles.items())
        return Answer(text=text, data={"roles": roles})
