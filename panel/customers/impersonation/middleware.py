"""While a member of staff sees the panel as a customer, every request passes here: nothing is changed, all is logged.

The customers' pages get the customer as `request.user`; the staff's pages and the audit trail keep who really acts.
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

from panel.customers.impersonation.impersonation import Look, end, look_of, why_over
from panel.customers.impersonation.pages import leave
from panel.customers.models import User
from panel.customers.sign_in.two_factor import STAFFS
from panel.web.middleware import Handler

log = logging.getLogger(__name__)

SAFE = ("GET", "HEAD")
CLOSED = ("/accounts/",)
"""Ways to sign in, addresses, passwords and second factors: no part of what is looked at."""


class SeeAsMiddleware:
    """Stands behind what finds out who is signed in, and behind the staff's second factor."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        look = look_of(request.session)
        if look is None:
            return self.get_response(request)
        customer = User.objects.filter(pk=look.customer).first()
        why = why_over(look, staff=request.user, customer=customer, now=timezone.now())
        if why or customer is None:
            return self._end(request, why)
        request.seen_as = customer  # type: ignore[attr-defined]
        is_leaving = request.method == "POST" and request.path in _ways_out()
        if not is_leaving and (request.method not in SAFE or request.path.startswith(CLOSED)):
            return render(request, "staff/only_looking.html", status=403)
        if is_leaving or request.path.startswith(STAFFS):
            return self.get_response(request)
        request.user = customer
        response = self.get_response(request)
        _log(request, look, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """To sign out is to leave: the member of staff stays signed in."""
        if hasattr(request, "seen_as") and request.path == reverse("account_logout"):
            return leave(request)
        return None

    def _end(self, request: HttpRequest, why: str) -> HttpResponseBase:
        """It is over by itself. What is sent from a page of the customer is not done in one's own name."""
        end(session=request.session, now=timezone.now(), why=why)
        rotate_token(request)  # nor is what is sent later from a page of the customer that is still open
        messages.info(request, f"You see the panel as yourself again: {why}.")
        if request.method not in SAFE:
            return render(request, "staff/only_looking.html", status=403)
        return self.get_response(request)


def _ways_out() -> tuple[str, str]:
    return reverse("see_as_end"), reverse("account_logout")


def _log(request: HttpRequest, look: Look, response: HttpResponseBase) -> None:
    """A line a page. The path without its query: addresses are no place for what is searched for, nor logs."""
    log.info(
        "page seen as a customer",
        extra={"staff": look.staff, "customer": look.customer, "path": request.path, "status": response.status_code},
    )
