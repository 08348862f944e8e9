"""How long what could not be delivered rests before the next try: growing pauses, about two days in all. Pure."""

from datetime import datetime, timedelta

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (0.25, 1, 5, 30, 120, 360, 720, 1440))
"""How long after each failed try the next one follows."""


def next_try(*, failed: int, now: datetime) -> datetime | None:
    """When to try again after so many failed tries; None when those were all."""
    return now + RETRIES[failed - 1] if failed <= len(RETRIES) else None
