"""A service that the provider refuses to sell goes off the shelf, and stays off until a person has looked."""

from django.utils import timezone

from providers.catalog.publishing.publish import reprice
from providers.catalog.review.pending_review import confirm_services
from tests.fixtures_orders import Store


def test_a_refused_service_stays_off_sale(store: Store) -> None:
    store.simulator.next("add", "service_gone")
    store.active()
    service = store.service()
    assert (service.is_available, service.unavailable_reason) == (
        False,
        "The provider rejected the service. Needs review.",
    )

    reprice()
    assert store.service().is_available is False
    confirm_services(service_ids=[service.pk], actor="ann@example.com", now=timezone.now())
    assert store.service().is_available is True
