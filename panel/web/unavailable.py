"""The answer while the panel cannot serve for a moment: 503 with Retry-After, from a page that needs no database.

`server_error` is the project's handler for unforeseen errors; whoever meets a known shortage raises UnavailableError.
"""

import sys
from collections.abc import Callable
from functools import cache

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.defaults import server_error as default_server_error

RETRY_SECONDS = 5

Handler = Callable[[HttpRequest], HttpResponseBase]


class UnavailableError(Exception):
    """The panel cannot do this now, and nothing was changed; it can in a moment."""


class UnavailableMiddleware:
    """Answers 503 where a view raises UnavailableError: a shortage is no fault to be reported."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return unavailable() if isinstance(error, UnavailableError) else None


def server_error(request: HttpRequest) -> HttpResponseBase:
    """503 while the database is away, 500 for everything else that was not foreseen."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return unavailable()
    return default_server_error(request)


def unavailable() -> HttpResponse:
    """The page that asks to try again in a few seconds."""
    return HttpResponse(_page(get_language()), status=503, headers={"Retry-After": str(RETRY_SECONDS)})


@cache
def _page(_language: str | None) -> str:
    """The page in the language that is active: it is asked for when there is least time to write it."""
    return render_to_string("503.html")
