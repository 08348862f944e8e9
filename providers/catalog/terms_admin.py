"""Customers' own rates and discounts in the admin. Loaded by admin.py."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from panel.lib.money import plain
from panel.ops.back_office import RecordAdmin, TabularInline, trim_amounts
from panel.web.templatetags.panel import money
from providers.catalog.customer_terms import renew_terms
from providers.catalog.models import CustomerRate, CustomerTerms
from providers.catalog.pricing import Terms, margin_percent

if TYPE_CHECKING:  # generic to the type checker alone
    CustomerRateModelForm = forms.ModelForm[CustomerRate]
    CustomerTermsModelForm = forms.ModelForm[CustomerTerms]
else:
    CustomerRateModelForm = CustomerTermsModelForm = forms.ModelForm


class CustomerRateForm(CustomerRateModelForm):
    """One own rate."""

    class Meta:
        model = CustomerRate
        fields = ("service", "rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trim_amounts(self.initial)


class CustomerTermsForm(CustomerTermsModelForm):
    """The discount of a customer."""

    class Meta:
        model = CustomerTerms
        fields = ("customer", "discount_percent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trim_amounts(self.initial)


class RateInline(TabularInline):
    """Rates that stand in the place of the discount, beside what the shop asks of everybody."""

    model = CustomerRate
    form = CustomerRateForm
    extra = 1
    autocomplete_fields = ("service",)
    readonly_fields = ("cost", "shop_rate", "charged", "margin")
    verbose_name_plural = "own rates, in the place of the discount"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("service", "service__category", "terms")

    @admin.display(description="cost")
    def cost(self, own: CustomerRate) -> str:
        return money(own.service.cost) if own.pk else ""

    @admin.display(description="shop's rate")
    def shop_rate(self, own: CustomerRate) -> str:
        return money(own.service.rate) if own.pk else ""

    @admin.display(description="they pay")
    def charged(self, own: CustomerRate) -> str:
        return money(_charged(own)) if own.pk else ""

    @admin.display(description="margin")
    def margin(self, own: CustomerRate) -> str:
        margin = margin_percent(cost=own.service.cost, rate=_charged(own)) if own.pk else None
        return "" if margin is None else f"{margin:.1f} %"


def _charged(own: CustomerRate) -> Decimal:
    """Not the rate itself where that is under the cost."""
    service = own.service
    return Terms(own_rates={service.pk: own.rate}).rate_of(
        service_id=service.pk, rate=service.rate, cost=service.cost, allow_below_cost=service.allow_below_cost
    )


@admin.register(CustomerTerms)
class CustomerTermsAdmin(RecordAdmin):
    """One record a customer: the discount, and the rates of their own."""

    form = CustomerTermsForm
    list_display = ("customer", "discount_shown", "rates_shown")
    list_select_related = ("customer",)
    search_fields = ("customer__email", "customer__name")
    autocomplete_fields = ("customer",)
    inlines = (RateInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerTerms]:
        found: QuerySet[CustomerTerms] = super().get_queryset(request).annotate(rates_count=Count("rates"))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("customer",) if obj else ()

    @admin.display(description="discount", ordering="discount_percent")
    def discount_shown(self, terms: CustomerTerms) -> str:
        return f"{plain(terms.discount_percent)} %"

    @admin.display(description="own rates", ordering="rates_count")
    def rates_shown(self, terms: Any) -> int:
        count: int = terms.rates_count
        return count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        renew_terms(terms=form.instance)
