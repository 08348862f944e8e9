"""When a customer may request a refill or a cancellation, and the reason where not. Pure.

Used by every entry point: the order's page, the lists, the API and the commands. The texts are for customers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.rules.states import FINAL, State
from panel.lib.future_times import is_future


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is possible. `reason` is empty where it is; `possible_from` is when it will be, if known."""

    reason: str = ""
    possible_from: datetime | None = None

    @property
    def is_possible(self) -> bool:
        return not self.reason

    @property
    def text(self) -> str:
        """The reason and the date in one text; empty where the request is possible."""
        if self.possible_from is None:
            return self.reason
        return _("%(reason)s Try again from %(date)s.") % {"reason": self.reason, "date": _day(self.possible_from)}


@dataclass(frozen=True, slots=True)
class RefillFacts:
    """What the rule for refills depends on. `days` is the service's refill period, None where it is unknown."""

    state: State
    is_offered: bool
    days: int | None
    finished_at: datetime | None
    has_open: bool
    last_at: datetime | None
    """When the last refill was requested."""


@dataclass(frozen=True, slots=True)
class CancelFacts:
    """What the rule for cancellations depends on."""

    state: State
    is_offered: bool
    has_open: bool
    refused_at: datetime | None
    """When a request was last rejected."""


def may_refill(facts: RefillFacts, *, now: datetime, wait: timedelta) -> Verdict:
    """A finished order can be refilled within the service's period, one refill at a time, `wait` after the last one."""
    if not facts.is_offered:
        return Verdict(_("Refills are not available for this service."))
    if facts.state not in FINAL:
        return Verdict(_("You can request a refill once the order is completed."))
    if facts.state not in {State.COMPLETED, State.PARTIAL}:
        return Verdict(_("This order cannot be refilled because nothing was delivered."))
    if facts.has_open:
        return Verdict(_("A refill is already in progress."))
    ends_at = None if facts.days is None or facts.finished_at is None else facts.finished_at + timedelta(facts.days)
    if ends_at and now >= ends_at:
        return Verdict(_period_ended(facts.days or 0, ends_at))
    possible_from = _wait_from(facts.last_at, wait, now)
    if possible_from <= now:
        return Verdict()
    if ends_at and possible_from >= ends_at:
        text = _("A refill was requested recently, and the refill period ends on %(date)s.")
        return Verdict(text % {"date": _day(ends_at)})
    return Verdict(_("A refill was requested recently."), possible_from)


def may_cancel(facts: CancelFacts, *, now: datetime, wait: timedelta) -> Verdict:
    """A queued order is canceled at once; a sent one where its service allows it, `wait` after a rejection."""
    if facts.state == State.QUEUED:
        return Verdict()
    if facts.state in FINAL:
        return Verdict(_("This order has already ended."))
    if not facts.is_offered:
        return Verdict(_("This order has already started, and this service cannot be canceled after that."))
    if facts.has_open:
        return Verdict(_("A cancellation was already requested."))
    possible_from = _wait_from(facts.refused_at, wait, now)
    if possible_from > now:
        return Verdict(_("The cancellation was rejected recently."), possible_from)
    return Verdict()


def _wait_from(moment: datetime | None, wait: timedelta, now: datetime) -> datetime:
    """When the wait after `moment` is over; now where there is no such moment, or it lies in the future."""
    return now if moment is None or is_future(moment, now=now) else moment + wait


def _period_ended(days: int, ends_at: datetime) -> str:
    text = ngettext(
        "The refill period of %(days)s day ended on %(date)s.",
        "The refill period of %(days)s days ended on %(date)s.",
        days,
    )
    return text % {"days": days, "date": _day(ends_at)}


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
