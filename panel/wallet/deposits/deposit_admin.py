"""Adding money in the admin: the ways that are offered, and each wish with its decision. Loaded by admin.py."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from panel.ops.admin_forms.base import ReadOnlyAdmin, RecordAdmin, actor_of
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.wallet.deposits.deposits import TopUpDecidedError, approve_top_up, refuse_top_up
from panel.wallet.forms import DecisionForm
from panel.wallet.gateways.base import BadAskError
from panel.wallet.models import PaymentMethod, TopUp
from panel.web.access import confirm_it_is_you, need
from panel.web.templatetags.panel import money


@admin.register(PaymentMethod)
class PaymentMethodAdmin(RecordAdmin):
    """How customers can pay, in the shop's own words."""

    list_display = ("name", "minimum_shown", "maximum_shown", "is_active", "position")
    fields = ("name", "instructions", "minimum", "maximum", "is_active", "position")

    @admin.display(description="minimum", ordering="minimum")
    def minimum_shown(self, method: PaymentMethod) -> str:
        return money(method.minimum)

    @admin.display(description="maximum", ordering="maximum")
    def maximum_shown(self, method: PaymentMethod) -> str:
        return money(method.maximum)


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    """What customers say to have paid. Deciding is a page of its own, so that it is one domain call."""

    list_display = ("id", "customer", "method", "amount_shown", "state", "credited_shown", "asked_at", "decide_link")
    list_select_related = ("customer", "method")
    list_filter = ("state", "method")
    search_fields = ("=id", "customer__email", "reference")
    ordering = ("-pk",)
    fields = (
        "customer", "method", "amount_shown", "reference", "state", "credited_shown", "note", "asked_at", "decided_at",
        "decided_by",
    )  # fmt: skip

    @admin.display(description="says to have paid", ordering="amount")
    def amount_shown(self, top_up: TopUp) -> str:
        return money(top_up.amount, top_up.currency)

    @admin.display(description="credited", ordering="credited")
    def credited_shown(self, top_up: TopUp) -> str:
        return money(top_up.credited, top_up.currency)

    @admin.display(description="")
    def decide_link(self, top_up: TopUp) -> SafeString | str:
        if top_up.state != TopUp.State.ASKED:
            return ""
        return format_html('<a href="{}">Decide</a>', reverse("admin:wallet_topup_decide", args=[top_up.pk]))

    def get_urls(self) -> list[URLPattern]:
        decide = path("<int:top_up_id>/decide/", self.admin_site.admin_view(self.decide), name="wallet_topup_decide")
        return [decide, *super().get_urls()]

    def decide(self, request: HttpRequest, top_up_id: int) -> HttpResponse:
        """Credit what came, or refuse with a note."""
        need(request, "wallet.change_topup")
        confirm_it_is_you(request, keeps_form=False)
        top_up = get_object_or_404(TopUp.objects.select_related("customer", "method"), pk=top_up_id)
        if request.method != "POST":
            return self._page(request, top_up, DecisionForm.blank(top_up.amount))
        form = DecisionForm(request.POST)
        is_refusal = request.POST.get("decision") == "refuse"
        if form.is_valid() or (is_refusal and "note" in form.cleaned_data):
            try:
                self._decide(request, top_up, form.cleaned_data, is_refusal)
            except BadAskError as problem:
                form.add_error(problem.field, str(problem))
            except SecondApprovalNeededError as needed:
                messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
                return redirect("admin:wallet_topup_changelist")
            except (TopUpDecidedError, OwnMoneyError) as problem:
                messages.warning(request, str(problem))
                return redirect("admin:wallet_topup_changelist")
            else:
                messages.success(request, "Refused." if is_refusal else "Credited.")
                return redirect("admin:wallet_topup_changelist")
        return self._page(request, top_up, form, status=422)

    def _decide(self, request: HttpRequest, top_up: TopUp, given: dict[str, Any], is_refusal: bool) -> None:
        common = {"top_up_id": top_up.pk, "note": given["note"], "actor": actor_of(request), "now": timezone.now()}
        if is_refusal:
            refuse_top_up(**common)
        else:
            approve_top_up(amount=given["amount"], **common)

    def _page(self, request: HttpRequest, top_up: TopUp, form: DecisionForm, *, status: int = 200) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": str(top_up), "top_up": top_up, "form": form}
        return render(request, "admin/top_up.html", context, status=status)
