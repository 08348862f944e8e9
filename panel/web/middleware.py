"""What every request passes through: an id for its log lines, browser features off, no caching behind the sign-in."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers
from structlog.contextvars import bound_contextvars

Handler = Callable[[HttpRequest], HttpResponseBase]

UNUSED_FEATURES = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation"),
    *("gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in UNUSED_FEATURES), "clipboard-write=(self)"])
"""No page needs a feature of the device; the copy buttons write to the clipboard."""


class RequestIdMiddleware:
    """Gives each request an id, for its log lines and for the person who reports an error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = secrets.token_hex(6)
        with bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class PermissionsPolicyMiddleware:
    """Tells the browser to keep the features that no page uses switched off."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response


class PrivatePagesMiddleware:
    """Pages of a signed-in person are stored nowhere, unless their view says otherwise."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
