"""The machine with all that may go wrong around orders: its rules beside those of the orders themselves."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine.holds import REASONS
from tests.machine.machine import BOUGHT, DOUBTFUL, PICK, SAID, OrdersMachine
from tests.machine.receivers import PROGRAMS
from tests.machine.selling import Said
from tests.machine.upstream import REQUESTS

POLL = {"provider": "North", "seconds": 90, "silent": False, "broken": False}


class TroubledMachine(OrdersMachine):
    """One example: a shop of its own, in a transaction that is rolled back."""

    @rule(
        customer=st.sampled_from(["ada", "bob"]),
        service=st.sampled_from("12"),
        quantities=st.lists(st.sampled_from([100, 333]), min_size=1, max_size=3),
        token=st.sampled_from(["page", "next page"]),
        die=st.none() | st.integers(0, 4),
    )
    def mass(self, **given: Any) -> None:
        self.step("mass", **given)

    @rule(pick=PICK)
    def reorder(self, pick: int) -> None:
        if pk := self.one({"REJECTED", "CANCELED"}, pick, "refused"):
            self.step("form", customer="ada", service="2", quantity=100, token=f"ordered again:{pk}")
            self.step("reorder", pk=pk)

    @rule(pick=PICK, percent=st.sampled_from([1, 33, 50, 100]), own=st.booleans(), die=st.none() | st.integers(0, 2))
    def give_back(self, pick: int, percent: int, own: bool, die: int | None) -> None:
        if pk := self.one(BOUGHT, pick):
            self.step("give_back", pk=pk, percent=percent, own=own, die=die)

    @rule(pick=PICK, why=st.sampled_from(["held", "full"]))
    def submit_unsent(self, pick: int, why: str) -> None:
        if pk := self.one({"QUEUED"}, pick):
            self.step("submit_unsent", pk=pk, why=why)

    @rule(why=st.sampled_from(REASONS))
    def everything_in_safe_mode(self, why: str) -> None:
        self.step("everything_in_safe_mode", why=why)

    @rule(rate=st.sampled_from(["1.1", "1.3", "2"]))
    def exchange(self, rate: str) -> None:
        self.step("exchange", provider="South", rate=rate)

    @rule(pick=PICK, trips=st.sampled_from([0, 4, 50]))
    def outage(self, pick: int, trips: int) -> None:
        if pk := self.one({"QUEUED"}, pick):
            self.step("outage", pk=pk, trips=trips)

    @rule()
    def sweep_after_a_closure(self) -> None:
        self.step("sweep_after_a_closure")

    @rule(pick=PICK, said=SAID)
    def poll_ahead(self, pick: int, said: Said) -> None:
        """A poll while the clock is ahead, and one when it is right again."""
        if pk := self.one({"ACTIVE"}, pick):
            self.step("ahead", days=30, step="poll", given=POLL)
            self.step("reset_times")
            self.step("tell", pk=pk, said=said)
            self.step("poll", **POLL)

    @rule(pick=PICK, plan=st.sampled_from(["never", "funds", "key"]))
    def submit_through_a_hiccup(self, pick: int, plan: str) -> None:
        if pk := self.one({"QUEUED"}, pick):
            self.step("submit_through_a_hiccup", pk=pk, plan=plan)

    @rule(pick=PICK)
    def found_while_it_is_sent(self, pick: int) -> None:
        if pk := self.one({"QUEUED"}, pick):
            self.step("found_while_it_is_sent", pk=pk)

    @rule(plan=st.sampled_from(["lost", "never"]), pick=PICK)
    def probe_beside(self, plan: str, pick: int) -> None:
        if self.one(DOUBTFUL, pick, plan):
            self.step("wait", seconds=700)
            self.step("probe_beside", seconds=150)

    @rule(pick=PICK, seconds=st.sampled_from([4000, 90_000]), plan=st.sampled_from(REQUESTS))
    def request_in_trouble(self, pick: int, seconds: int, plan: str) -> None:
        if pk := self.one({"COMPLETED", "PARTIAL"}, pick):
            self.step("refill", pk=pk, seconds=seconds, broken=False, plan=plan)
        self.step("cancels", provider="North", broken=False, plan=plan)

    @rule(pick=PICK)
    def wear_out(self, pick: int) -> None:
        if pk := self.one({"ACTIVE"}, pick):
            self.step("wear_out", pk=pk)

    @rule(customer=st.sampled_from(["ada", "bob"]), address=st.integers(1, 3))
    def hook(self, customer: str, address: int) -> None:
        self.step("hook", customer=customer, address=address)

    @rule(plans=st.lists(st.sampled_from(PROGRAMS), max_size=4), seconds=st.sampled_from([1, 61, 1000, 90_000]))
    def deliver(self, plans: list[str], seconds: int) -> None:
        self.step("wait", seconds=seconds)
        self.step("deliver", programs={"ada": plans})

    @precondition(lambda self: "ada" in self.world.hooks)
    @rule(pick=PICK, is_test=st.booleans())
    def message_by_hand(self, pick: int, is_test: bool) -> None:
        if is_test:
            self.step("test_message", customer="ada")
        else:
            self.step("message_again", customer="ada", pick=pick)
