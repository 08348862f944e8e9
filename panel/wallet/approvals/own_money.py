"""Nobody acts on their own money, whatever their role: the rule for all by which a person moves a customer's money.

Called by every function that adjusts a balance, credits a deposit or refunds an order by hand, and by the admin of
customers' discounts and rates. Not by what customers may do themselves (such as canceling an order that was not sent),
nor by automatic refunds. A command is run by a user of the operating system, who is no member of staff: it is let pass.
"""

from allauth.account.models import EmailAddress
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.web.access import Actor


class OwnMoneyError(Exception):
    """The person acts on their own account; nothing was changed. The message is for the person."""

    def __init__(self) -> None:
        text = _("You can't change the balance, refunds or prices of your own account. Ask another member of staff.")
        super().__init__(text)


def refuse_own_money(*, actor: str, customer: User) -> None:
    """Raises OwnMoneyError where `actor` is this customer."""
    if is_same_person(actor=actor, customer=customer):
        raise OwnMoneyError


def is_same_person(*, actor: str, customer: User) -> bool:
    """Whether they are one user. Where `actor` is a name alone, each email address of the customer counts."""
    if isinstance(actor, Actor) and actor.user_id is not None:
        return actor.user_id == customer.pk
    name = actor.strip().casefold()
    stored = User.objects.filter(pk=customer.pk, email__iexact=name)
    return (
        name == customer.email.casefold()
        or stored.exists()
        or EmailAddress.objects.filter(user=customer.pk, email__iexact=name).exists()
    )
