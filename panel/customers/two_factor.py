"""Staff have a second factor: without one their pages lead to where it is set up."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from panel.web.middleware import Handler

GUARDED = ("/staff/", "/admin/")


class StaffTwoFactorMiddleware:
    """Lets staff to their pages with a second factor alone, unless STAFF_TWO_FACTOR is off."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_missing(request):
            messages.warning(request, "Set up two-factor sign-in first: staff need it for their pages.")
            return redirect("mfa_index")
        return self.get_response(request)

    def _is_missing(self, request: HttpRequest) -> bool:
        if not settings.STAFF_TWO_FACTOR or not request.path.startswith(GUARDED):
            return False
        user = request.user
        return user.is_authenticated and user.is_staff and not is_mfa_enabled(user)
