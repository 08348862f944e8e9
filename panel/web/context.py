"""What every template may use: the shop's name, its currency and the request's id."""

from django.conf import settings
from django.http import HttpRequest

from panel.lib.logs.context import request_id


def site(request: HttpRequest) -> dict[str, str]:
    """`SITE_NAME`, `CURRENCY` and `request_id` for all templates."""
    return {"SITE_NAME": settings.SITE_NAME, "CURRENCY": settings.CURRENCY, "request_id": request_id()}
