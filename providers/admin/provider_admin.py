"""Providers, their services, changes and balance readings in the admin. Deposits have a page of their own."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from panel.lib.secret import Secret
from panel.ops import audit
from panel.ops.admin_forms.base import ReadOnlyAdmin, RecordAdmin, actor_of, is_superuser
from panel.wallet.approvals.booking_page import Booking, booking_page
from panel.web.access import confirm_it_is_you, need
from panel.web.templatetags.panel import money
from panel.web.text_input import read_seen_at
from providers.admin.edit import save_provider
from providers.admin.forms import ProviderForm
from providers.availability.status import status_of
from providers.balances import readings
from providers.balances.deposits import book_deposit
from providers.catalog.publishing.refresh import refresh_providers
from providers.catalog.review.pending_review import lost_as_seen
from providers.connection.check import check_and_resume
from providers.connection.connect import ConnectionFailedError
from providers.connection.register import register_provider
from providers.models import BalanceReading, Provider, ServiceChange, UpstreamService
from providers.sync.service_sync import SyncReport

SUPERUSER_FIELDS = ("url", "key")
"""Fields for superusers only: whoever can change the URL can have the API key sent to another host."""


@admin.register(Provider)
class ProviderAdmin(RecordAdmin):
    form = ProviderForm
    list_display = ("name", "state", "currency", "exchange_rate", "new_services", "synced_at")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("state", "probes", "synced_at", "sync_error", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "url", "key", "is_active", "new_services", "low_margin")}),
        (_lazy("Money"), {"fields": ("currency", "exchange_rate", "low_balance", "runway_hours", "drift_threshold")}),
        (_lazy("Price protection"), {"fields": ("hold_rise_percent", "hold_fall_percent", "hold_alike_percent")}),
        (_lazy("Unconfirmed orders"), {"fields": ("probing", "probes")}),
        (_lazy("Status"), {"fields": ("state", "synced_at", "sync_error", "created_at")}),
    )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Show URLs to superusers only."""
        return (*self.list_display, "url") if is_superuser(request) else self.list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        """Prefetch the pauses, which the status is computed from."""
        return super().get_queryset(request).prefetch_related("pauses")

    @admin.display(description=_lazy("status"))
    def state(self, provider: Provider) -> str:
        status = status_of(provider, pauses=provider.pauses.all(), now=timezone.now())
        return format_html('<span class="state tone-{}">{}</span> {}', status.tone, status.label, status.text)

    @admin.display(description=_lazy("suggestions"))
    def probes(self, provider: Provider) -> str:
        counts = {"right": f"{provider.probes_right:,}", "wrong": f"{provider.probes_wrong:,}"}
        return _("%(right)s confirmed by staff, %(wrong)s overruled") % counts

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The currency cannot be changed, since the ledger is kept in it."""
        if obj is None:
            return self.readonly_fields
        return (*self.readonly_fields, "currency", *(() if is_superuser(request) else SUPERUSER_FIELDS))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets[:2]
        if is_superuser(request):
            return self.fieldsets
        return ((None, {"fields": ("name", "is_active", "new_services", "low_margin")}), *self.fieldsets[1:])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask superusers to confirm their identity, since they can change the URL and the API key."""
        if is_superuser(request):
            confirm_it_is_you(request, keeps_form=False)
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        key = form.new_key() if "key" in form.fields else None
        if not change:
            self._add(obj, form, key or Secret(""))
            return
        fields = [name for name in form.changed_data if name != "key"]
        repriced = save_provider(provider=obj, changed=fields, key=key)
        if repriced:
            text = ngettext("%(count)s service was updated.", "%(count)s services were updated.", repriced)
            messages.info(request, text % {"count": f"{repriced:,}"})
        if obj.prices_held_at and "exchange_rate" in fields:
            messages.warning(request, _prices_still_held(obj))

    def _add(self, obj: Provider, form: Any, key: Secret) -> None:
        names = ("name", "url", "currency", "exchange_rate", "new_services")
        provider = register_provider(key=key, **{name: form.cleaned_data[name] for name in names})
        obj.pk, obj.sealed_key, obj.key_hint = provider.pk, provider.sealed_key, provider.key_hint
        obj._state.adding = False
        obj.save(update_fields=["is_active", "low_margin", "low_balance", "runway_hours", "drift_threshold"])

    def get_urls(self) -> list[URLPattern]:
        def action_url(action: str, view: Any) -> Any:
            name = f"providers_provider_{action}"
            return path(f"<int:provider_id>/{action}/", self.admin_site.admin_view(view), name=name)

        return [
            action_url("test", require_POST(self.test)),
            action_url("sync", require_POST(self.sync)),
            action_url("deposit", self.deposit),
            *super().get_urls(),
        ]

    def test(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        need(request, "providers.change_provider")
        provider = get_object_or_404(Provider, pk=provider_id)
        try:
            messages.success(request, check_and_resume(provider=provider))
        except ConnectionFailedError as error:
            messages.error(request, str(error))
        return _back(provider)

    def sync(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        need(request, "providers.change_provider")
        provider = get_object_or_404(Provider, pk=provider_id)
        is_accepted = "accept_shrunk" in request.POST
        lost = lost_as_seen(provider=provider, seen_at=read_seen_at(request)) if is_accepted else ""
        done = refresh_providers(providers=[provider], now=timezone.now(), accept_shrunk=is_accepted, seen_lost=lost)
        detail: dict[str, Any] = {"accept_shrunk": True} if is_accepted else {}
        if problem := "".join([*done.failures.values(), *done.problems().values()]):
            detail["problem"] = problem
        audit.record(actor=actor_of(request), action="provider.sync", target=f"provider:{provider.pk}", detail=detail)
        for failure in done.failures.values():
            messages.error(request, _("Sync failed. %(problem)s") % {"problem": failure})
        for report in done.reports.values():
            if report.problem:
                messages.warning(
                    request, _("Sync on hold. %(problem)s Your catalog is unchanged.") % {"problem": report.problem}
                )
            else:
                messages.success(request, _synced(report))
        return _back(provider)

    def deposit(self, request: HttpRequest, provider_id: int) -> HttpResponse:
        need(request, "wallet.add_transfer")
        confirm_it_is_you(request, keeps_form=False)
        provider = get_object_or_404(Provider, pk=provider_id)
        back = reverse("admin:providers_provider_change", args=[provider.pk])
        booking = Booking(
            title=_("Record a deposit"),
            currency=provider.currency,
            balance=readings.expected_balance(provider=provider),
            may_fall_below_zero=True,
            amount_help=_(
                "Amount paid to the provider, in its currency. Enter a negative amount for a refund, for example -5."
            ),
            credit_text=_(
                "Record a deposit of %(amount)s at %(account)s. The ledger balance goes from %(before)s to %(after)s."
            ),
            debit_text=_(
                "Record %(amount)s returned by %(account)s. The ledger balance goes from %(before)s to %(after)s."
            ),
            account=provider.name,
            book=partial(_deposit, provider, actor_of(request)),
            back=back,
            trail={_("Providers"): reverse("admin:providers_provider_changelist"), provider.name: back},
        )
        return booking_page(request, booking)


def _synced(report: SyncReport) -> str:
    text = _("Synced: %(added)s new, %(changed)s changed, %(removed)s removed, %(unchanged)s unchanged.")
    names = ("added", "changed", "removed", "unchanged")
    return text % {name: f"{getattr(report, name):,}" for name in names}


def _deposit(provider: Provider, actor: str, amount: Any, reason: str, token: str) -> bool:
    return book_deposit(provider=provider, amount=amount, reason=reason, token=token, actor=actor)


def _prices_still_held(provider: Provider) -> SafeString:
    text = _('The prices still need review. <a href="{}">Accept them</a> to sell at the new exchange rate.')
    return format_html(text, f"{reverse('staff_changes')}#prices-{provider.pk}")


def _back(provider: Provider) -> HttpResponse:
    return redirect("admin:providers_provider_change", provider.pk)


@admin.register(UpstreamService)
class UpstreamServiceAdmin(ReadOnlyAdmin):
    """A provider's services as it lists them. The services of the shop are in ServiceAdmin."""

    list_display = ("external_id", "name", "provider", "type", "rate_shown", "is_listed", "review_reason", "changed_at")
    list_display_links = ("external_id", "name")
    list_select_related = ("provider",)
    list_filter = (("provider", admin.RelatedOnlyFieldListFilter), "review_reason", "missing", "type")
    search_fields = ("=external_id", "name")
    ordering = ("provider", "position", "pk")

    @admin.display(description=_lazy("rate"), ordering="rate")
    def rate_shown(self, service: UpstreamService) -> str:
        return money(service.rate, service.provider.currency)

    @admin.display(boolean=True, description=_lazy("listed"))
    def is_listed(self, service: UpstreamService) -> bool:
        return service.is_listed


@admin.register(ServiceChange)
class ServiceChangeAdmin(ReadOnlyAdmin):
    """The changes that syncs found."""

    list_display = ("at", "provider", "kind", "external_id", "name", "changes")
    list_select_related = ("provider",)
    list_filter = ("kind", ("provider", admin.RelatedOnlyFieldListFilter))
    search_fields = ("=external_id", "name")
    ordering = ("-pk",)

    @admin.display(description=_lazy("changes"))
    def changes(self, change: ServiceChange) -> str:
        """Plain text, since the values come from the provider."""
        pairs = (f"{name}: {pair[0]} → {pair[1]}" for name, pair in change.fields.items() if _is_pair(pair))
        return "; ".join(pairs)[:300]


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


@admin.register(BalanceReading)
class BalanceReadingAdmin(ReadOnlyAdmin):
    list_display = ("at", "provider", "balance_shown", "expected_shown", "at_risk_shown", "drift_shown")
    list_select_related = ("provider",)
    list_filter = (("provider", admin.RelatedOnlyFieldListFilter),)
    ordering = ("-pk",)

    @admin.display(description=_lazy("balance"), ordering="balance")
    def balance_shown(self, reading: BalanceReading) -> str:
        return money(reading.balance, reading.currency)

    @admin.display(description=_lazy("expected balance"))
    def expected_shown(self, reading: BalanceReading) -> str:
        return money(reading.expected, reading.currency)

    @admin.display(description=_lazy("at risk"))
    def at_risk_shown(self, reading: BalanceReading) -> str:
        return money(reading.at_risk, reading.currency)

    @admin.display(description=_lazy("drift"), ordering="drift")
    def drift_shown(self, reading: BalanceReading) -> str:
        return money(reading.drift, reading.currency)
