"""A second factor where it is asked for: without one, what it guards leads to where it is set up."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from panel.customers.models import User
from panel.web.middleware import Handler

STAFFS = ("/staff/", "/admin/")
WAYS_IN = ("/accounts/",)


class TwoFactorMiddleware:
    """Lets staff to their pages with a second factor alone (STAFF_TWO_FACTOR), customers to any (CUSTOMER_TWO_FACTOR).

    Where one signs in, out and sets the factor up is open to everybody.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_guarded(request) and _is_missing(request):
            whose = (
                "staff need it for their pages" if request.path.startswith(STAFFS) else "this shop asks it of everybody"
            )
            messages.warning(request, f"Set up two-factor sign-in first: {whose}.")
            return redirect("mfa_index")
        return self.get_response(request)


def lacks_second_factor(staff: User) -> bool:
    """Whether this member of staff may not act as one yet; for what staff do outside of their pages."""
    return bool(settings.STAFF_TWO_FACTOR) and not is_mfa_enabled(staff)


def _is_guarded(request: HttpRequest) -> bool:
    if request.path.startswith(STAFFS):
        return bool(settings.STAFF_TWO_FACTOR)
    return bool(settings.CUSTOMER_TWO_FACTOR) and not request.path.startswith(WAYS_IN)


def _is_missing(request: HttpRequest) -> bool:
    user = request.user
    is_asked = user.is_staff or not request.path.startswith(STAFFS)  # others have no pages there anyhow
    return user.is_authenticated and is_asked and not is_mfa_enabled(user)
