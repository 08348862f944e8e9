"""The services that a customer starred. Called by the price list and the order page."""

from django.db import transaction
from django.utils.translation import gettext as _

from panel.customers.models import User
from providers.catalog.listing.service_list import FOR_SALE
from providers.catalog.models import Favourite, Service

MOST = 200


class TooManyFavouritesError(Exception):
    """There are as many as there can be; nothing was added. The message is for people."""


def favourite_ids(*, customer: User) -> set[int]:
    """The services that the customer starred, also those that are no longer for sale; one query."""
    return set(Favourite.objects.filter(customer=customer).values_list("service_id", flat=True)[:MOST])


def favourites_off_sale(*, service_ids: set[int]) -> list[tuple[int, str]]:
    """The number and name of each of these that cannot be bought now."""
    services = Service.objects.filter(pk__in=service_ids).exclude(FOR_SALE).order_by("name", "pk")
    return list(services.values_list("pk", "name"))


def set_favourite(*, customer: User, service_id: int, is_favourite: bool) -> None:
    """Star the service, or take the star away; saying so twice changes nothing. Raises TooManyFavouritesError."""
    if not is_favourite:
        Favourite.objects.filter(customer=customer, service_id=service_id).delete()
        return
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        mine = Favourite.objects.filter(customer=customer)
        if mine.filter(service=service_id).exists():
            return
        if mine.count() >= MOST:
            raise TooManyFavouritesError(
                _("You have %(most)d favorites, the most there can be. Remove one first.") % {"most": MOST}
            )
        Favourite.objects.create(customer=customer, service_id=service_id)
