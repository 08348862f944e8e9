"""Safe mode: after a restore from an older backup nothing is sold, sent, followed or given back until it was compared.

The data directory, which no database backup brings back, remembers the highest attempt there ever was. A database that
ends before it is older than what was sent: its queued orders may have been bought already. Every job and door that
would move money or talk for an order asks here; `orphans.py` looks for what was bought, and a person ends it.
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from orders.models import Attempt, Order
from panel.ops import audit
from panel.ops.alerts import close_alert, raise_alert
from panel.ops.models import Alert

FILE = "high-water.json"
LOOK_SECONDS = 5
SUBJECT = "safe-mode"
SAID = "The shop is being checked. Nothing can be ordered or changed for the moment; your money and orders are safe."
"""What customers are told."""


class OrphansLeftError(Exception):
    """Orders at a provider that nobody has decided about; safe mode goes on. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the data directory knows: the highest attempt, and why a person holds the panel, empty where nobody does."""

    attempt: int = 0
    held: str = ""


@dataclass(slots=True)
class _Looked:
    """What this process found last, and when."""

    is_on: bool = False
    at: float = -LOOK_SECONDS


_looked = _Looked()


def is_on() -> bool:
    """Whether safe mode is on; at most a few seconds old where it is not."""
    if _looked.is_on or time.monotonic() - _looked.at >= LOOK_SECONDS:
        _looked.is_on, _looked.at = bool(why_it_is_on()), time.monotonic()
    return _looked.is_on


def forget_the_last_look() -> None:
    """Have the next question look again."""
    _looked.is_on, _looked.at = False, -LOOK_SECONDS


def why_it_is_on() -> str:
    """Why, for people; empty where it is off. A database without any order is a new one, and nothing can go wrong."""
    mark = _read()
    if mark.held:
        return mark.held
    newest = _newest_attempt()
    if newest >= mark.attempt:
        return ""
    if not Order.objects.exists():
        _write(Mark())
        return ""
    return (
        f"The database ends at attempt {newest}, and attempt {mark.attempt} was made: it was restored from an older "
        "backup. What was sent since then may be queued in it again."
    )


def raise_mark(*, attempt: int) -> None:
    """Remember this attempt; called when it is committed, before a byte of it is sent."""
    with _alone():
        mark = _read()
        if attempt > mark.attempt:
            _write(Mark(attempt, mark.held))


def tell_staff() -> None:
    """Raise an alert where safe mode is on. Called by the sweep."""
    if why := why_it_is_on():
        raise_alert(subject=SUBJECT, level=Alert.Level.CRITICAL, title="The panel is in safe mode", detail=why)


def hold(*, reason: str, actor: str) -> None:
    """Switch safe mode on by hand."""
    _write(Mark(_read().attempt, reason.strip() or "Held by a person."))
    audit.record(actor=actor, action="safe mode on", target="panel", detail={"reason": reason})
    forget_the_last_look()
    tell_staff()


def end(*, reason: str, actor: str, open_orphans: int) -> None:
    """A person has compared: orders go on. Raises OrphansLeftError while any orphan waits for a decision."""
    if open_orphans:
        raise OrphansLeftError(f"{open_orphans} orders that were found at providers wait for your decision.")
    audit.record(actor=actor, action="safe mode off", target="panel", detail={"reason": reason, "was": why_it_is_on()})
    _write(Mark(_newest_attempt()))
    close_alert(subject=SUBJECT)
    forget_the_last_look()


def _newest_attempt() -> int:
    return Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _path() -> Path:
    return Path(settings.DATA_DIR) / FILE


def _read() -> Mark:
    try:
        return Mark(**json.loads(_path().read_text()))
    except FileNotFoundError:
        return Mark()


def _write(mark: Mark) -> None:
    """Whole or not at all, for its owner's eyes alone."""
    draft = _path().with_name(f"{FILE}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(mark), file)
    draft.replace(_path())


@contextmanager
def _alone() -> Iterator[None]:
    """One process of the panel at a time."""
    with _path().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
