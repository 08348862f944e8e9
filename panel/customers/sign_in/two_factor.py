"""Requires two-factor authentication where the settings ask for it, and leads to the page that sets it up."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.web.middleware import Handler

STAFF_PATHS = ("/staff/", "/admin/")
SIGN_IN_PATHS = ("/accounts/",)


class TwoFactorMiddleware:
    """Requires a second factor on staff pages (STAFF_TWO_FACTOR) and on all pages (CUSTOMER_TWO_FACTOR).

    Pages for signing in and out and for setting up the second factor are always open.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_guarded(request) and _is_missing(request):
            if request.path.startswith(STAFF_PATHS):
                message = _("Set up two-factor authentication first. It's required for staff pages.")
            else:
                message = _("Set up two-factor authentication first. It's required for all accounts.")
            messages.warning(request, message)
            return redirect("mfa_index")
        return self.get_response(request)


def lacks_second_factor(staff: User) -> bool:
    """Whether a member of staff still has to set up two-factor authentication. For actions outside the staff pages."""
    return bool(settings.STAFF_TWO_FACTOR) and not is_mfa_enabled(staff)


def _is_guarded(request: HttpRequest) -> bool:
    if request.path.startswith(STAFF_PATHS):
        return bool(settings.STAFF_TWO_FACTOR)
    return bool(settings.CUSTOMER_TWO_FACTOR) and not request.path.startswith(SIGN_IN_PATHS)


def _is_missing(request: HttpRequest) -> bool:
    user = request.user
    is_required = user.is_staff or not request.path.startswith(STAFF_PATHS)  # others have no staff pages
    return user.is_authenticated and is_required and not is_mfa_enabled(user)
