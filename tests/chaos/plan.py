"""What a run is: how many orders, kills and faults, on what, and how far the product's durations are compressed."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

SHORT = 500
"""Runs of fewer orders are compressed further, so that one fits into the test suite."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. Times are in seconds; everything that is drawn follows `seed`."""

    orders: int
    kills: int
    faults: float
    seed: int
    rate: float
    is_sqlite: bool
    is_naive: bool
    keep: bool

    @property
    def is_short(self) -> bool:
        return self.orders < SHORT

    @property
    def providers(self) -> tuple[str, ...]:
        """More for a long run: of each one doubt is looked into at a time."""
        return ("North", "South") if self.is_short else ("North", "South", "East", "West")

    @property
    def customers(self) -> int:
        return 6 if self.is_short else 12

    @property
    def longest_pause(self) -> int:
        """How long a process is stopped at most. Beyond the time to settle nothing could tell what it still sends."""
        return 6 if self.is_short else 40

    @property
    def add_deadline(self) -> int:
        return 3

    @property
    def lease(self) -> int:
        return 6

    @property
    def late(self) -> int:
        """When an order appears whose `add` was hung up on: after our deadline and before the time to settle."""
        return self.add_deadline + 1

    @property
    def settle(self) -> int:
        return self.longest_pause + 5

    @property
    def order_seconds(self) -> int:
        return self.settle

    @property
    def drain(self) -> int:
        """How long the end may take, once nothing fails any more."""
        return 240 if self.is_short else 600

    def settings(self) -> dict[str, str]:
        """The product's durations, and what the harness's own app reads (tests/chaos/apps.py)."""
        numbers = {
            "SYNC_SECONDS": 20,
            "POLL_SECONDS": 2,
            "REFILL_SECONDS": 5,
            "REFILL_WAIT_SECONDS": 0,
            "CANCEL_SECONDS": 3,
            "BALANCE_SECONDS": 2,
            "SWEEP_SECONDS": 1,
            "PROBE_SECONDS": 1,
            "UNMATCHED_SECONDS": 15,
            "WEBHOOK_SECONDS": 60,
            "SETTLE_SECONDS": self.settle,
            "LEASE_SECONDS": self.lease,
            "ADD_DEADLINE_SECONDS": self.add_deadline,
            "LINK_BUSY_SECONDS": 10,
            "API_CALLS_PER_10_SECONDS": 0,
            "API_ADD_PER_10_SECONDS": 0,
            "API_SERVICES_PER_MINUTE": 0,
        }
        placer = {"CHAOS_PLACER": "naive"} if self.is_naive else {}
        return {name: str(number) for name, number in numbers.items()} | placer


def read_plan(argv: Sequence[str]) -> Plan:
    """The plan that the command line asks for; without anything, the full run."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--orders", type=int, help="how many orders customers wish for (10,000; with --sqlite 1,000)")
    parser.add_argument(
        "--kills", type=int, help="how many kill -9 (50; with --sqlite 20); pauses and more come on top"
    )
    parser.add_argument("--faults", type=float, default=0.25, help="the part of the provider's answers that are faulty")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=12, help="orders a second at most")
    parser.add_argument("--sqlite", action="store_true", help="the one-process default on SQLite, without Redis")
    parser.add_argument("--naive", action="store_true", help="the control: a placer as others have it, to be caught")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs and the databases")
    given = parser.parse_args(argv)
    return Plan(
        orders=given.orders or (1_000 if given.sqlite else 10_000),
        kills=given.kills if given.kills is not None else (20 if given.sqlite else 50),
        faults=given.faults,
        seed=given.seed,
        rate=given.rate,
        is_sqlite=given.sqlite,
        is_naive=given.naive,
        keep=given.keep,
    )
