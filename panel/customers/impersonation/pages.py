"""The two buttons of seeing the panel as a customer does: begin, and back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from panel.customers.impersonation.impersonation import CannotSeeAsError, begin, end, look_of
from panel.customers.models import User
from panel.customers.roles import SEE_AS
from panel.customers.signed_in import customer_of
from panel.ops.admin_forms.base import actor_of
from panel.web.access import staff_only


@staff_only(SEE_AS)
@require_POST
def see_as(request: HttpRequest, user_id: int) -> HttpResponse:
    """Begin, on the customer's first page."""
    customer = get_object_or_404(User, pk=user_id)
    try:
        begin(
            session=request.session,
            staff=customer_of(request),
            customer=customer,
            actor=actor_of(request),
            now=timezone.now(),
        )
    except CannotSeeAsError as error:
        messages.error(request, str(error))
        return redirect("admin:customers_user_change", customer.pk)
    rotate_token(request)  # what was opened in one's own name cannot be sent in the other's, nor the other way round
    return redirect("home")


@login_required
def see_as_end(request: HttpRequest) -> HttpResponse:
    """Back to where it began; for customers there is no such page."""
    if look_of(request.session) is None and not customer_of(request).is_staff:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return leave(request)


def leave(request: HttpRequest) -> HttpResponse:
    """End the look, and show the customer's page among the staff's."""
    customer = end(session=request.session, now=timezone.now(), why="back")
    if customer is None:
        return redirect("home")
    rotate_token(request)
    messages.success(request, "You see the panel as yourself again.")
    return redirect("admin:customers_user_change", customer)
