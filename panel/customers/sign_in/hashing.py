"""Hashing of passwords with a bound on how much of the machine it takes: a flood of sign-ins leaves room for orders.

A password costs a third of a second of one core by design. One is hashed at a time in a process, a few wait, and
whoever comes then is asked to try again in a moment.
"""

import threading

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponseBase

from panel.web.unavailable import Handler, UnavailableError, unavailable

ADMITTED = 3
"""One that is hashed and two that wait for it, of the server's eight threads."""
HASHING_PAGES = frozenset({"/accounts/login/", "/accounts/signup/"})

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


class BusyHashingMiddleware:
    """Turns forms that would have to be hashed away before anything else is done for them, while no place is free."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.path in HASHING_PAGES and is_full():
            answer = unavailable()
            answer["Cache-Control"] = "no-store"
            return answer
        return self.get_response(request)


def is_full() -> bool:
    """Whether one more password would be turned away now."""
    if _admitted.acquire(blocking=False):
        _admitted.release()
        return False
    return True
