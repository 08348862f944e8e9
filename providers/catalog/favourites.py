"""The services that a customer starred. Called by the price list and the order page."""

from panel.customers.models import User
from providers.catalog.models import Favourite

MOST = 200


def favourite_ids(*, customer: User) -> set[int]:
    """The services that the customer starred; one query."""
    return set(Favourite.objects.filter(customer=customer).values_list("service_id", flat=True)[:MOST])


def set_favourite(*, customer: User, service_id: int, is_favourite: bool) -> None:
    """Star the service, or take the star away; saying so twice changes nothing."""
    mine = Favourite.objects.filter(customer=customer, service_id=service_id)
    if not is_favourite:
        mine.delete()
    elif Favourite.objects.filter(customer=customer).count() < MOST:
        Favourite.objects.bulk_create([Favourite(customer=customer, service_id=service_id)], ignore_conflicts=True)
