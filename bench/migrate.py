"""Migrating a shop of 1,000,000 orders and 2,000,000 transfers while others write: how long the longest write takes.

The tables are filled as they are now, brought back to what they were first, and migrated forward again.
"""

import os
import random
import threading
import time
from typing import Any

import psycopg
from django.core.management import call_command

from bench.figures import Figures, clock
from bench.seed import seed_orders
from bench.world import stub_url

ORDERS = 1_000_000
FIRST = {"reports": "zero", "orders": "0005", "wallet": "0003"}
LONGEST_WAIT_SECONDS = 1.0
PAUSE_SECONDS = 0.005


class Writer(threading.Thread):
    """Writes to an order and to the ledger all the time, as sales and polls do; `waits` has the seconds of each."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.waits: list[float] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
            while not self.is_over.wait(PAUSE_SECONDS):
                started = time.perf_counter()
                write(database, len(self.waits))
                self.waits.append(time.perf_counter() - started)


def write(database: psycopg.Connection[Any], number: int) -> None:
    """One order changes, and one transfer comes."""
    order = random.randint(1, ORDERS)
    with database.transaction():
        database.execute("UPDATE orders_order SET misses = misses WHERE id = %s", [order])
        database.execute(
            "INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)"
            " SELECT %s, source_id, target_id, 1, cause, '', now() FROM wallet_transfer WHERE id = %s",
            [f"bench:{number}", order],
        )


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    figures = Figures()
    seed_orders(count=ORDERS, url=stub_url(variant="same"))
    for app, name in FIRST.items():
        call_command("migrate", app, name, verbosity=0)
    writer = Writer()
    writer.start()
    seconds = clock(lambda: call_command("migrate", verbosity=0))
    writer.is_over.set()
    writer.join()
    longest = max(writer.waits)
    figures.note(f"migrated in {seconds:.1f} s beside {len(writer.waits):,} writes; the longest took {longest:.2f} s")
    figures.holds(f"the longest within {LONGEST_WAIT_SECONDS:g} s", found=longest <= LONGEST_WAIT_SECONDS, wanted=True)
    figures.close()
