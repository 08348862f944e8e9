"""The ledger in the admin, read-only. Balances change only through "Adjust balance".

Payment methods and deposits are in panel/wallet/deposits/deposit_admin.py.
"""

from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.customers.models import User
from panel.ops.admin_forms.base import ReadOnlyAdmin, actor_of
from panel.wallet import ledger
from panel.wallet.adjust import adjust_wallet
from panel.wallet.approvals.booking_page import Booking, BookingError, booking_page
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.deposits import deposit_admin
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Account, Transfer
from panel.wallet.statement import statement_page
from panel.web.access import confirm_it_is_you, need
from panel.web.templatetags.panel import money

__all__ = ["AccountAdmin", "TransferAdmin", "deposit_admin"]


class KindFilter(admin.SimpleListFilter):
    """Filters customers' wallets or house accounts."""

    title = _lazy("type")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("wallet", _("Customer wallets")), ("house", _("House accounts"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        if self.value() in {"wallet", "house"}:
            return queryset.filter(customer__isnull=self.value() == "house")
        return queryset


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "customer", "kept_balance", "currency", "created_at")
    list_select_related = ("customer",)
    list_filter = (KindFilter,)
    search_fields = ("customer__email", "house")
    ordering = ("-pk",)
    fields = ("customer", "house", "currency", "counted_balance", "created_at")

    @admin.display(description=_lazy("balance"), ordering="balance")
    def kept_balance(self, account: Account) -> str:
        return money(account.balance, account.currency)

    @admin.display(description=_lazy("balance"))
    def counted_balance(self, account: Account) -> str:
        """The sum of its transfers. For one account at a time, since house accounts store no balance."""
        return money(ledger.balance(account=account), account.currency)

    def get_urls(self) -> list[URLPattern]:
        adjust = path("adjust/<int:user_id>/", self.admin_site.admin_view(self.adjust), name="wallet_account_adjust")
        view = self.admin_site.admin_view(self.statement)
        statement = path("statement/<int:user_id>/", view, name="wallet_account_statement")
        return [adjust, statement, *super().get_urls()]

    def statement(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """A customer's statement, as the customer sees it."""
        need(request, "wallet.view_transfer")
        customer = get_object_or_404(User, pk=user_id)
        page = statement_page(user=customer, number=request.GET.get("page"))
        title = _("Statement of %(customer)s") % {"customer": customer.email}
        context = {**self.admin_site.each_context(request), "title": title, "customer": customer, "page": page}
        return render(request, "admin/statement.html", context)

    def adjust(self, request: HttpRequest, user_id: int) -> HttpResponse:
        need(request, "wallet.add_transfer")
        confirm_it_is_you(request, keeps_form=False)
        customer = get_object_or_404(User, pk=user_id)
        wallet = ledger.wallet_of(user=customer)
        back = reverse("admin:customers_user_change", args=[customer.pk])
        booking = Booking(
            title=_("Adjust balance of %(customer)s") % {"customer": customer.email},
            currency=wallet.currency,
            balance=wallet.balance or Decimal(0),
            may_fall_below_zero=False,
            amount_help=_("Enter a negative amount, such as -5, to reduce the balance."),
            credit_text=_("Add %(amount)s to the balance of %(account)s: from %(before)s to %(after)s."),
            debit_text=_("Deduct %(amount)s from the balance of %(account)s: from %(before)s to %(after)s."),
            account=customer.email,
            book=partial(_book, customer, actor_of(request)),
            back=back,
            trail={_("Customers"): reverse("admin:customers_user_changelist"), customer.email: back},
        )
        return booking_page(request, booking)


def _book(customer: User, actor: str, amount: Decimal, reason: str, token: str) -> bool:
    try:
        return adjust_wallet(user=customer, amount=amount, reason=reason, token=token, actor=actor)
    except NotEnoughFundsError:
        raise BookingError(_("The balance is too low. Nothing was changed.")) from None
    except OwnMoneyError as problem:
        raise BookingError(str(problem)) from None


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("key", "source", "target", "amount_shown", "cause", "note", "created_at")
    list_select_related = ("source", "target")
    search_fields = ("key__startswith", "=cause")
    search_help_text = _lazy("Beginning of the key, such as refund:17, or the cause, such as order:17")
    ordering = ("-pk",)
    fields = ("key", "source", "target", "amount_shown", "cause", "note", "created_at")

    @admin.display(description=_lazy("amount"))
    def amount_shown(self, transfer: Transfer) -> str:
        return money(transfer.amount, transfer.source.currency)
