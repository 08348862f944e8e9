"""Safe mode: after a restore from an older backup nothing is sold, sent, followed or refunded until it was compared.

The data directory, which no database backup brings back, remembers the highest attempt there ever was
(`high_water.py`). A database that ends before it is older than what was sent: its queued orders may have been bought
already. It is on, too, while that memory cannot be read or written, and while a person holds the panel. Everything
that would move an order's money or speak to a provider about orders asks here; `restore_search.py` looks for what was
bought, and a person ends it.
"""

import time
from dataclasses import dataclass, replace

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from orders.core import high_water
from orders.core.high_water import Mark, MarkError
from orders.models import Attempt, Order
from panel.ops import audit
from panel.ops.alerts.alerts import close_alert, raise_alert
from panel.ops.models import Alert

LOOK_SECONDS = 5
SUBJECT = "safe-mode"
SAID = gettext_noop(
    "We're doing maintenance. Orders can't be placed or changed right now. Your balance and orders are safe."
)
"""What customers are told."""
SAID_TO_STAFF = gettext_lazy(
    "Safe mode is on: until it ends, no order's money moves and no provider is asked about orders."
)


class UndecidedOrdersError(Exception):
    """Orders at a provider that nobody has decided about; safe mode goes on. The message is for the person."""


class HeldError(Exception):
    """A person holds the panel: nothing may be sent. The message is their reason."""


@dataclass(slots=True)
class _Looked:
    """What this process found last, and when."""

    is_on: bool = False
    at: float = -LOOK_SECONDS


_looked = _Looked()


def is_on() -> bool:
    """Whether safe mode is on; at most a few seconds old where it is not. For pages and jobs that ask often."""
    if _looked.is_on or time.monotonic() - _looked.at >= LOOK_SECONDS:
        return is_on_now()
    return False


def is_on_now() -> bool:
    """Whether safe mode is on at this moment. For what sends an order and what moves money by hand."""
    _looked.is_on, _looked.at = bool(why_it_is_on()), time.monotonic()
    return _looked.is_on


def forget_the_last_look() -> None:
    """Have the next question look again."""
    _looked.is_on, _looked.at = False, -LOOK_SECONDS


def why_it_is_on() -> str:
    """Why, for people; empty where it is off. A database without any order is a new one, and nothing can go wrong."""
    try:
        mark = high_water.read()
        if mark.held:
            return mark.held
        high_water.check_writable()
        newest = _newest_attempt()
        if newest >= mark.attempt or _began_anew():
            return ""
    except MarkError as problem:
        return str(problem)
    return (
        f"The database ends at attempt {newest}, and attempt {mark.attempt} was made: it was restored from an older "
        "backup. What was sent since then may be queued in it again."
    )


def raise_mark(*, attempt: int) -> None:
    """Remember this attempt; called when it is committed, before a byte of it is sent.

    Raises HeldError where a person holds the panel, which is seen here the moment they do, and MarkError where the
    attempt cannot be remembered. It must not be sent then.
    """
    with high_water.locked():
        mark = high_water.read()
        if mark.held:
            raise HeldError(mark.held)
        if attempt > mark.attempt:
            high_water.write(replace(mark, attempt=attempt))


def tell_staff() -> bool:
    """Whether it is on at this moment: then its alert is raised, else closed. Called by the sweep."""
    why = why_it_is_on()
    if why:
        raise_its_alert(reason=why)
    else:
        close_alert(subject=SUBJECT)
    return bool(why)


def raise_its_alert(*, reason: str) -> None:
    """Tell staff that nothing is sent, and why."""
    raise_alert(subject=SUBJECT, level=Alert.Level.CRITICAL, title=_("The panel is in safe mode"), detail=reason)


def hold(*, reason: str, actor: str) -> None:
    """Switch safe mode on by hand. Raises MarkError where that cannot be kept: it is on then because of that."""
    with high_water.locked():
        high_water.write(replace(high_water.read(), held=reason.strip() or "Held by a person."))
    audit.record(actor=actor, action="safe mode on", target="panel", detail={"reason": reason})
    forget_the_last_look()
    tell_staff()


def end(*, reason: str, actor: str, undecided: int) -> None:
    """A person has compared: orders go on, also after a damaged mark.

    Raises UndecidedOrdersError while an unmatched order waits for a decision, and MarkError where the end cannot be
    kept.
    """
    if undecided:
        raise UndecidedOrdersError(f"{undecided} orders that were found at providers wait for your decision.")
    was = why_it_is_on()
    with high_water.locked():
        high_water.write(Mark(_newest_attempt()))
    audit.record(actor=actor, action="safe mode off", target="panel", detail={"reason": reason, "was": was})
    close_alert(subject=SUBJECT)
    forget_the_last_look()


def _began_anew() -> bool:
    """Whether the database is a new one, for which the mark begins anew."""
    if Order.objects.exists():
        return False
    with high_water.locked():
        if Order.objects.exists():  # the first one, which may have been sent and remembered meanwhile
            return False
        high_water.write(Mark(held=high_water.read().held))
        return True


def _newest_attempt() -> int:
    return Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
