"""Makes every request of staff who view the panel as a customer read-only, and logs it.

Customers' pages get the customer as `request.user`; staff pages and the audit trail keep the member of staff.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from panel.customers.impersonation.impersonation import (
    END_MESSAGES,
    Impersonation,
    current_impersonation,
    end,
    end_reason,
)
from panel.customers.impersonation.pages import leave
from panel.customers.models import User
from panel.customers.sign_in.two_factor import STAFF_PATHS
from panel.web.middleware import Handler

log = logging.getLogger(__name__)

SAFE = ("GET", "HEAD")
CLOSED = ("/accounts/",)
"""Pages for sign-in, emails, passwords and second factors: not part of the customer's view."""


class ImpersonationMiddleware:
    """Runs after authentication and after the check of the staff's second factor."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        impersonation = current_impersonation(request.session)
        if impersonation is None:
            return self.get_response(request)
        customer = User.objects.filter(pk=impersonation.customer).first()
        reason = end_reason(impersonation, staff=request.user, customer=customer, now=timezone.now())
        if reason or customer is None:
            return self._end(request, reason)
        request.impersonated = customer  # type: ignore[attr-defined]
        is_leaving = request.method == "POST" and request.path in _exit_paths()
        if not is_leaving and (request.method not in SAFE or request.path.startswith(CLOSED)):
            return render(request, "staff/only_looking.html", status=403)
        if is_leaving or request.path.startswith(STAFF_PATHS):
            return self.get_response(request)
        request.user = customer
        response = self.get_response(request)
        _log(request, impersonation, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Signing out ends the customer's view; the member of staff stays signed in."""
        if hasattr(request, "impersonated") and request.path == reverse("account_logout"):
            return leave(request)
        return None

    def _end(self, request: HttpRequest, reason: str) -> HttpResponseBase:
        """End the customer's view automatically. A form sent from a customer's page is not done as staff."""
        end(session=request.session, now=timezone.now(), reason=reason)
        rotate_token(request)  # so that a customer's page that is still open cannot be sent later either
        messages.info(request, str(END_MESSAGES[reason]))
        if request.method not in SAFE:
            return render(request, "staff/only_looking.html", status=403)
        return self.get_response(request)


def _exit_paths() -> tuple[str, str]:
    return reverse("see_as_end"), reverse("account_logout")


def _log(request: HttpRequest, impersonation: Impersonation, response: HttpResponseBase) -> None:
    """Log one line for each page. Without the query string, which may hold search terms."""
    log.info(
        "page seen as a customer",
        extra={
            "staff": impersonation.staff,
            "customer": impersonation.customer,
            "path": request.path,
            "status": response.status_code,
        },
    )
