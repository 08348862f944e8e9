"""A service that the provider refuses to sell goes off the shelf, and stays off until a person has looked."""

from providers.catalog.shelve import confirm_services, reprice
from tests.fixtures_orders import Store


def test_a_refused_service_stays_off_sale(store: Store) -> None:
    store.simulator.next("add", "service_gone")
    store.active()
    service = store.service()
    assert (service.is_available, service.unavailable_reason) == (False, "The provider refused to sell it: confirm it.")

    reprice()
    assert store.service().is_available is False
    confirm_services(service_ids=[service.pk])
    assert store.service().is_available is True
