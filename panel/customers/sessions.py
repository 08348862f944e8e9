"""Ending a person's sessions, without looking through the table of all sessions. Called by the account page."""

from django.db import transaction
from django.db.models import F

from panel.customers.models import User
from panel.ops import audit


def end_sessions(*, user: User, actor: str) -> None:
    """Every session of `user` ends with its next request. The caller's own lives on if it takes the new hash."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
        audit.record(actor=actor, action="sessions ended", target=f"customer:{user.pk}")
    user.refresh_from_db(fields=["sessions_ended"])
