"""The views that begin and end viewing the panel as a customer."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from panel.customers.impersonation.impersonation import ImpersonationError, begin, current_impersonation, end
from panel.customers.models import User
from panel.customers.roles import VIEW_AS_CUSTOMER
from panel.customers.signed_in import customer_of
from panel.ops.admin_forms.base import actor_of
from panel.web.access import staff_only


@staff_only(VIEW_AS_CUSTOMER)
@require_POST
def see_as(request: HttpRequest, user_id: int) -> HttpResponse:
    """Begins the customer's view on their home page."""
    customer = get_object_or_404(User, pk=user_id)
    try:
        begin(
            session=request.session,
            staff=customer_of(request),
            customer=customer,
            actor=actor_of(request),
            now=timezone.now(),
        )
    except ImpersonationError as error:
        messages.error(request, str(error))
        return redirect("admin:customers_user_change", customer.pk)
    rotate_token(request)  # a form opened in one account cannot be sent in the other
    return redirect("home")


@login_required
def see_as_end(request: HttpRequest) -> HttpResponse:
    """Ends the customer's view. Answers 404 to customers."""
    if current_impersonation(request.session) is None and not customer_of(request).is_staff:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return leave(request)


def leave(request: HttpRequest) -> HttpResponse:
    """End the customer's view and open the customer's page in the admin."""
    customer = end(session=request.session, now=timezone.now(), reason="back")
    if customer is None:
        return redirect("home")
    rotate_token(request)
    messages.success(request, _("You're back in your own account."))
    return redirect("admin:customers_user_change", customer)
