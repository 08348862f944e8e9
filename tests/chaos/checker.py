"""Recounts the books over and over during a run, in a process of its own: `python -m tests.chaos.checker`.

A line of JSON a check. Where the database is away it waits; that is no difference.
"""

import json
import signal
import time
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Count, Min

from scripts.offspring import follow_parent

SHARE_OF_TIME = 0.25
"""Beyond a second, so much of the time at most is spent recounting: the machine is there for the panel."""


def main() -> None:
    follow_parent(signal.SIGTERM)
    import django

    django.setup()
    while True:
        begun = time.monotonic()
        try:
            said = _look()
        except DatabaseError as problem:
            connection.close()
            said = {"away": type(problem).__name__}
        took = time.monotonic() - begun
        print(json.dumps({**said, "at": time.time(), "took": round(took, 2)}), flush=True)
        time.sleep(max(1 - took, took * (1 / SHARE_OF_TIME - 1), 0.2))


def _look() -> dict[str, Any]:
    from orders.accounting.audit import audit_all
    from orders.models import Order
    from panel.wallet.models import Account

    lowest = Account.objects.filter(customer__isnull=False).aggregate(lowest=Min("balance"))["lowest"]
    differences = [*audit_all(), *([f"a wallet holds {lowest}"] if lowest < 0 else [])]
    states = dict(Order.objects.values_list("state").annotate(count=Count("pk")))
    return {"differences": differences, "states": states}


if __name__ == "__main__":
    main()
