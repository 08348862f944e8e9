"""Sign-ins and sign-ups for whose passwords no place is free: the loop refuses them before a thread is taken.

A place is free again once the password is hashed (panel/customers/sign_in/hashing.py), or the request ended without.
"""

from typing import Any
from urllib.parse import unquote

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.middleware.security import SecurityMiddleware

from panel.customers.sign_in.hashing import HASHING_PAGES, PLACE, Place, free_place, take_place, too_busy
from panel.customers.sign_in.known_devices import is_known
from panel.server.connection import Connection
from panel.web.middleware import PermissionsPolicyMiddleware


class SignIns:
    """Used by the loop, once Django is set up; a thread asks for its own request's `environ` alone."""

    def __init__(self) -> None:
        self.refusal = _refusal()
        self._places: dict[Connection, Place] = {}

    def admit(self, conn: Connection) -> bool:
        """Whether a thread may work on the request; one that is no sign-in always may. Ended by `leave`."""
        if conn.request.method != "POST" or unquote(conn.request.path) not in HASHING_PAGES:
            return True
        cookies = "; ".join(value for name, value in conn.request.headers if name == "COOKIE")
        place = take_place(is_known=is_known(parse_cookie(cookies)))
        if place is None:
            return False
        self._places[conn] = place
        return True

    def environ(self, conn: Connection) -> dict[str, Place]:
        """What tells Django that the request has a place."""
        place = self._places.get(conn)
        return {PLACE: place} if place else {}

    def leave(self, conn: Connection) -> None:
        """No thread works on the request any more. Harmless where it had no place."""
        if conn in self._places:
            free_place(self._places.pop(conn))


def _refusal() -> bytes:
    """The whole answer: the page of a busy panel, with the headers that every page has."""
    request = HttpRequest()
    if settings.SECURE_PROXY_SSL_HEADER:
        header, value = settings.SECURE_PROXY_SSL_HEADER
        request.META[header] = value
    middleware: Any = CSPMiddleware(lambda _: too_busy())  # by its types it might be asynchronous
    answer: Any = SecurityMiddleware(PermissionsPolicyMiddleware(middleware))(request)
    answer["Content-Length"] = str(len(answer.content))
    head = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
    return head + bytes(answer.serialize())
