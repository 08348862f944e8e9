"""The wallet page: the balance, the statement, and how money is added."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from panel.customers.models import User
from panel.wallet.statement import statement_page


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Shows the customer's own wallet."""
    if not isinstance(request.user, User):
        raise TypeError("A page behind the sign-in was reached without one.")
    page = statement_page(user=request.user, number=request.GET.get("page"))
    return render(request, "wallet/wallet.html", {"page": page})
