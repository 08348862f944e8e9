"""Finding a customer's orders: the word each is listed under."""

import itertools

from orders.models import Order
from orders.states import State, word_for_customer
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE

SAID = ("", "Pending", "Processing", "In progress", "Completed", "Something new")


def test_the_database_lists_an_order_under_the_word_that_customers_read(store: Store) -> None:
    """Every state with every word of the provider's."""
    for number, (state, said) in enumerate(itertools.product(State, SAID)):
        order = store.place(PLAIN_SERVICE, quantity="10")
        Order.objects.filter(pk=order.pk).update(state=state, provider_status=said, provider_order_id=f"x{number}")
    for state, said, listed_as in Order.objects.values_list("state", "provider_status", "listed_as"):
        assert listed_as == word_for_customer(state, said)
