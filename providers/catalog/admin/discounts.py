"""Customers' discounts in the admin; custom rates are in customer_rates.py. Loaded by catalog/admin/__init__.py."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.money import plain
from panel.ops.admin_forms.base import RecordAdmin, actor_of
from panel.wallet.approvals.own_money import OwnMoneyError, refuse_own_money
from providers.catalog.models import CustomerTerms
from providers.catalog.pricing.customer_rates import change_terms_version

if TYPE_CHECKING:  # generic to the type checker alone
    CustomerTermsModelForm = forms.ModelForm[CustomerTerms]
else:
    CustomerTermsModelForm = forms.ModelForm


class CustomerTermsForm(CustomerTermsModelForm):
    """The discount of a customer."""

    class Meta:
        model = CustomerTerms
        fields = ("customer", "discount_percent")


class TermsRecordAdmin(RecordAdmin):
    """Records of a customer's prices, which staff cannot change for their own account."""

    def refuse_own(self, request: HttpRequest, terms: CustomerTerms) -> None:
        """Call it in the writing transaction, before the write. Raises OwnMoneyError."""
        refuse_own_money(actor=actor_of(request), customer=terms.customer)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except OwnMoneyError as problem:  # the transaction is rolled back by now
            return _refused(request, problem)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().delete_view(request, *args, **kwargs)
        except OwnMoneyError as problem:
            return _refused(request, problem)


def _refused(request: HttpRequest, problem: OwnMoneyError) -> HttpResponseRedirect:
    messages.error(request, str(problem))
    return HttpResponseRedirect(request.get_full_path())


@admin.register(CustomerTerms)
class CustomerTermsAdmin(TermsRecordAdmin):
    """A customer's discount. The custom rates are a list of their own, since there may be hundreds."""

    form = CustomerTermsForm
    list_display = ("customer", "discount_shown", "rates_shown")
    list_select_related = ("customer",)
    search_fields = ("customer__email", "customer__name")
    autocomplete_fields = ("customer",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerTerms]:
        found: QuerySet[CustomerTerms] = super().get_queryset(request).annotate(rates_count=Count("rates"))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("customer",) if obj else ()

    @admin.display(description=_lazy("discount"), ordering="discount_percent")
    def discount_shown(self, terms: CustomerTerms) -> str:
        return f"{plain(terms.discount_percent)}%"

    @admin.display(description=_lazy("custom rates"), ordering="rates_count")
    def rates_shown(self, terms: Any) -> int:
        count: int = terms.rates_count
        return count

    def save_model(self, request: HttpRequest, obj: CustomerTerms, form: Any, change: bool) -> None:
        self.refuse_own(request, obj)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        change_terms_version(terms=form.instance)
