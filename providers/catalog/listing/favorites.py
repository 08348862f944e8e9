"""The services that a customer marked as favorites. Called by the price list and the order page."""

from django.db import transaction
from django.utils.translation import gettext as _

from panel.customers.models import User
from providers.catalog.listing.service_list import FOR_SALE
from providers.catalog.models import Favourite, Service

MAX_FAVORITES = 200


class TooManyFavouritesError(Exception):
    """The customer has the maximum number of favorites; nothing was added. The message is for people."""


def favourite_ids(*, customer: User) -> set[int]:
    """The IDs of the customer's favorites, also of services that are no longer for sale. One query."""
    return set(Favourite.objects.filter(customer=customer).values_list("service_id", flat=True)[:MAX_FAVORITES])


def favourites_off_sale(*, service_ids: set[int]) -> list[tuple[int, str]]:
    """The ID and name of each of these services that cannot be ordered now."""
    services = Service.objects.filter(pk__in=service_ids).exclude(FOR_SALE).order_by("name", "pk")
    return list(services.values_list("pk", "name"))


def set_favourite(*, customer: User, service_id: int, is_favourite: bool) -> None:
    """Add the service to the favorites or remove it; a repeated call changes nothing. Raises TooManyFavouritesError."""
    if not is_favourite:
        Favourite.objects.filter(customer=customer, service_id=service_id).delete()
        return
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        mine = Favourite.objects.filter(customer=customer)
        if mine.filter(service=service_id).exists():
            return
        if mine.count() >= MAX_FAVORITES:
            raise TooManyFavouritesError(
                _("You have %(count)d favorites, which is the maximum. Remove one first.") % {"count": MAX_FAVORITES}
            )
        Favourite.objects.create(customer=customer, service_id=service_id)
