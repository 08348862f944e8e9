"""The wallet page of the signed-in customer: balance, statement and deposits."""

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panel.customers.sign_in.two_factor import lacks_second_factor
from panel.customers.signed_in import customer_of
from panel.wallet.deposits.deposits import cancel_deposit, report_deposit
from panel.wallet.deposits.pictures import MAX_FORM_BYTES, TYPES
from panel.wallet.forms import DepositForm
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import PaymentMethod, TopUp
from panel.wallet.statement import statement_page
from panel.web.body_limit import body_rule
from panel.web.formatting import money_text

DEPOSITS_SHOWN = 20


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Shows the customer's own wallet."""
    return _page(request)


@body_rule(max_bytes=MAX_FORM_BYTES)
@login_required
@require_POST
def top_up(request: HttpRequest) -> HttpResponse:
    """Reports a payment. An invalid form is shown again with status 422."""
    form = DepositForm(request.POST, request.FILES, methods=_methods())
    if form.is_valid():
        data = form.cleaned_data
        try:
            deposit = report_deposit(
                customer=customer_of(request),
                method_id=data["method"],
                amount=data["amount"],
                reference=data["reference"],
                picture=data["picture"],
                token=data["token"],
                now=timezone.now(),
            )
        except InvalidDepositError as problem:
            form.refuse(problem)
        else:
            text = _("Deposit reported. We add %(amount)s to your balance once we receive your payment.")
            amount = money_text(deposit.amount, currency=deposit.currency)
            messages.success(request, text % {"amount": amount})
            return redirect("wallet")
    return _page(request, form, status=422)


@login_required
@require_POST
def top_up_withdraw(request: HttpRequest, deposit_id: int) -> HttpResponse:
    """Cancels a pending deposit."""
    if not TopUp.objects.filter(pk=deposit_id, customer=customer_of(request)).exists():
        raise Http404("No such deposit.")
    if cancel_deposit(customer=customer_of(request), deposit_id=deposit_id, now=timezone.now()):
        messages.success(request, _("Deposit canceled."))
    else:
        messages.warning(request, _("This deposit was already reviewed. Nothing was changed."))
    return redirect("wallet")


@login_required
@require_safe
def top_up_picture(request: HttpRequest, deposit_id: int) -> FileResponse:
    """The image sent with a deposit, for its customer and for staff who can review deposits."""
    viewer = customer_of(request)
    deposit = TopUp.objects.filter(pk=deposit_id).exclude(picture="").first()
    is_reviewer = viewer.is_staff and viewer.has_perm("wallet.change_topup") and not lacks_second_factor(viewer)
    if deposit is None or not (is_reviewer or deposit.customer_id == viewer.pk):
        raise Http404("No such image.")
    ending = str(deposit.picture.name).rpartition(".")[2]
    try:
        content = deposit.picture.open()
    except FileNotFoundError:  # a restored database may refer to a deleted file
        raise Http404("The image was deleted.") from None
    # As a download, never as part of the site, so that no browser runs what it may hold.
    return FileResponse(
        content, as_attachment=True, filename=f"deposit-{deposit.pk}.{ending}", content_type=TYPES[ending]
    )


def _methods() -> list[PaymentMethod]:
    return list(PaymentMethod.objects.filter(is_active=True))


def _page(request: HttpRequest, form: DepositForm | None = None, *, status: int = 200) -> HttpResponse:
    customer = customer_of(request)
    methods = _methods()
    context: dict[str, Any] = {
        "page": statement_page(user=customer, number=request.GET.get("page")),
        "methods": methods,
        "form": form or DepositForm(methods=methods, initial={"token": secrets.token_hex(16)}),
        "deposits": TopUp.objects.filter(customer=customer).select_related("method").order_by("-pk")[:DEPOSITS_SHOWN],
    }
    return render(request, "wallet/wallet.html", context, status=status)
