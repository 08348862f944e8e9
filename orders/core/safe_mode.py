"""Safe mode: nothing is sold, sent, polled or refunded until the database was compared with the providers.

After a restore from an older backup, queued orders in the database may have been placed already. The data directory,
which no database backup restores, keeps the highest attempt there ever was (`high_water.py`): a database that ends
before it is older than what was sent. Safe mode is also on while that file cannot be read or written, and while staff
switched it on. Everything that moves an order's money or asks a provider about orders checks it here.
`unconfirmed/restore_search.py` looks for what was placed since the backup, and staff switch safe mode off.
"""

import time
from dataclasses import dataclass, replace

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from orders.core import high_water
from orders.core.high_water import Mark, MarkError
from orders.models import Attempt, Order
from panel.ops import audit
from panel.ops.alerts.alerts import close_alert, raise_alert
from panel.ops.models import Alert

CACHE_SECONDS = 5
SUBJECT = "safe-mode"
CUSTOMER_NOTICE = gettext_noop(
    "We're doing maintenance. Orders can't be placed or changed right now. Your balance and orders are safe."
)
STAFF_NOTICE = gettext_lazy("Safe mode is on. Until it is off, no order's money moves and no provider is asked.")


class UndecidedOrdersError(Exception):
    """Unmatched provider orders still need a decision; safe mode stays on. The message is for staff."""


class SafeModeError(Exception):
    """Staff switched safe mode on: nothing may be sent. The message is their reason."""


@dataclass(slots=True)
class _Cache:
    """What this process read last, and when on the monotonic clock."""

    is_on: bool = False
    at: float = -CACHE_SECONDS


_cache = _Cache()


def is_on() -> bool:
    """Whether safe mode is on; where it is off, at most a few seconds old. For pages and jobs that ask often."""
    if _cache.is_on or time.monotonic() - _cache.at >= CACHE_SECONDS:
        return is_on_now()
    return False


def is_on_now() -> bool:
    """Whether safe mode is on at this moment. For what sends an order and what moves money by hand."""
    _cache.is_on, _cache.at = bool(current_reason()), time.monotonic()
    return _cache.is_on


def clear_cache() -> None:
    """Have the next question read everything again."""
    _cache.is_on, _cache.at = False, -CACHE_SECONDS


def current_reason() -> str:
    """Why safe mode is on, for staff; empty where it is off. It is off for a new database, which has no orders."""
    try:
        mark = high_water.read()
        if mark.held:
            return mark.held
        high_water.check_writable()
        newest = _newest_attempt()
        if newest >= mark.attempt or _is_new_database():
            return ""
    except MarkError as problem:
        return str(problem)
    text = _(
        "The database was restored from an older backup: its last attempt is %(newest)s, but attempt %(highest)s was "
        "made. Orders that were sent since the backup may be queued again."
    )
    return text % {"newest": newest, "highest": mark.attempt}


def remember_attempt(*, attempt: int) -> None:
    """Keep this attempt as the highest one; called when it is committed, before a byte of it is sent.

    Raises SafeModeError where staff switched safe mode on, which counts at once, and MarkError where the attempt
    cannot be kept. It must not be sent then.
    """
    with high_water.locked():
        mark = high_water.read()
        if mark.held:
            raise SafeModeError(mark.held)
        if attempt > mark.attempt:
            high_water.write(replace(mark, attempt=attempt))


def update_alert() -> bool:
    """Whether safe mode is on at this moment; its alert is opened or closed accordingly. Called by the sweep."""
    reason = current_reason()
    if reason:
        open_safe_mode_alert(reason=reason)
    else:
        close_alert(subject=SUBJECT)
    return bool(reason)


def open_safe_mode_alert(*, reason: str) -> None:
    """Tell staff that nothing is sent, and why."""
    raise_alert(subject=SUBJECT, level=Alert.Level.CRITICAL, title=_("Safe mode is on"), detail=reason)


def switch_on(*, reason: str, actor: str) -> None:
    """Switch safe mode on by hand. Raises MarkError where that cannot be kept; safe mode is on then for that reason."""
    with high_water.locked():
        high_water.write(replace(high_water.read(), held=reason.strip() or _("Switched on by staff.")))
    audit.record(actor=actor, action="safe mode on", target="panel", detail={"reason": reason})
    clear_cache()
    update_alert()


def switch_off(*, reason: str, actor: str, undecided: int) -> None:
    """Switch safe mode off after staff compared the database with the providers, also after a damaged mark.

    Raises UndecidedOrdersError while `undecided` unmatched orders wait for a decision, and MarkError where the change
    cannot be kept.
    """
    if undecided:
        text = ngettext(
            "%(count)s unknown provider order needs a decision first.",
            "%(count)s unknown provider orders need a decision first.",
            undecided,
        )
        raise UndecidedOrdersError(text % {"count": f"{undecided:,}"})
    was = current_reason()
    with high_water.locked():
        high_water.write(Mark(_newest_attempt()))
    audit.record(actor=actor, action="safe mode off", target="panel", detail={"reason": reason, "was": was})
    close_alert(subject=SUBJECT)
    clear_cache()


def _is_new_database() -> bool:
    """Whether the database has no orders yet; the mark starts again from zero then."""
    if Order.objects.exists():
        return False
    with high_water.locked():
        if Order.objects.exists():  # the first one, which may have been sent and remembered meanwhile
            return False
        high_water.write(Mark(held=high_water.read().held))
        return True


def _newest_attempt() -> int:
    return Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
