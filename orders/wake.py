"""The wake-up after a commit: a hint to a worker that an order waits. It can be lost; the sweep finds the order."""

import logging

from django.db import transaction

from panel.celery import app

log = logging.getLogger(__name__)


def wake_submit(*, order_id: int) -> None:
    """After the commit, ask a worker to submit the order. Never raises and never hangs the caller for long."""

    def send() -> None:
        try:
            app.send_task("orders.tasks.submit_order", args=[order_id], retry=False, ignore_result=True, expires=60)
        except Exception:  # whatever the broker's client raises, the order is safe and the customer is answered
            log.warning("wake-up lost", exc_info=True, extra={"order": order_id})

    transaction.on_commit(send, robust=True)
