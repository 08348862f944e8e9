"""The wake-up after a commit tells a worker that an order waits. It may be lost; the sweep finds the order then."""

from panel.ops.wake import wake


def wake_submit(*, order_id: int) -> None:
    """After the commit, ask a worker to submit the order. Never raises and never hangs the caller for long."""
    wake(task="orders.tasks.submit_order", args=[order_id], about={"order": order_id})
