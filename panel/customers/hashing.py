"""Hashing of passwords with a bound on how much of the machine it takes: a flood of sign-ins leaves room for orders.

A password costs a third of a second of one core by design. One is hashed at a time in a process, a few wait, and
whoever comes then is asked to try again in a moment.
"""

import threading

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from panel.web.unavailable import UnavailableError

ADMITTED = 3
"""One that is hashed and two that wait for it, of the server's eight threads."""

_admitted = threading.BoundedSemaphore(ADMITTED)
_hashing = threading.Lock()


class BoundedPasswordHasher(PBKDF2PasswordHasher):
    """Django's default hasher. Raises UnavailableError where too many passwords wait to be hashed."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        if not _admitted.acquire(blocking=False):
            raise UnavailableError("Too many passwords are being checked.")
        try:
            with _hashing:
                return super().encode(password, salt, iterations)
        finally:
            _admitted.release()
