"""Customers' custom rates in the admin, as a list to search and filter. Loaded by catalog/admin/__init__.py."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from panel.wallet.approvals.own_money import OwnMoneyError
from panel.web.access import need
from panel.web.templatetags.panel import money
from providers.catalog.admin.bulk_forms import ChosenForm
from providers.catalog.admin.discounts import TermsRecordAdmin
from providers.catalog.models import CustomerRate, CustomerTerms
from providers.catalog.pricing.customer_rates import change_terms_version
from providers.catalog.pricing.rates import OwnRate, Terms, margin_percent

if TYPE_CHECKING:  # generic to the type checker alone
    CustomerRateModelForm = forms.ModelForm[CustomerRate]
else:
    CustomerRateModelForm = forms.ModelForm

MAX_ROWS_SHOWN = 50
TERMS_FILTER = "terms__id__exact"
"""The URL parameter of the filter by customer."""


class CustomerRateForm(CustomerRateModelForm):
    """A custom rate of a customer."""

    class Meta:
        model = CustomerRate
        fields = ("terms", "service", "rate", "is_fixed")


class OneCustomerFilter(admin.SimpleListFilter):
    """The custom rates of one customer, opened from the customer's discount; it offers no other customers."""

    title = _lazy("customer")
    parameter_name = TERMS_FILTER

    def _chosen(self) -> QuerySet[CustomerTerms]:
        number = str(self.value() or "")
        return CustomerTerms.objects.filter(pk=int(number) if re.fullmatch("[0-9]{1,18}", number) else 0)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        email = self._chosen().values_list("customer__email", flat=True).first()
        return [(str(self.value()), email or _("unknown"))] if self.value() is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(terms__in=self._chosen())


@admin.register(CustomerRate)
class CustomerRateAdmin(TermsRecordAdmin):
    """Rates that replace the discount, shown beside the shop's rates."""

    form = CustomerRateForm
    list_display = ("service", "customer", "rate_shown", "is_fixed", "cost", "shop_rate", "charged", "margin")
    list_select_related = ("service", "terms__customer")
    list_filter = (
        OneCustomerFilter,
        ("service__category", admin.RelatedOnlyFieldListFilter),
        ("service__provider", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("=service__id", "service__name", "terms__customer__email")
    search_help_text = _lazy("Search by service ID, service name or customer email")
    ordering = ("-pk",)
    fields = ("terms", "service", "rate", "is_fixed")
    autocomplete_fields = ("terms", "service")
    actions = ("remove",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("terms", "service", "cost", "shop_rate", "charged", "margin") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, "cost", "shop_rate", "charged", "margin") if obj else self.fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preselect the customer whose list the form was opened from."""
        given = super().get_changeform_initial_data(request)
        listed = parse_qs(request.GET.get("_changelist_filters", "")).get(TERMS_FILTER, [""])[0]
        return {"terms": listed, **given} if re.fullmatch("[0-9]{1,18}", listed) else given

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("catalog.delete_customerrate"))

    def lock_row(self, pk: Any) -> None:
        """Lock the customer's terms, like every change of them."""
        terms = CustomerTerms.objects.filter(rates=pk)
        list(CustomerTerms.objects.select_for_update(no_key=True).filter(pk__in=terms.values("pk")))

    def audit_target(self, obj: CustomerRate) -> str:
        return f"customerterms:{obj.terms_id}"

    @admin.display(description=_lazy("customer"), ordering="terms__customer__email")
    def customer(self, own: CustomerRate) -> str:
        return own.terms.customer.email

    @admin.display(description=_lazy("custom rate"), ordering="rate")
    def rate_shown(self, own: CustomerRate) -> str:
        return money(own.rate)

    @admin.display(description=_lazy("cost"))
    def cost(self, own: CustomerRate) -> str:
        return money(own.service.cost)

    @admin.display(description=_lazy("shop rate"))
    def shop_rate(self, own: CustomerRate) -> str:
        return money(own.service.rate)

    @admin.display(description=_lazy("customer pays"))
    def charged(self, own: CustomerRate) -> str:
        return money(_charged(own))

    @admin.display(description=_lazy("margin"))
    def margin(self, own: CustomerRate) -> str:
        margin = margin_percent(cost=own.service.cost, rate=_charged(own))
        return "" if margin is None else f"{margin:.1f}%"

    def save_model(self, request: HttpRequest, obj: CustomerRate, form: Any, change: bool) -> None:
        self.refuse_own(request, obj.terms)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        change_terms_version(terms=form.instance.terms)

    def delete_model(self, request: HttpRequest, obj: CustomerRate) -> None:
        self.refuse_own(request, obj.terms)
        self.record_deletion(request, obj)
        super().delete_model(request, obj)
        change_terms_version(terms=obj.terms)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.remove_chosen))
        return [path("remove/", view, name="catalog_customerrate_remove"), *super().get_urls()]

    @admin.action(description=_lazy("Remove custom rates…"), permissions=["delete"])
    def remove(self, request: HttpRequest, rates: QuerySet[CustomerRate]) -> HttpResponse:
        """Ask for confirmation."""
        chosen = list(rates.order_by("pk").values_list("pk", flat=True))
        context = {**self.admin_site.each_context(request), "title": _("Remove custom rates"), "opts": self.opts}
        context |= {"chosen": ",".join(map(str, chosen)), "count": len(chosen), "rates": rates[:MAX_ROWS_SHOWN]}
        return render(request, "admin/catalog/remove_rates.html", context)

    def remove_chosen(self, request: HttpRequest) -> HttpResponse:
        """Remove the confirmed custom rates; the customers' discounts apply again."""
        need(request, "catalog.delete_customerrate")
        form = ChosenForm(request.POST)
        try:
            count = self._remove(request, form.cleaned_data["chosen"]) if form.is_valid() else 0
        except OwnMoneyError as problem:
            messages.error(request, str(problem))
            return redirect("admin:catalog_customerrate_changelist")
        text = ngettext("%(count)d custom rate was removed.", "%(count)d custom rates were removed.", count)
        messages.success(request, text % {"count": count})
        return redirect("admin:catalog_customerrate_changelist")

    def _remove(self, request: HttpRequest, pks: list[int]) -> int:
        with transaction.atomic():
            terms = CustomerTerms.objects.filter(rates__in=pks).values("pk")
            locked = list(CustomerTerms.objects.select_for_update(no_key=True).filter(pk__in=terms).order_by("pk"))
            for one in locked:
                self.refuse_own(request, one)
            rates = list(CustomerRate.objects.filter(pk__in=pks).select_related("service").order_by("pk"))
            for own in rates:
                self.record_deletion(request, own)
            CustomerRate.objects.filter(pk__in=[own.pk for own in rates]).delete()
            for one in locked:
                change_terms_version(terms=one)
        return len(rates)


def _charged(own: CustomerRate) -> Decimal:
    """What the customer pays: the cost if the rate is below it, or a lower shop rate if it is not fixed."""
    service = own.service
    return Terms(own_rates={service.pk: OwnRate(own.rate, own.is_fixed)}).rate_of(
        service_id=service.pk, rate=service.rate, cost=service.cost, allow_below_cost=service.allow_below_cost
    )
