"""The machine: whatever may happen to orders, in any order of happening, with workers dying in between.

It is guided: a step that needs an order in some state takes one that is, or brings one there first.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings as panel_settings
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orders.core import high_water, safe_mode
from tests.machine import checks
from tests.machine.receivers import Receivers
from tests.machine.selling import MISSING, UNKNOWN_ID, Said
from tests.machine.upstream import PLANS

QUANTITIES = st.sampled_from([1000, 777, 333, 1000])
DIE = st.none() | st.none() | st.integers(0, 9)
PICK = st.integers(0, 50)


def said(words: list[str], remains: list[int | None], charges: list[int | None], currency: str = "USD") -> Any:
    """Answers of these words; what remains and what it costs are in per cent."""
    drawn = (st.sampled_from(words), st.sampled_from(remains), st.sampled_from(charges), st.just(currency))
    return st.tuples(*drawn)


SAID: st.SearchStrategy[Said] = st.one_of(
    said(["Partial"], [1, 30, 33, 60, 90, 100, 0, None, -10, 120], [None, 0, 50, 100, 130]),
    said(["Completed"], [0, 0, 40, None], [None, 100, 90, 0]),
    said(["Canceled"], [100, None, 0], [None, 0, 100]),
    said(["In progress", "Pending", "Processing"], [100, 50, 2], [None, 0, 100]),
    said(["Unknown", "Failed", "Expired", "Paused"], [100, 50, None], [None]),
    said([MISSING, UNKNOWN_ID], [None], [None]),
    said(["Completed", "Canceled"], [0], [100], "EUR"),
)
DOUBTFUL = {"UNCONFIRMED", "REVIEW"}
BOUGHT = {"ACTIVE", "COMPLETED", "PARTIAL", "CANCELED"}


class OneExample:
    """A world of its own inside a transaction, which is rolled back; in there the panel's own are the outermost."""

    def __enter__(self) -> Receivers:
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        (Path(panel_settings.DATA_DIR) / high_water.FILE).unlink(missing_ok=True)  # of an earlier example's orders
        safe_mode.clear_cache()
        self.world = Receivers()
        return self.world

    def __exit__(self, *error: object) -> None:
        self.world.close()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)


class OrdersMachine(RuleBasedStateMachine):
    """One example: a shop of its own, in a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.block = OneExample()
        self.world = self.block.__enter__()
        self.done: list[Callable[[], Any]] = []

    def teardown(self) -> None:
        self.block.__exit__(None, None, None)

    def step(self, name: str, **given: Any) -> Any:
        """Take the step, and keep it for a repetition."""
        act = getattr(self.world, name)
        self.done.append(lambda: act(**given))
        return act(**given)

    def one(self, states: set[str], pick: int, plan: str = "placed") -> int:
        """An order in one of the states: one that is, or one that is brought there."""
        found = [pk for pk, life in sorted(self.world.lives.items()) if life.state in states]
        if found and pick % 4:
            return found[pick % len(found)]
        made = self.new(pick)
        if made and "QUEUED" not in states:
            self.step("submit", pk=made, plan=plan)
        return made or (found[0] if found else min(self.world.lives, default=0))

    def new(self, pick: int) -> int:
        customer, service = ["ada", "bob"][pick % 2], "12"[pick % 3 == 0]
        quantity = [777, 333, 1000][pick % 3]
        made: int = self.step("place", customer=customer, service=service, quantity=quantity, token=None)
        return made

    @initialize(pick=PICK)
    def begin(self, pick: int) -> None:
        self.one({"ACTIVE"}, pick)

    @rule(
        customer=st.sampled_from(["ada", "bob"]),
        service=st.sampled_from("112"),
        quantity=QUANTITIES,
        token=st.none() | st.sampled_from(["a", "b"]),
        die=DIE,
    )
    def place(self, **given: Any) -> None:
        self.step("place", **given)

    @rule(pick=PICK, plan=st.sampled_from(PLANS), die=DIE)
    def submit(self, pick: int, plan: str, die: int | None) -> None:
        if pk := self.one({"QUEUED"}, pick):
            self.step("submit", pk=pk, plan=plan, die=die)

    @rule(seconds=st.sampled_from([1, 20, 100, 700, 7300, 90_000]), plan=st.sampled_from(PLANS), die=DIE)
    def sweep(self, **given: Any) -> None:
        self.step("sweep", **given)

    @rule(pick=PICK, plan=st.sampled_from(PLANS), at=st.integers(0, 4), seconds=st.sampled_from([5, 100]))
    def die_sending(self, pick: int, plan: str, at: int, seconds: int) -> None:
        """A worker dies while it sends; the sweep comes, and then the answer, from one that was only slow."""
        if pk := self.one({"QUEUED"}, pick):
            self.step("submit", pk=pk, plan=plan, die=at)
            self.step("sweep", seconds=seconds, plan="placed")
            self.late(pick=pick)

    @rule(pick=PICK)
    def late(self, pick: int) -> None:
        if self.world.given:
            pk, number = sorted(self.world.given)[-1 - pick % len(self.world.given)]
            self.step("late", pk=pk, number=number)

    @rule(pick=PICK)
    def appear(self, pick: int) -> None:
        if pk := self.one(DOUBTFUL, pick, "late"):
            self.step("appear", pk=pk)

    @rule(
        pick=PICK,
        plan=st.sampled_from(["lost", "never", "late", "taken"]),
        verdict=st.sampled_from(["placed", "not placed", "money back", "own money", "taken", "foreign"]),
        seconds=st.sampled_from([1, 100]),
    )
    def decide(self, pick: int, plan: str, verdict: str, seconds: int) -> None:
        if pk := self.one(DOUBTFUL, pick, plan):
            self.world.time.shift(seconds)
            self.step("decide", pk=pk, verdict=verdict)

    @rule(
        pick=PICK,
        first=st.sampled_from(PLANS),
        verdict=st.sampled_from(["not placed", "placed"]),
        then=st.sampled_from(PLANS),
    )
    def decide_and_send(self, pick: int, first: str, verdict: str, then: str) -> None:
        """A doubt, a verdict, and another try."""
        if pk := self.one(DOUBTFUL, 0, "never"):
            self.step("wait", seconds=100)
            self.step("decide", pk=pk, verdict=verdict)
            self.step("submit", pk=pk, plan=first)
            self.step("wait", seconds=100)
            self.step("submit", pk=pk, plan=then)

    @rule(plan=st.sampled_from(["lost", "never"]), looks=st.integers(1, 4), is_silent=st.booleans(), pick=PICK)
    def probe(self, plan: str, looks: int, is_silent: bool, pick: int) -> None:
        """A doubt between two orders of ours, and looks for it."""
        self.step("wait", seconds=10)
        if pk := self.one(DOUBTFUL, pick, plan):
            self.step("wait", seconds=700)
            self.one({"ACTIVE"}, 4 * pick)
            for _ in range(looks):
                self.step("probe", seconds=150, is_silent=is_silent)
            self.step("decide", pk=pk, verdict="placed")

    @rule(pick=PICK, said=st.lists(SAID, min_size=1, max_size=3), minutes=st.sampled_from([0, 0, 0, 1, 60]), die=DIE)
    def answer(self, pick: int, said: list[Said], minutes: int, die: int | None) -> None:
        if pk := self.one(BOUGHT, pick):
            others = [pk, *(one for one, life in self.world.lives.items() if life.external and one != pk)]
            told = list(zip(others, said, strict=False))
            asked_at = self.world.now() - timedelta(minutes=minutes) + timedelta(seconds=1)
            self.step("answer", said=told, asked_at=asked_at, die=die)

    @rule(pick=PICK, said=st.lists(SAID, min_size=2, max_size=5), seconds=st.sampled_from([1, 1300]))
    def answers_one_after_the_other(self, pick: int, said: list[Said], seconds: int) -> None:
        """What a provider says of one order over time, sense or not."""
        if pk := self.one({"ACTIVE"}, pick):
            for told in said:
                self.world.time.shift(seconds)
                self.step("answer", said=[(pk, told)], asked_at=self.world.now())

    @rule(
        pick=PICK,
        said=SAID,
        provider=st.sampled_from(["North", "North", "South"]),
        seconds=st.sampled_from([1, 90, 4000]),
        silent=st.booleans(),
        broken=st.sampled_from([False, False, False, True]),
        die=DIE,
    )
    def poll(self, pick: int, said: Said, **given: Any) -> None:
        if pk := self.one(BOUGHT, pick):
            self.step("tell", pk=pk, said=said)
            self.step("poll", **given)

    @rule(pick=PICK, states=st.sampled_from([{"QUEUED"}, {"QUEUED"}, {"ACTIVE"}, DOUBTFUL, BOUGHT]), die=DIE)
    def cancel(self, pick: int, states: set[str], die: int | None) -> None:
        if pk := self.one(states, pick, "never" if states == DOUBTFUL else "placed"):
            self.step("cancel", pk=pk, die=die)

    @rule(pick=PICK, plan=st.sampled_from(["busy", "never", "lost"]))
    def cancel_what_is_sent_back(self, pick: int, plan: str) -> None:
        """A wish to cancel that was kept, and an order that comes back to be sent."""
        if pk := self.one({"QUEUED"}, pick):
            self.step("submit", pk=pk, plan=plan, die=3)
            self.step("cancel", pk=pk)
            self.late(pick=0)
            self.step("sweep", seconds=100, plan="placed")

    @rule(provider=st.sampled_from(["North", "South"]), broken=st.booleans(), die=DIE)
    def cancels(self, **given: Any) -> None:
        self.step("cancels", **given)

    @rule(pick=PICK, seconds=st.sampled_from([1, 4000, 90_000]), broken=st.booleans(), die=DIE)
    def refill(self, pick: int, **given: Any) -> None:
        if pk := self.one({"COMPLETED", "PARTIAL"}, pick):
            self.step("refill", pk=pk, **given)

    @rule(
        customer=st.sampled_from(["ada", "bob"]),
        token=st.sampled_from(["1", "2"]),
        dollars=st.integers(1, 2),
        goods=st.lists(st.booleans(), min_size=1, max_size=2),
        die=DIE,
    )
    def top_up(self, customer: str, token: str, dollars: int, goods: list[bool], die: int | None) -> None:
        pk = self.step("report_deposit", customer=customer, dollars=dollars, token=token)
        for is_good in goods:
            self.step("decide_top_up", pk=pk, dollars=dollars, is_good=is_good, die=die)

    @rule(provider=st.sampled_from(["North", "South"]), service=st.sampled_from("12"), number=st.integers(0, 2))
    def reprice(self, **given: Any) -> None:
        self.step("reprice", **given)

    @rule()
    def read_balances(self) -> None:
        self.step("read_balances")

    @rule(pick=PICK)
    def look_at(self, pick: int) -> None:
        if pk := self.one(BOUGHT, pick):
            self.step("look_at", pk=pk)

    @rule(seconds=st.sampled_from([10, 100, 4000]))
    def wait(self, seconds: int) -> None:
        self.step("wait", seconds=seconds)

    @rule(pick=st.integers(0, 200))
    def again(self, pick: int) -> None:
        """Any earlier call comes once more."""
        if self.done:
            self.done[-1 - pick % len(self.done)]()

    @invariant()
    def holds(self) -> None:
        checks.check_all(self.world)
