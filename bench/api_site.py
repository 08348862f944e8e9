"""The panel as gunicorn serves it, with an empty page beside it: what everything of a request costs but its answer."""

from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("empty", empty), path("", include("panel.urls"))]


def bare(environ: dict[str, Any], start_response: Any) -> Any:
    """The empty page without any middleware of ours."""
    return _BARE(environ, start_response)


def _without_middleware() -> WSGIHandler:
    kept, settings.MIDDLEWARE = settings.MIDDLEWARE, []
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = kept


_BARE = _without_middleware()
