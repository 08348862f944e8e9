"""What must become of an order, told by a plain model of its own: whole millionths, no database, no code of the panel.

Each function gives the life that follows. It says the rules anew and differently, so that a fault has to be made twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

RUNNING = {"Pending", "Processing", "In progress", "Paused"}
FINAL = {"COMPLETED", "PARTIAL", "CANCELED", "REJECTED"}
DOUBTFUL = {"UNCONFIRMED", "REVIEW"}
LEASE = timedelta(seconds=90)
SKEW = timedelta(minutes=5)
REOPENED = "reopened by the provider"
UNTIL_ANSWERED = {
    "missing at the provider",
    "unknown status",
    "other currency",
    "odd remains",
    "partial without remains",
}
PRICE_TOO_LARGE = "price rose above the charge"
NOT_AS_SOLD = "service needs review or is gone"


@dataclass(frozen=True)
class Try:
    """One attempt to buy."""

    outcome: str | None
    provider: str
    at: datetime
    is_busy_link: bool = False


@dataclass(frozen=True)
class Life:
    """One order as it must stand. Amounts are in millionths; `is_orphan` once staff gave back what was bought."""

    pk: int
    tag: str
    customer: str
    service: str
    quantity: int
    charge: int
    provider: str
    expected: int
    queued_at: datetime
    state: str = "QUEUED"
    tries: tuple[Try, ...] = ()
    refunded: int = 0
    captured: int = 0
    cost: int = 0
    external: str | None = None
    attention: str = ""
    applied_at: datetime | None = None
    misses: int = 0
    missed_since: datetime | None = None
    was_running: bool = False
    """Whether what was heard of it last was that it goes on there."""
    heard: Any = None
    """The last answer that was about it: the same again says nothing new, though a person has seen to it since."""
    is_orphan: bool = False
    is_worn_out: bool = False
    """Whether its cost has changed so often that it changes no more."""

    @property
    def seen(self) -> tuple[Any, ...]:
        """What can be read from the database."""
        outcomes = tuple(one.outcome for one in self.tries)
        money = (self.charge, self.refunded, self.captured, self.cost, self.expected)
        return (self.state, *money, self.external, self.provider, outcomes, self.attention, self.applied_at)

    @property
    def held(self) -> int:
        return 0 if self.state in FINAL else self.charge - self.refunded

    @property
    def is_lease_over_at(self) -> datetime:
        return self.tries[-1].at + LEASE


def claimed(life: Life, *, expected: int, now: datetime) -> Life:
    tries = (*life.tries, Try(None, life.provider, now))
    return replace(_unflagged(life), state="SENDING", expected=expected, tries=tries)


def too_dear(life: Life, *, expected: int) -> Life:
    return replace(life, expected=expected, attention=PRICE_TOO_LARGE)


def _unflagged(life: Life) -> Life:
    """What was said of it while it waited is said no more once it is sent or over."""
    return replace(life, attention="") if life.attention in {PRICE_TOO_LARGE, NOT_AS_SOLD} else life


def not_as_sold(life: Life) -> Life:
    return replace(life, attention=NOT_AS_SOLD)


def passed_on(life: Life, *, provider: str, expected: int) -> Life:
    """Not sent, since its provider's service is in doubt, and another supplier's."""
    return replace(_unflagged(life), provider=provider, expected=expected)


def is_open(life: Life, number: int) -> bool:
    """Whether what becomes of this try still counts."""
    return life.tries[number].outcome in {None, "unknown"} and life.state in {"SENDING", *DOUBTFUL}


def closed(life: Life, number: int, outcome: str, *, is_busy_link: bool = False) -> Life:
    tries = list(life.tries)
    tries[number] = replace(tries[number], outcome=outcome, is_busy_link=is_busy_link)
    return replace(life, tries=tuple(tries))


def doubted(life: Life, number: int) -> Life:
    if life.state != "SENDING":
        return life
    return replace(closed(life, number, "unknown"), state="UNCONFIRMED")


def accepted(life: Life, number: int, external: str) -> Life:
    there = replace(closed(life, number, "placed"), state="ACTIVE", external=external, cost=life.expected)
    return replace(there, was_running=True)


def waiting(life: Life, number: int, *, is_busy_link: bool) -> Life:
    return replace(closed(life, number, "not placed", is_busy_link=is_busy_link), state="QUEUED")


def turned(life: Life, number: int, *, provider: str, expected: int) -> Life:
    """Refused, and another supplier's."""
    return passed_on(replace(closed(life, number, "refused"), state="QUEUED"), provider=provider, expected=expected)


def unwanted(life: Life, number: int, outcome: str, *, is_busy_link: bool = False) -> Life:
    """Nothing was bought, and its customer wants it no more."""
    return paid_back(closed(life, number, outcome, is_busy_link=is_busy_link), "CANCELED")


def refused(life: Life, number: int) -> Life:
    return paid_back(closed(life, number, "refused"), "REJECTED")


def paid_back(life: Life, state: str) -> Life:
    return replace(_unflagged(life), state=state, refunded=life.charge, captured=0)


def found_absent(life: Life, now: datetime) -> Life:
    return replace(closed(life, len(life.tries) - 1, "absent"), state="QUEUED", queued_at=now)


def answered(life: Life, answer: Any, *, asked_at: datetime, now: datetime) -> Life:
    """After an answer about it: an OrderStatus, or anything else for one that says nothing of it."""
    if life.applied_at is not None and asked_at <= life.applied_at <= now + SKEW:
        return life
    life = replace(life, applied_at=asked_at)
    if not hasattr(answer, "word"):
        return _missed(life, now)
    if answer.currency not in {"", "USD"}:
        return replace(life, attention="other currency")
    if life.attention in UNTIL_ANSWERED:
        life = replace(life, attention="")
    word, remains = str(answer.word), answer.remains
    was_running, life = life.was_running, replace(life, was_running=word in RUNNING, heard=answer)
    if not (word == "Partial" and remains is None):
        life = replace(life, misses=0, missed_since=None)
    if answer.charge is not None and (answer.charge or word in {"Partial", "Canceled"}):
        life = _costs(life, int(answer.charge.scaleb(6)))
    if word in RUNNING:
        return replace(life, attention=REOPENED) if life.state in FINAL and not was_running else life
    if word == "Completed" or (word == "Partial" and remains == 0):
        return _completed(life)
    if word == "Partial":
        return _partial(life, remains)
    if word == "Canceled":
        return life if life.state == "CANCELED" else paid_back(life, "CANCELED")
    return replace(life, attention="unknown status")


def _costs(life: Life, cost: int) -> Life:
    if life.is_worn_out and cost != life.cost:
        return replace(life, attention="cost changes without end")
    return replace(life, cost=cost)


def _missed(life: Life, now: datetime) -> Life:
    since = now if life.missed_since is None or life.missed_since > now + SKEW else life.missed_since
    life = replace(life, misses=life.misses + 1, missed_since=since)
    if life.misses >= 5 and now - since >= timedelta(hours=1):
        return replace(life, attention="missing at the provider")
    return life


def _completed(life: Life) -> Life:
    if life.state == "ACTIVE":
        return replace(life, state="COMPLETED", captured=life.charge - life.refunded)
    return life if life.state == "COMPLETED" else replace(life, attention=REOPENED)


def _partial(life: Life, remains: int | None) -> Life:
    if life.state == "CANCELED":
        return replace(life, attention=REOPENED)
    if remains is None:
        life = replace(life, misses=life.misses + 1)
        return replace(life, attention="partial without remains") if life.misses >= 3 else life
    if not 0 < remains <= life.quantity:
        return replace(life, attention="odd remains")
    back = life.charge * remains // life.quantity
    if life.state == "PARTIAL" and back <= life.refunded:
        return life
    back = max(back, life.refunded)
    return replace(life, state="PARTIAL", refunded=back, captured=life.charge - back)


def given_back(life: Life, target: int, remains: int, *, now: datetime) -> Life:
    """Staff gave so much of its money back in all, for so many that were not delivered."""
    state = "CANCELED" if remains == life.quantity else "PARTIAL"
    return replace(life, state=state, refunded=target, captured=life.charge - target, applied_at=now)


def brought_back(life: Life, now: datetime) -> Life:
    """After the times that only a clock which was ahead can have set were reset."""
    tries = tuple(
        replace(one, at=now) if one.outcome in {None, "unknown"} and one.at > now + SKEW else one for one in life.tries
    )
    is_ahead = life.state == "QUEUED" and life.queued_at > now + SKEW
    return replace(life, tries=tries, queued_at=now if is_ahead else life.queued_at)


def in_review(life: Life) -> Life:
    return replace(life, state="REVIEW")


def orphaned(life: Life) -> Life:
    """Staff gave the money back whatever became of it there."""
    return replace(life, is_orphan=True)
