"""The wallet page: the balance, the statement, and adding money. Everything is the signed-in customer's own."""

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from panel.customers.sign_in.two_factor import lacks_second_factor
from panel.customers.signed_in import customer_of
from panel.wallet.deposits.deposits import ask_top_up, withdraw_top_up
from panel.wallet.deposits.pictures import LARGEST_FORM, TYPES
from panel.wallet.forms import TopUpForm
from panel.wallet.gateways.base import BadAskError
from panel.wallet.models import PaymentMethod, TopUp
from panel.wallet.statement import statement_page
from panel.web.body_limit import body_rule
from panel.web.formatting import money_text

SHOWN = 20


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Shows the customer's own wallet."""
    return _page(request)


@body_rule(most=LARGEST_FORM)
@login_required
@require_POST
def top_up(request: HttpRequest) -> HttpResponse:
    """Asks for money to be added. A form that cannot be taken comes back as it was written, with status 422."""
    form = TopUpForm(request.POST, request.FILES, methods=_methods())
    if form.is_valid():
        given = form.cleaned_data
        try:
            asked = ask_top_up(
                customer=customer_of(request),
                method_id=given["method"],
                amount=given["amount"],
                reference=given["reference"],
                picture=given["picture"],
                token=given["token"],
                now=timezone.now(),
            )
        except BadAskError as problem:
            form.refuse(problem)
        else:
            amount = money_text(asked.amount, currency=asked.currency)
            messages.success(request, f"We look for your payment of {amount}. It is in your wallet once it was found.")
            return redirect("wallet")
    return _page(request, form, status=422)


@login_required
@require_POST
def top_up_withdraw(request: HttpRequest, top_up_id: int) -> HttpResponse:
    """Takes a wish back that nobody has decided on."""
    if not TopUp.objects.filter(pk=top_up_id, customer=customer_of(request)).exists():
        raise Http404("There is no such top-up.")
    if withdraw_top_up(customer=customer_of(request), top_up_id=top_up_id, now=timezone.now()):
        messages.success(request, "The top-up is withdrawn.")
    else:
        messages.warning(request, "It has been decided on already. Nothing was changed.")
    return redirect("wallet")


@login_required
@require_safe
def top_up_picture(request: HttpRequest, top_up_id: int) -> FileResponse:
    """The picture that was sent with a wish: for its customer, and for staff who may decide."""
    viewer = customer_of(request)
    found = TopUp.objects.filter(pk=top_up_id).exclude(picture="").first()
    is_staffs = viewer.is_staff and viewer.has_perm("wallet.change_topup") and not lacks_second_factor(viewer)
    if found is None or not (is_staffs or found.customer_id == viewer.pk):
        raise Http404("There is no such picture.")
    ending = str(found.picture.name).rpartition(".")[2]
    try:
        content = found.picture.open()
    except FileNotFoundError:  # a restored database may name what was deleted meanwhile
        raise Http404("The picture is not there any more.") from None
    # As a file to save, never as a part of the site: whatever it holds, no browser runs it here.
    return FileResponse(content, as_attachment=True, filename=f"top-up-{found.pk}.{ending}", content_type=TYPES[ending])


def _methods() -> list[PaymentMethod]:
    return list(PaymentMethod.objects.filter(is_active=True))


def _page(request: HttpRequest, form: TopUpForm | None = None, *, status: int = 200) -> HttpResponse:
    customer = customer_of(request)
    methods = _methods()
    context: dict[str, Any] = {
        "page": statement_page(user=customer, number=request.GET.get("page")),
        "methods": methods,
        "form": form or TopUpForm(methods=methods, initial={"token": secrets.token_hex(16)}),
        "top_ups": TopUp.objects.filter(customer=customer).select_related("method").order_by("-pk")[:SHOWN],
    }
    return render(request, "wallet/wallet.html", context, status=status)
