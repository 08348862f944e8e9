"""Time zones by their names, as people and browsers write them. Called wherever a time is shown or a day begins."""

import logging
import re
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

MAX_LENGTH = 64
_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


@lru_cache(maxsize=512)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone of that name; None where this machine knows none."""
    if len(name) > MAX_LENGTH or not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: the name of a folder of zones, such as "America"
        return None


def zone_of(name: str) -> tzinfo:
    """The zone that is kept for an account. UTC for none, and for a name that is unknown here, which is logged."""
    if not name:
        return UTC
    return find_zone(name) or _unknown(name)


def day_zone(name: str) -> tzinfo:
    """By whose clock the days of an account's pages begin: by its zone's, without one by the shop's."""
    return zone_of(name or settings.REPORT_TIME_ZONE)


def zone_name(name: str) -> str:
    """The same by name, for the browser; empty stays empty, so that its own zone is used."""
    return name if not name or find_zone(name) else "UTC"


def validate_zone(name: str) -> None:
    """For a model field. Raises ValidationError for a name that is unknown here."""
    if name and find_zone(name) is None:
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like Europe/Berlin."), params={"name": name[:MAX_LENGTH]}
        )


@lru_cache(maxsize=512)
def _unknown(name: str) -> tzinfo:
    """Logged once for each name, however many pages are shown in it."""
    log.warning("unknown time zone, UTC is shown", extra={"zone": name[:MAX_LENGTH]})
    return UTC
