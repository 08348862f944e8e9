"""Hashing of passwords with a bound on how much of the machine it takes: a flood of sign-ins leaves room for orders.

A password costs a third of a second of one core by design. One is hashed at a time in a process, behind whatever else
there is to do; a few wait, and whoever comes then is asked to try again in a moment. The last place is kept for who is
signed in, or has been in this browser. The web server takes the place before it takes a thread
(panel/server/sign_ins.py).
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from panel.customers.sign_in.known_devices import is_known
from panel.web.unavailable import Handler, UnavailableError, unavailable

PLACES = 3
"""One that is hashed and two that wait for it, of the server's eight threads."""
FOR_ANYBODY = PLACES - 1
HASHING_PAGES = frozenset({"/accounts/login/", "/accounts/signup/"})
PLACE = "panel.hashing_place"
"""Under this name the web server passes on the place that a request has."""
NICER = 10
"""How much a thread that hashes gives way: under full load it has a tenth of what another one has."""
NICEST = 19


class Place:
    """The right to have one password hashed."""

    def __init__(self, *, is_known: bool) -> None:
        self.is_known = is_known


_taken: set[Place] = set()
_taking = threading.Lock()
_hashing = threading.Lock()
_own: ContextVar[Place | None] = ContextVar("hashing_place", default=None)


def take_place(*, is_known: bool) -> Place | None:
    """A place, to be freed; None where none is left, or only the last one for who is not known."""
    with _taking:
        if len(_taken) >= (PLACES if is_known else FOR_ANYBODY):
            return None
        place = Place(is_known=is_known)
        _taken.add(place)
        return place


def free_place(place: Place) -> None:
    """Leave it to others. Harmless where that is done."""
    with _taking:
        _taken.discard(place)


def _own_place() -> Place | None:
    """The request's place; once that is used, another on the same terms. Other forms are of who is signed in."""
    own = _own.get()
    if own is None:
        return take_place(is_known=True)
    return own if own in _taken else take_place(is_known=own.is_known)


class BoundedPasswordHasher(PBKDF2PasswordHasher):
    """Django's default hasher. Raises UnavailableError where too many passwords wait to be hashed."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        place = _own_place()
        if place is None:
            raise UnavailableError("Too many passwords are being checked.")
        try:
            with _hashing, ThreadPoolExecutor(1, initializer=_give_way) as thread:  # whose priority cannot rise again
                return thread.submit(super().encode, password, salt, iterations).result()
        finally:
            free_place(place)


class HashingPlaceMiddleware:
    """Turns forms that would have to be hashed away before anything else is done for them, while no place is free."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or request.path_info not in HASHING_PAGES:
            return self.get_response(request)
        place = request.META.get(PLACE) or take_place(is_known=is_known(request.COOKIES))
        if place is None:
            return too_busy()
        _own.set(place)
        try:
            return self.get_response(request)
        finally:
            free_place(place)
            _own.set(None)


def too_busy() -> HttpResponse:
    """The answer to a form that is turned away."""
    answer = unavailable()
    answer["Cache-Control"] = "no-store"
    return answer


def _give_way() -> None:
    """Lower this thread's priority. Linux has one for each; elsewhere it would be the whole process's."""
    if sys.platform == "linux":
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        with suppress(PermissionError):  # a sandbox may forbid it; passwords are hashed all the same
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(nice + NICER, NICEST))
