"""Payment methods and deposits in the admin. Loaded by admin.py."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.ops.admin_forms.base import ReadOnlyAdmin, RecordAdmin, actor_of
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.wallet.deposits.deposits import DepositDecidedError, approve_deposit, reject_deposit
from panel.wallet.forms import DecisionForm
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import PaymentMethod, TopUp
from panel.web.access import confirm_it_is_you, need
from panel.web.templatetags.panel import money


@admin.register(PaymentMethod)
class PaymentMethodAdmin(RecordAdmin):
    """The payment methods that customers can choose."""

    list_display = ("name", "minimum_shown", "maximum_shown", "is_active", "position")
    fields = ("name", "instructions", "minimum", "maximum", "is_active", "position")

    @admin.display(description=_lazy("minimum"), ordering="minimum")
    def minimum_shown(self, method: PaymentMethod) -> str:
        return money(method.minimum)

    @admin.display(description=_lazy("maximum"), ordering="maximum")
    def maximum_shown(self, method: PaymentMethod) -> str:
        return money(method.maximum)


@admin.register(TopUp)
class DepositAdmin(ReadOnlyAdmin):
    """Deposits that customers reported. Reviewing one is a page of its own that makes one domain call."""

    list_display = ("id", "customer", "method", "amount_shown", "state", "credited_shown", "asked_at", "decide_link")
    list_select_related = ("customer", "method")
    list_filter = ("state", "method")
    search_fields = ("=id", "customer__email", "reference")
    ordering = ("-pk",)
    fields = (
        "customer", "method", "amount_shown", "reference", "state", "credited_shown", "note", "asked_at", "decided_at",
        "decided_by",
    )  # fmt: skip

    @admin.display(description=_lazy("reported amount"), ordering="amount")
    def amount_shown(self, deposit: TopUp) -> str:
        return money(deposit.amount, deposit.currency)

    @admin.display(description=_lazy("credited"), ordering="credited")
    def credited_shown(self, deposit: TopUp) -> str:
        return money(deposit.credited, deposit.currency)

    @admin.display(description="")
    def decide_link(self, deposit: TopUp) -> SafeString | str:
        if deposit.state != TopUp.State.ASKED:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("admin:wallet_topup_decide", args=[deposit.pk]), _("Review"))

    def get_urls(self) -> list[URLPattern]:
        decide = path("<int:deposit_id>/decide/", self.admin_site.admin_view(self.decide), name="wallet_topup_decide")
        return [decide, *super().get_urls()]

    def decide(self, request: HttpRequest, deposit_id: int) -> HttpResponse:
        """Approve and credit the deposit, or reject it with a note."""
        need(request, "wallet.change_topup")
        confirm_it_is_you(request, keeps_form=False)
        deposit = get_object_or_404(TopUp.objects.select_related("customer", "method"), pk=deposit_id)
        if request.method != "POST":
            return self._page(request, deposit, DecisionForm.blank(deposit.amount))
        form = DecisionForm(request.POST)
        is_rejection = request.POST.get("decision") == "refuse"
        if form.is_valid() or (is_rejection and "note" in form.cleaned_data):
            try:
                self._decide(request, deposit, form.cleaned_data, is_rejection)
            except InvalidDepositError as problem:
                form.add_error(problem.field, str(problem))
            except SecondApprovalNeededError as needed:
                messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
                return redirect("admin:wallet_topup_changelist")
            except (DepositDecidedError, OwnMoneyError) as problem:
                messages.warning(request, str(problem))
                return redirect("admin:wallet_topup_changelist")
            else:
                messages.success(request, _("Deposit rejected.") if is_rejection else _("Deposit credited."))
                return redirect("admin:wallet_topup_changelist")
        return self._page(request, deposit, form, status=422)

    def _decide(self, request: HttpRequest, deposit: TopUp, data: dict[str, Any], is_rejection: bool) -> None:
        common = {"deposit_id": deposit.pk, "note": data["note"], "actor": actor_of(request), "now": timezone.now()}
        if is_rejection:
            reject_deposit(**common)
        else:
            approve_deposit(amount=data["amount"], **common)

    def _page(self, request: HttpRequest, deposit: TopUp, form: DecisionForm, *, status: int = 200) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": str(deposit), "deposit": deposit, "form": form}
        return render(request, "admin/deposit.html", context, status=status)
