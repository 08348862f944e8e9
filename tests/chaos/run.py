"""One chaos run from the beginning to its verdict: `python -m tests.chaos.run`, which `make chaos` and the tests start.

Exit status 0 when all three books agree to the millionth, 1 with every difference otherwise.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.offspring import follow_parent
from tests.chaos.plan import read_plan
from tests.chaos.services import World, started_world
from tests.chaos.watch import Watch, watching
from tests.process.processes import ROOT, ask, wait_until

if TYPE_CHECKING:  # they import models, which can only be once there is a database
    from tests.chaos.customers import Customers
    from tests.chaos.killer import Killer
    from tests.chaos.shop import Shop
    from tests.chaos.staff import Staff
    from tests.chaos.verdict import Outcome

MOST_WAITING = 200
"""Customers pause while more orders than that wait to be sent."""
OPEN = ("QUEUED", "SENDING", "UNCONFIRMED", "ACTIVE")


def main() -> int:
    follow_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("stopped"))
    plan = read_plan(sys.argv[1:])
    folder = Path(tempfile.mkdtemp(prefix="panel-chaos."))
    print(f"chaos: seed {plan.seed}, commit {_commit()}, {plan.orders} orders, {plan.kills} kills, ", end="")
    print(
        f"{plan.faults:.0%} faults, on {'SQLite' if plan.is_sqlite else 'PostgreSQL and Redis'}, logs in {folder}",
        flush=True,
    )
    begun = time.monotonic()
    try:
        with started_world(plan, folder) as world:
            outcome = _live_through(world)
    finally:
        if not plan.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(outcome.lines))
    print(f"wall time {time.monotonic() - begun:.0f} s")
    for category, texts in outcome.faults.items():
        print(f"{category}: {len(texts)}", *texts[:20], sep="\n  ")
    print(f"FAULTS {sum(map(len, outcome.faults.values()))}", flush=True)
    return 1 if outcome.faults else 0


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _live_through(world: World) -> Outcome:
    """The shop opens, the panel starts, and then everything happens at once."""
    os.environ.update(world.env, LOG_LEVEL="CRITICAL")
    import django

    django.setup()
    from tests.chaos.shop import open_shop

    shop = open_shop(world)
    for part in world.parts:
        world.start(part)
    wait_until(lambda: ask(f"{world.site}/healthz/web")[0] == 200, of=world.parts[0].process)
    with watching(world.env, world.folder / "checker.log") as watch:
        return _play(world, shop, watch)


def _play(world: World, shop: Shop, watch: Watch) -> Outcome:
    """Calm, chaos, calm; then the verdict."""
    from tests.chaos.customers import Customers
    from tests.chaos.killer import Killer
    from tests.chaos.staff import Staff
    from tests.chaos.verdict import Run, judge_run
    from tests.chaos.whims import Whims

    staff, whims, killer = Staff(shop.staff, world), Whims(world), Killer(world)
    customers = Customers(
        shop=shop,
        site=world.site,
        orders=world.plan.orders,
        rate=world.plan.rate,
        seed=world.plan.seed,
        may_order=lambda: watch.latest_states().get("QUEUED", 0) < MOST_WAITING,
    )
    customers.sign_in()
    staff.sign_in()
    customers.warm_up()
    _tend_until(world, lambda: not _open_orders(("QUEUED", "SENDING")), seconds=120)
    _set_faults(world)
    for actor in (customers, staff, whims):
        actor.start()
    _rage(world, customers, killer, watch)
    whims.stop()
    played = _end_faults(world)
    _tell("the end", watch)
    is_drained = _drain(world, staff)
    staff.stop()
    run = Run(customers.book, watch, killer.done, staff.verdicts, len(whims.changed), played, is_drained)
    return judge_run(world=world, shop=shop, run=run)


def _rage(world: World, customers: Customers, killer: Killer, watch: Watch) -> None:
    """Until all wishes are answered and all kills are done."""
    told_at = time.monotonic()
    while not customers.are_done or killer.left:
        world.tend()
        killer.tick(1.0 if customers.are_done else customers.progress)
        if time.monotonic() - told_at > 15:
            told_at = time.monotonic()
            _tell(f"{customers.progress:.0%}, {killer.done.total()} blows", watch)
        time.sleep(0.1)
    killer.end()


def _tell(how_far: str, watch: Watch) -> None:
    states = ", ".join(f"{state} {count}" for state, count in sorted(watch.latest_states().items()))
    print(f"  {how_far}: {states}", flush=True)


def _set_faults(world: World) -> None:
    from tests.chaos.faults import shares

    for simulator in world.simulators.values():
        simulator.call("set_faults", shares=shares(world.plan.faults))


def _end_faults(world: World) -> dict[str, int]:
    """From now on the providers are honest; what they played until here."""
    played: dict[str, int] = {}
    for simulator in world.simulators.values():
        simulator.call("set_faults", shares={})
        for name, count in simulator.call("played").items():
            played[name] = played.get(name, 0) + count
    return played


def _drain(world: World, staff: Staff) -> bool:
    """Everything comes to its end, and is asked about once more; False where something did not."""
    from django.core.management import call_command

    is_drained = _tend_until(world, lambda: not _open_orders(OPEN) and not staff.has_work(), seconds=world.plan.drain)
    call_command("poll_orders", all=True, stdout=open(os.devnull, "w"))  # noqa: SIM115
    return is_drained


def _tend_until(world: World, condition: Callable[[], bool], *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        world.tend()
        time.sleep(0.5)
    return True


def _open_orders(states: tuple[str, ...]) -> int:
    from orders.models import Order
    from tests.chaos.asking import asked

    return asked(lambda: Order.objects.filter(state__in=states).count())


if __name__ == "__main__":
    sys.exit(main())
