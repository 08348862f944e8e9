"""How long the body of a request may be: a general limit, and more only where a view expects it of who is signed in.

The web server asks before it reads a long body (panel/server/worker.py); the middleware holds to it behind any server.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from panel.web.context import site
from panel.web.middleware import Handler

MAX_LENGTH_DIGITS = 18
"""More digits than any length has; Python reads no number of over 4,300."""

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True)
class BodyRule:
    """What a view says about bodies: the maximum from a signed-in user, and how it refuses a longer one."""

    max_bytes: int = 0
    refuse: Callable[[HttpRequest], HttpResponse] | None = None


def body_rule(
    *, max_bytes: int = 0, refuse: Callable[[HttpRequest], HttpResponse] | None = None
) -> Callable[[View], View]:
    """Mark a view with its rule; the outermost decorator, so that the view the addresses name has it."""

    def mark(view: View) -> View:
        view.__dict__["body_rule"] = BodyRule(max_bytes=max_bytes, refuse=refuse)
        return view

    return mark


def longest_body(request: HttpRequest) -> int:
    """How many bytes of body are taken from this request."""
    general: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    max_bytes = _rule(request).max_bytes
    return max_bytes if max_bytes > general and _is_signed_in(request) else general


def longest_body_of(environ: dict[str, Any]) -> int:
    """The same, asked by the web server with no more than the head of a request. Uses the thread's database."""
    close_old_connections()
    try:
        return longest_body(WSGIRequest(environ))
    finally:
        close_old_connections()


class BodyLimitMiddleware:
    """Refuses a request with a longer body than is taken, files included, before anything of it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = _length(request)
        if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or length <= longest_body(request):
            return self.get_response(request)
        answer = (_rule(request).refuse or _page)(request)
        answer["Content-Length"] = str(len(answer.content))
        return answer


def _length(request: HttpRequest) -> int:
    """The bytes that are announced; 0 where that is no number, as Django reads it. Far too many count as very many."""
    digits = request.META.get("CONTENT_LENGTH") or ""
    return int(digits.lstrip("0")[:MAX_LENGTH_DIGITS] or 0) if digits.isdecimal() else 0


def _rule(request: HttpRequest) -> BodyRule:
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return BodyRule()
    found: BodyRule = getattr(view, "body_rule", BodyRule())
    return found


def _is_signed_in(request: HttpRequest) -> bool:
    """Read here, since neither the web server nor this early middleware has the session yet."""
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    return get_user(request).is_authenticated


def _page(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(render_to_string("413.html", site(request)), status=413)
    answer["Cache-Control"] = "no-store"
    return answer
