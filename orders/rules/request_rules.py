"""When a refill or a cancel may be asked for: one rule each, with its reason and its date. Pure.

Every door asks here: the order's page, the lists, the API, the commands. The words are the customer's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orders.rules.states import FINAL, State
from panel.lib.future_times import is_future


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is empty where it may be done; `possible_from` is when it will be, where that is known."""

    reason: str = ""
    possible_from: datetime | None = None

    @property
    def is_possible(self) -> bool:
        return not self.reason

    @property
    def text(self) -> str:
        """The reason and the date, for doors without a clock of their own; empty where it may be done."""
        return f"{self.reason} It is possible from {_day(self.possible_from)}." if self.possible_from else self.reason


@dataclass(frozen=True, slots=True)
class RefillFacts:
    """What the rule looks at. `days` is the service's window, None where none is known."""

    state: State
    is_offered: bool
    days: int | None
    finished_at: datetime | None
    has_open: bool
    last_at: datetime | None
    """When the last refill was asked for."""


@dataclass(frozen=True, slots=True)
class CancelFacts:
    """What the rule looks at."""

    state: State
    is_offered: bool
    has_open: bool
    refused_at: datetime | None
    """When a request was refused last."""


def may_refill(facts: RefillFacts, *, now: datetime, wait: timedelta) -> Verdict:
    """A finished order is refilled within the service's window, one at a time, `wait` after the last was asked for."""
    if not facts.is_offered:
        return Verdict("This order cannot be refilled: its service has no refills.")
    if facts.state not in FINAL:
        return Verdict("This order can be refilled once it is delivered.")
    if facts.state not in {State.COMPLETED, State.PARTIAL}:
        return Verdict("This order cannot be refilled: nothing was delivered.")
    if facts.has_open:
        return Verdict("A refill of this order is under way already.")
    ends_at = None if facts.days is None or facts.finished_at is None else facts.finished_at + timedelta(facts.days)
    if ends_at and now >= ends_at:
        return Verdict(f"This order could be refilled for {_count(facts.days or 0)}, until {_day(ends_at)}.")
    possible_from = _wait_from(facts.last_at, wait, now)
    if possible_from <= now:
        return Verdict()
    if ends_at and possible_from >= ends_at:
        return Verdict(f"This order was refilled lately, and could be until {_day(ends_at)}.")
    return Verdict("A refill of this order was asked for lately.", possible_from)


def may_cancel(facts: CancelFacts, *, now: datetime, wait: timedelta) -> Verdict:
    """An order that waits is canceled at once; a sent one where its service allows it, `wait` after a refusal."""
    if facts.state == State.QUEUED:
        return Verdict()
    if facts.state in FINAL:
        return Verdict("This order has ended already.")
    if not facts.is_offered:
        return Verdict("This order has been sent, and its service cannot be canceled after that.")
    if facts.has_open:
        return Verdict("This order's cancel is asked for already.")
    possible_from = _wait_from(facts.refused_at, wait, now)
    if possible_from > now:
        return Verdict("This order's cancel was refused lately.", possible_from)
    return Verdict()


def _wait_from(moment: datetime | None, wait: timedelta, now: datetime) -> datetime:
    """When the wait is over that began at that moment; now where there was none, or only one of a clock ahead."""
    return now if moment is None or is_future(moment, now=now) else moment + wait


def _count(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _day(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" if at else ""
