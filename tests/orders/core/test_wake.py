"""The wake-up: it reaches the panel's own broker from any thread, and its failure costs nobody anything."""

import threading

import pytest
from django.db import connections

from orders.models import Order
from panel.celery import app
from panel.celery_settings import PLACING_QUEUE
from tests.fixtures_orders import Store


@pytest.mark.django_db(transaction=True)
def test_a_placed_order_wakes_a_worker_from_any_thread(store: Store) -> None:
    def place() -> None:
        store.place()
        connections.close_all()

    thread = threading.Thread(target=place)
    with app.connection() as connection, connection.SimpleQueue(PLACING_QUEUE) as queue:
        queue.clear()
        thread.start()
        thread.join()
        message = queue.get(timeout=2)
        message.ack()

    assert message.headers["task"] == "orders.tasks.submit_order"
    assert message.payload[0] == [Order.objects.get().pk]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_fails_leaves_the_order_placed(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("the broker is away")

    monkeypatch.setattr(app, "send_task", fail)

    assert store.place().state == "QUEUED"
    assert "wake-up lost" in caplog.text
