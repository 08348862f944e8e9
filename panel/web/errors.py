"""The page for a request that could not be read. Named in panel/urls.py."""

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string
from django.views.defaults import bad_request


def bad_request_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says so where a form had more fields than are read; for all else the ordinary page."""
    if isinstance(exception, TooManyFieldsSent):
        return HttpResponseBadRequest(render_to_string("400_too_many_fields.html"))
    return bad_request(request, exception)
